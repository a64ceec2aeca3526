"""Pictures by OpenAI's clients: links and bytes, several at once, what the model takes and what is refused."""

from __future__ import annotations

import base64
import json
from collections.abc import Generator
from contextlib import closing
from typing import Any, cast

import httpx
import openai
import pytest
from openai.types import ImagesResponse

from tests.compat.openai_scene import Scene
from tests.support.publishing import Client as Owner
from tests.support.server import running

PNG = b"\x89PNG\r\n\x1a\n"
ONE = """
from augury import File, scratch


def predict(prompt: str, seed: int = 0) -> File:
    path = scratch() / "picture.png"
    path.write_bytes(b"\\x89PNG\\r\\n\\x1a\\n" + f"{prompt} {seed}".encode())
    if prompt == "fail":
        raise ValueError("no such picture")
    return File(path)
"""
SIZED = """
from typing import Annotated
from augury import File, Input, scratch


def predict(
    prompt: str,
    n: int = 3,
    width: Annotated[int, Input(le=2048)] = 64,
    height: Annotated[int, Input(le=2048)] = 64,
    quality: str = "plain",
    background: str = "none",
    output_format: str = "png",
) -> list[File]:
    made = []
    for number in range(n):
        path = scratch() / f"{number}.{output_format}"
        path.write_text(f"{number} {width}x{height} {quality} {background}")
        made.append(File(path))
    return made
"""
NAMED = """
from augury import File, scratch


def predict(prompt: str, size: str = "small") -> File:
    path = scratch() / "picture.webp"
    path.write_text(size)
    return File(path)
"""
NOTE = """
from augury import File, scratch


def predict(prompt: str) -> File:
    path = scratch() / "note.txt"
    path.write_text(prompt)
    return File(path)
"""
BIG = """
from augury import File, scratch


def predict(prompt: str) -> File:
    path = scratch() / "picture.png"
    path.write_bytes(bytes(range(256)) * int(prompt) + b"!")
    return File(path)
"""
NATIVE = """
def predict(prompt: str, n: int = 1, size: str = "auto") -> dict:
    return {"created": 7, "data": [{"url": f"https://example.com/{size}/{number}"} for number in range(n)]}
"""
NOTHING = """
from augury import File


def predict(prompt: str) -> list[File]:
    return []
"""
MODELS = {"one": ONE, "sized": SIZED, "named": NAMED, "note": NOTE, "big": BIG, "native": NATIVE, "nothing": NOTHING}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Generator[Scene]:
    folder = tmp_path_factory.mktemp("images")
    with running(folder, max_workers="8", cancel_grace="1") as server, closing(Owner(server, folder)) as owner:
        there = Scene(server, owner)
        for name, source in MODELS.items():
            options = "compatibilities = { openai_images_generations = true }" if name == "native" else ""
            there.names[name] = owner.publish(name, source, options)
        yield there


@pytest.fixture
def client(scene: Scene) -> Generator[openai.OpenAI]:
    with scene.client() as client:
        yield client


def raw(scene: Scene, **body: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {scene.server.token}"}
    return httpx.post(f"{scene.server.api}/images/generations", json=body, headers=headers, timeout=25)


def content(made: ImagesResponse) -> list[bytes]:
    """The bytes of each picture, however they came."""
    found: list[bytes] = []
    for one in made.data or []:
        assert (one.b64_json is None) != (one.url is None)
        found.append(base64.b64decode(one.b64_json) if one.b64_json else httpx.get(one.url or "").content)
    return found


def runs(scene: Scene, name: str) -> int:
    return scene.owner.http.get(f"/models/owner/{name}").json()["predictions_count"]


@pytest.mark.parametrize("form", ["url", "b64_json", None])
def test_a_picture_comes_as_a_link_or_as_bytes(scene: Scene, client: openai.OpenAI, form: Any) -> None:
    beside: dict[str, Any] = {} if form is None else {"response_format": form}
    made = cast("ImagesResponse", client.images.generate(model="owner/one", prompt="a cat", **beside))
    assert content(made) == [PNG + b"a cat 0"]
    assert made.output_format == "png"
    answer = raw(scene, model="owner/one", prompt="a cat", **beside)
    ImagesResponse.model_validate(answer.json(), strict=True)
    assert (answer.json()["data"][0].keys() == {"b64_json"}) is (form == "b64_json")
    prediction = scene.owner.get(answer.headers["augury-prediction"])
    assert prediction["status"] == "succeeded"
    assert abs(answer.json()["created"] - made.created) < 20


@pytest.mark.anyio
async def test_the_async_client_is_answered_alike(scene: Scene) -> None:
    async with scene.async_client() as client:
        made = await client.images.generate(model="owner/one", prompt="a dog", response_format="b64_json")
    assert content(made) == [PNG + b"a dog 0"]


def test_several_pictures_of_a_model_of_one_are_predictions_of_their_own(scene: Scene, client: openai.OpenAI) -> None:
    before = runs(scene, "one")
    made = client.images.generate(model="owner/one", prompt="cats", n=3, response_format="b64_json")
    assert content(made) == [PNG + b"cats 0"] * 3
    assert runs(scene, "one") == before + 3


def test_a_model_that_takes_a_number_and_a_size_is_told_them(scene: Scene, client: openai.OpenAI) -> None:
    before = runs(scene, "sized")
    made = client.images.generate(
        model="owner/sized", prompt="x", n=2, size="1536x1024", quality="hd", background="transparent"
    )
    assert content(made) == [b"0 1536x1024 hd transparent", b"1 1536x1024 hd transparent"]
    assert runs(scene, "sized") == before + 1
    assert content(client.images.generate(model="owner/sized", prompt="x", size="auto")) == [b"0 64x64 plain none"]
    made = client.images.generate(model="owner/sized", prompt="x", output_format="jpeg")
    assert made.output_format == "jpeg"
    assert scene.newest()["input"] == {"prompt": "x", "n": 1, "output_format": "jpeg"}


def test_a_model_that_takes_a_size_by_name_gets_it_as_it_is(client: openai.OpenAI) -> None:
    made = client.images.generate(model="owner/named", prompt="x", size="1024x1024", output_format="webp")
    assert (content(made), made.output_format) == ([b"1024x1024"], "webp")


def test_other_fields_go_to_a_model_that_takes_them_and_are_named_where_it_does_not(scene: Scene) -> None:
    answer = raw(scene, model="owner/one", prompt="x", seed=7, style="vivid", quality="hd", response_format="b64_json")
    assert base64.b64decode(answer.json()["data"][0]["b64_json"]) == PNG + b"x 7"
    assert answer.headers["augury-ignored"] == "quality, style"


@pytest.mark.parametrize("blocks", [0, 1, 2, 40_000])
def test_bytes_of_any_length_arrive_whole(client: openai.OpenAI, blocks: int) -> None:
    made = client.images.generate(model="owner/big", prompt=str(blocks), response_format="b64_json", n=2)
    assert content(made) == [bytes(range(256)) * blocks + b"!"] * 2


def test_a_native_model_is_given_the_body_and_its_answer_is_passed_on(scene: Scene, client: openai.OpenAI) -> None:
    made = client.images.generate(model="owner/native", prompt="x", n=2, size="1024x1024")
    assert (made.created, [one.url for one in made.data or []]) == (
        7,
        ["https://example.com/1024x1024/0", "https://example.com/1024x1024/1"],
    )
    assert raw(scene, model="owner/native", prompt="x", stream=True).status_code == 400


@pytest.mark.parametrize(
    ("beside", "param"),
    [
        ({"n": 0}, "n"),
        ({"n": 11}, "n"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": None}, "prompt"),
        ({"size": "1024x1024"}, "size"),
        ({"size": "huge"}, "size"),
        ({"background": "transparent"}, "background"),
        ({"response_format": "hex"}, "response_format"),
        ({"output_format": "gif"}, "output_format"),
        ({"output_format": "webp"}, "output_format"),
        ({"stream": True}, "stream"),
        ({"partial_images": 2}, "partial_images"),
        ({"seed": "x"}, "seed"),
    ],
    ids=str,
)
def test_what_cannot_be_honoured_is_refused_by_name(scene: Scene, beside: dict[str, Any], param: str) -> None:
    answer = raw(scene, **{"model": "owner/one", "prompt": "x", **beside})
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["param"] == param
    assert answer.headers["x-should-retry"] == "false"


def test_a_size_that_the_model_refuses_is_called_what_the_caller_calls_it(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.images.generate(model="owner/sized", prompt="x", size=json.loads('"4096x64"'))
    assert refused.value.param == "size"


@pytest.mark.parametrize(("name", "code"), [("note", "not_an_image"), ("nothing", "not_an_answer")])
def test_what_is_no_picture_is_no_answer(client: openai.OpenAI, name: str, code: str) -> None:
    with pytest.raises(openai.UnprocessableEntityError) as failed:
        client.images.generate(model=f"owner/{name}", prompt="x")
    assert failed.value.code == code


def test_a_model_that_fails_is_no_reason_to_call_it_again(scene: Scene) -> None:
    before = runs(scene, "one")
    with scene.client(max_retries=3) as client, pytest.raises(openai.UnprocessableEntityError) as failed:
        client.images.generate(model="owner/one", prompt="fail")
    assert "no such picture" in failed.value.message
    assert runs(scene, "one") == before + 1


def test_a_stranger_cannot_have_it_done(scene: Scene) -> None:
    with scene.client(scene.stranger()) as client, pytest.raises(openai.NotFoundError):
        client.images.generate(model="owner/one", prompt="x")
