"""The clients of npm, OpenAI's and Replicate's, against a server: every way in which they are used."""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.compat import npm, openai_scene, replicate_scene
from tests.compat.openai_scene import Scene, steps

# The first test of a machine installs the clients.
pytestmark = pytest.mark.timeout(150)

VECTORS = """
def predict(texts: list[str]) -> list[list[float]]:
    return [[float(len(text)), 0.25] for text in texts]
"""
PICTURE = """
from augury import File, scratch


def predict(prompt: str) -> File:
    path = scratch() / "picture.png"
    path.write_text("picture of " + prompt)
    return File(path)
"""
PUBLIC = "https://augury.test"
"""What links begin with: Replicate's client makes files of no others than https ones."""
OF_REPLICATE = ("shout", "tell", "draw", "weigh", "latch", "fail")


@pytest.fixture(scope="session")
def node() -> npm.Npm:
    return npm.Npm(npm.installed())


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Generator[Scene]:
    with openai_scene.scene(tmp_path_factory.mktemp("npm"), "script", "whole", public_url=PUBLIC) as there:
        for name, source in {"vectors": VECTORS, "picture": PICTURE}.items():
            there.owner.publish(name, source)
        for name in OF_REPLICATE:
            there.owner.publish(name, replicate_scene.MODELS[name])
        yield there


class Provider:
    """Calls of one client against the server."""

    def __init__(self, node: npm.Npm, name: str, base: str, token: str) -> None:
        self._node = node
        self._name = name
        self._server = {"base": base, "token": token}

    def __call__(self, call: str, **given: Any) -> Any:
        return self._node(self._name, call, {**self._server, **given})


@pytest.fixture
def openai(node: npm.Npm, scene: Scene) -> Provider:
    return Provider(node, "openai", scene.base(), scene.server.token)


@pytest.fixture
def replicate(node: npm.Npm, scene: Scene) -> Provider:
    return Provider(node, "replicate", f"{scene.server.url}/replicate/v1", scene.server.token)


def test_openai_chats(openai: Provider) -> None:
    made = openai("chat", model="owner/whole", prompt="hello")
    assert made["choices"][0]["message"] == {"role": "assistant", "content": "hello", "refusal": None}
    assert made["usage"]["completion_tokens"] == 2


def test_openai_streams_a_chat(openai: Provider) -> None:
    chunks = openai("streamed", model="owner/script", prompt=steps("one ", "two"))
    assert [one["choices"][0]["delta"].get("content") for one in chunks[:-1]] == ["", "one ", "two", None]
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["total_tokens"] > 0
    helped = openai("helped", model="owner/script", prompt=steps("one ", "two"))
    assert helped["pieces"] == ["one ", "two"]
    assert helped["message"]["content"] == "one two"


def test_openai_leaves_a_stream_and_the_worker_is_free(openai: Provider, scene: Scene, tmp_path: Path) -> None:
    prompt = steps("first", {"wait": str(tmp_path / "never")})
    assert openai("left", model="owner/script", prompt=prompt) == "first"
    scene.ends("cancelled")


@pytest.mark.parametrize("encoding", ["float", "base64", None])
def test_openai_embeds(openai: Provider, encoding: str | None) -> None:
    given = {} if encoding is None else {"encoding_format": encoding}
    made = openai("embeddings", model="owner/vectors", input=["a", "bcd"], **given)
    found = [one["embedding"] for one in made["data"]]
    if encoding == "base64":
        assert found == ["AACAPwAAgD4=", "AABAQAAAgD4="]
    else:
        assert found == [[1, 0.25], [3, 0.25]]


@pytest.mark.parametrize("form", ["url", "b64_json"])
def test_openai_draws(openai: Provider, form: str) -> None:
    assert openai("images", model="owner/picture", prompt="a cat", response_format=form) == "picture of a cat"


def test_openai_has_responses_whole_and_streamed(openai: Provider) -> None:
    made = openai("responses", model="owner/whole", prompt="hello")
    assert made == {"output_text": "hello", "status": "completed"}
    events = openai("responded", model="owner/script", prompt=steps("one ", "two"))
    assert [one["delta"] for one in events if one["type"] == "response.output_text.delta"] == ["one ", "two"]
    assert (events[0]["type"], events[-1]["type"]) == ("response.created", "response.completed")


def test_openai_lists_models_and_looks_at_one(openai: Provider) -> None:
    assert {"owner/whole", "owner/vectors", "owner/picture"} <= set(openai("models"))
    assert openai("model", model="owner/whole")["owned_by"] == "owner"


@pytest.mark.parametrize(
    ("given", "kind", "status", "param"),
    [
        ({"model": "owner/nothing"}, "NotFoundError", 404, "model"),
        ({"model": "owner/vectors"}, "BadRequestError", 400, "model"),
        ({"model": "owner/whole", "prompt": 7}, "BadRequestError", 400, "messages[0].content"),
        ({"model": "owner/whole", "token": "aug_wrong"}, "AuthenticationError", 401, None),
        ({"model": "owner/script", "prompt": '[{"fail": "by intent"}]'}, "UnprocessableEntityError", 422, None),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else str(value),
)
def test_openai_throws_the_class_that_it_has_for_an_error(
    openai: Provider, given: dict[str, Any], kind: str, status: int, param: str | None
) -> None:
    with pytest.raises(npm.Thrown) as thrown:
        openai("chat", **{"prompt": "hello", "retries": 2, **given})
    assert (thrown.value.name, thrown.value.status, thrown.value.param) == (kind, status, param)


def test_replicate_runs_a_model_by_its_name_and_by_a_version(replicate: Provider) -> None:
    assert replicate("run", model="owner/shout", input={"text": "hi"}) == "HI"
    version = replicate("versions", owner="owner", name="shout")["latest"]
    assert replicate("run", model=f"owner/shout:{version}", input={"text": "hi", "mood": "wild"}) == "HI!"
    polled = replicate("polled", model="owner/shout", input={"text": "hi"})
    assert polled["output"] == "HI"
    assert polled["seen"][-1] == "succeeded"


def test_replicate_streams(replicate: Provider) -> None:
    events = replicate("stream", model="owner/tell", input={"prompt": "a b"})
    assert "".join(one["data"] for one in events if one["event"] == "output") == "a b "
    assert events[-1]["event"] == "done"


def test_replicate_gets_a_file_and_gives_one(replicate: Provider) -> None:
    made = replicate("file", model="owner/draw", input={"text": "a cat"})
    assert made["text"] == "drawn a cat"
    assert made["url"].startswith(f"{PUBLIC}/v1/files/")
    assert replicate("upload", model="owner/weigh", text="x" * 300) == [300]


def test_replicate_creates_waits_gets_and_lists(replicate: Provider) -> None:
    life = replicate("life", model="owner/shout", input={"text": "hi"})
    assert (life["ended"]["status"], life["ended"]["output"]) == ("succeeded", "HI")
    assert life["found"] == life["ended"]
    assert life["made"]["id"] == life["found"]["id"]
    assert life["found"]["id"] in life["listed"]


def test_replicate_cancels(replicate: Provider, tmp_path: Path) -> None:
    ended = replicate("cancelled", model="owner/latch", input={"path": str(tmp_path / "never")})
    assert ended["status"] == "canceled"


def test_replicate_looks_at_versions(replicate: Provider) -> None:
    found = replicate("versions", owner="owner", name="shout")
    assert found["ids"] == [found["latest"]]
    assert found["id"] == found["latest"]
    assert found["schema"]["components"]["schemas"]["Input"]["properties"]["text"]["type"] == "string"


def test_replicate_throws_what_went_wrong(replicate: Provider) -> None:
    with pytest.raises(npm.Thrown) as thrown:
        replicate("run", model="owner/fail", input={"why": "by intent"})
    assert "by intent" in thrown.value.message
    wrong: list[tuple[dict[str, Any], int]] = [
        ({"model": "owner/nothing"}, 404),
        ({"token": "aug_wrong"}, 401),
        ({"input": {}}, 422),
    ]
    for given, status in wrong:
        with pytest.raises(npm.Thrown) as thrown:
            replicate("run", **{"model": "owner/fail", "input": {"why": "x"}, **given})
        assert (thrown.value.name, thrown.value.status) == ("ApiError", status)


def test_the_lock_names_no_address_and_only_exact_versions() -> None:
    assert not re.findall(r"\w+://[^\"]*", (npm.FOLDER / "package-lock.json").read_text())
    wanted = json.loads((npm.FOLDER / "package.json").read_text())["dependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())
