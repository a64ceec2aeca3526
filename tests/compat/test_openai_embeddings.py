"""Embeddings by OpenAI's clients: of models of one text and of many, native ones, both encodings, what is refused."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from openai.types import CreateEmbeddingResponse

from tests.compat.openai_scene import Scene
from tests.support.publishing import Client as Owner
from tests.support.server import running
from tests.support.signals import until

MANY = """
from typing import Annotated
from augury import Input, metric


def predict(texts: Annotated[list[str], Input(max_length=300)], input_type: str = "any") -> list[list[float]]:
    metric("input_tokens", len(texts))
    if "fail" in texts:
        raise ValueError("no such words")
    return [[float(len(text)), float(len(texts)), 0.1 if input_type == "any" else -0.1] for text in texts]
"""
ONE = """
from typing import Annotated
from augury import Input


async def predict(text: Annotated[str, Input(max_length=50)], dimensions: int = 2) -> list[float]:
    return [float(len(text)) + place for place in range(dimensions)]
"""
SLOW = """
import os, threading


def predict(text: str) -> list[float]:
    while text.startswith("/") and not os.path.exists(text):
        threading.Event().wait(0.005)
    if text == "fail":
        raise ValueError("no such words")
    return [1.0]
"""
FEWER = """
def predict(texts: list[str]) -> list[list[float]]:
    return [[1.0]]
"""
NATIVE = """
from typing import Any


def predict(input: Any, dimensions: int = 2) -> dict:
    vector = [0.5] * dimensions
    data = [{"object": "embedding", "index": 0, "embedding": vector}]
    return {"object": "list", "data": data, "model": str(input), "usage": {"prompt_tokens": 1, "total_tokens": 1}}
"""
CHAT = """
def predict(prompt: str) -> str:
    return prompt
"""
NATIVELY = "compatibilities = { openai_embeddings = true }"


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Generator[Scene]:
    folder = tmp_path_factory.mktemp("embeddings")
    with running(folder, max_workers="8", cancel_grace="1") as server, closing(Owner(server, folder)) as owner:
        there = Scene(server, owner)
        there.names["many"] = owner.publish("many", MANY)
        there.names["one"] = owner.publish("one", ONE, "concurrency = 8")
        there.names["slow"] = owner.publish("slow", SLOW, "workers = { max = 2 }")
        there.names["fewer"] = owner.publish("fewer", FEWER)
        there.names["native"] = owner.publish("native", NATIVE, NATIVELY)
        there.names["chat"] = owner.publish("chat", CHAT)
        yield there


@pytest.fixture
def client(scene: Scene) -> Generator[openai.OpenAI]:
    with scene.client() as client:
        yield client


def raw(scene: Scene, **body: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {scene.server.token}"}
    return httpx.post(f"{scene.server.api}/embeddings", json=body, headers=headers, timeout=25)


def runs(scene: Scene, name: str) -> int:
    return scene.owner.http.get(f"/models/owner/{name}").json()["predictions_count"]


@pytest.mark.parametrize("encoding", ["float", "base64"])
def test_each_text_gets_its_vector_in_the_order_of_the_texts(
    scene: Scene, client: openai.OpenAI, encoding: Any
) -> None:
    made = client.embeddings.create(model="owner/many", input=["a", "bbb"], encoding_format=encoding)
    assert [one.index for one in made.data] == [0, 1]
    found: list[Any] = [one.embedding for one in made.data]
    vectors = found if encoding == "float" else [list(struct.unpack("<3f", base64.b64decode(one))) for one in found]
    assert vectors == [pytest.approx([1, 2, 0.1]), pytest.approx([3, 2, 0.1])]
    assert (made.model, made.object) == ("owner/many", "list")
    assert (made.usage.prompt_tokens, made.usage.total_tokens) == (2, 2)
    answer = raw(scene, model="owner/many", input=["a", "bbb"], encoding_format="float")
    CreateEmbeddingResponse.model_validate(answer.json(), strict=True)


def test_the_client_asks_for_base64_by_itself_and_gets_the_numbers(client: openai.OpenAI) -> None:
    made = client.embeddings.create(model="owner/one", input="hello")
    assert made.data[0].embedding == [5.0, 6.0]
    assert made.usage.prompt_tokens == 2
    assert made.usage.model_extra == {"estimated": True}


@pytest.mark.anyio
async def test_the_async_client_is_answered_alike(scene: Scene) -> None:
    async with scene.async_client() as client:
        made = await client.embeddings.create(model="owner/many:1", input="four")
    assert made.data[0].embedding == pytest.approx([4, 1, 0.1])


@pytest.mark.parametrize(("name", "predictions"), [("many", 4), ("one", 1000)])
def test_a_thousand_texts_in_one_call_are_embedded_in_their_order(
    scene: Scene, client: openai.OpenAI, name: str, predictions: int
) -> None:
    before = runs(scene, name)
    texts = ["x" * (1 + place % 50) for place in range(1000)]
    made = client.embeddings.create(model=f"owner/{name}", input=texts)
    assert [one.index for one in made.data] == list(range(1000))
    assert [one.embedding[0] for one in made.data] == [len(text) for text in texts]
    assert runs(scene, name) - before == predictions
    if name == "many":
        assert [made.data[place].embedding[1] for place in (0, 299, 300, 899, 900, 999)] == [300] * 4 + [100] * 2
        assert made.usage.prompt_tokens == 1000


def test_a_model_that_takes_dimensions_is_told_and_another_has_its_own(client: openai.OpenAI) -> None:
    assert client.embeddings.create(model="owner/one", input="a", dimensions=4).data[0].embedding == [1, 2, 3, 4]
    assert len(client.embeddings.create(model="owner/many", input="a", dimensions=3).data[0].embedding) == 3
    with pytest.raises(openai.BadRequestError) as refused:
        client.embeddings.create(model="owner/many", input="a", dimensions=2)
    assert (refused.value.param, refused.value.code) == ("dimensions", "unsupported_parameter")
    assert "3 dimensions" in refused.value.message


def test_other_fields_go_to_a_model_that_takes_them_and_are_named_where_it_does_not(scene: Scene) -> None:
    answer = raw(scene, model="owner/many", input="a", input_type="query", nonsense=1, user="ada")
    assert answer.json()["data"][0]["embedding"][2] == -0.1
    assert answer.headers["augury-ignored"] == "nonsense"
    prediction = scene.owner.get(answer.headers["augury-prediction"])
    assert prediction["input"] == {"texts": ["a"], "input_type": "query"}


def test_a_native_model_is_given_the_body_and_its_answer_is_passed_on(client: openai.OpenAI) -> None:
    made = client.embeddings.create(model="owner/native", input=[[1, 2]], dimensions=3, encoding_format="float")
    assert made.data[0].embedding == [0.5, 0.5, 0.5]
    assert made.model == "[[1, 2]]"


@pytest.mark.parametrize(
    ("input", "param", "code"),
    [
        ("", "input", "string_too_short"),
        ([], "input", "too_short"),
        (["a", ""], "input[1]", "string_too_short"),
        (["a", 1], "input[1]", "string_type"),
        (["a", None], "input[1]", "string_type"),
        (None, "input", "missing"),
        ({"text": "a"}, "input", "invalid_type"),
        (True, "input", "invalid_type"),
        ([True], "input[0]", "string_type"),
        ([1, 2, 3], "input", "unsupported_parameter"),
        ([[1, 2], [3]], "input", "unsupported_parameter"),
        (["a"] * 2049, "input", "too_long"),
    ],
    ids=str,
)
def test_an_input_that_is_none_is_refused_by_name_and_nothing_is_run(
    scene: Scene, client: openai.OpenAI, input: Any, param: str, code: str
) -> None:
    before = runs(scene, "many")
    with pytest.raises(openai.BadRequestError) as refused:
        client.embeddings.create(model="owner/many", input=input)
    assert (refused.value.param, refused.value.code, refused.value.type) == (param, code, "invalid_request_error")
    assert runs(scene, "many") == before


@pytest.mark.parametrize(
    ("beside", "param"), [({"dimensions": 0}, "dimensions"), ({"encoding_format": "hex"}, "encoding_format")]
)
def test_a_parameter_that_does_not_fit_is_named(client: openai.OpenAI, beside: Any, param: str) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.embeddings.create(model="owner/many", input="a", **beside)
    assert refused.value.param == param


def test_a_text_that_the_model_refuses_is_named_by_its_place(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.embeddings.create(model="owner/one", input=["short", "x" * 51, "short"])
    assert refused.value.param == "input[1]"
    with pytest.raises(openai.BadRequestError) as refused:
        client.embeddings.create(model="owner/one", input="x" * 51)
    assert refused.value.param == "input"
    with pytest.raises(openai.BadRequestError) as refused:
        client.embeddings.create(model="owner/one", input="x", extra_body={"dimensions": 1.5})
    assert refused.value.param == "dimensions"


@pytest.mark.parametrize(("model", "kind"), [("chat", openai.BadRequestError), ("nobody", openai.NotFoundError)])
def test_a_model_that_has_no_vectors_is_refused(client: openai.OpenAI, model: str, kind: Any) -> None:
    with pytest.raises(kind) as refused:
        client.embeddings.create(model=f"owner/{model}", input="a")
    assert refused.value.param == "model"


def test_a_model_that_fails_is_no_reason_to_call_it_again(scene: Scene) -> None:
    before = runs(scene, "many")
    with scene.client(max_retries=3) as client, pytest.raises(openai.UnprocessableEntityError) as failed:
        client.embeddings.create(model="owner/many", input=["a", "fail"])
    assert "no such words" in failed.value.message
    assert runs(scene, "many") == before + 1


def test_fewer_vectors_than_texts_are_no_answer(client: openai.OpenAI) -> None:
    with pytest.raises(openai.UnprocessableEntityError) as failed:
        client.embeddings.create(model="owner/fewer", input=["a", "b"])
    assert failed.value.code == "not_an_answer"


def test_one_that_fails_ends_the_others_of_its_call(scene: Scene, client: openai.OpenAI, tmp_path: Path) -> None:
    with pytest.raises(openai.UnprocessableEntityError):
        client.embeddings.create(model="owner/slow", input=[str(tmp_path / "never"), "fail", *["a"] * 40])
    until(lambda: not active(scene), "nothing of the call runs", deadline=5)
    items = scene.owner.http.get("/predictions", params={"page_size": 4}).json()["items"]
    assert "cancelled" in {one["status"] for one in items}


def test_hanging_up_ends_all_of_a_call_and_frees_the_workers(scene: Scene, tmp_path: Path) -> None:
    path = str(tmp_path / "never")
    with scene.client(timeout=1.5) as client, pytest.raises(openai.APITimeoutError):
        client.embeddings.create(model="owner/slow", input=[path] * 60)
    until(lambda: not active(scene), "nothing of the call runs", deadline=2)
    with scene.client() as client:
        assert client.embeddings.create(model="owner/slow", input="a").data[0].embedding == [1.0]


def test_a_stranger_cannot_have_it_done(scene: Scene) -> None:
    with scene.client(scene.stranger()) as client, pytest.raises(openai.NotFoundError):
        client.embeddings.create(model="owner/many", input="a")
    with scene.client("aug_wrong") as client, pytest.raises(openai.AuthenticationError):
        client.embeddings.create(model="owner/many", input="a")


def active(scene: Scene) -> list[Any]:
    found = scene.owner.http.get("/predictions", params={"statuses": ["pending", "starting", "started"]})
    assert found.is_success, found.text
    return json.loads(found.content)["items"]
