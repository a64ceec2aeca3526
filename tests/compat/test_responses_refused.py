"""Responses that cannot be given, and clients that hang up: OpenAI's own errors, and no worker that is lost."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any, cast

import httpx
import openai
import pytest

from tests.compat.openai_scene import Json, Scene, scene, steps
from tests.support.signals import until

FREE_SECONDS = 2.0
"""How soon a worker is another's after its client has gone."""
NEVER: Json = {"wait": "/nowhere/never"}


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Generator[Scene]:
    with scene(tmp_path_factory.mktemp("refused"), "script", "whole", "talk", "add", compat_wait="5s") as made:
        broken = "def predict(input: str) -> int:\n    return len(input)\n"
        made.owner.publish("broken", broken, "idle_timeout = 600\ncompatibilities = { openai_responses = true }")
        yield made


@pytest.fixture(scope="module")
def client(there: Scene) -> Generator[openai.OpenAI]:
    with there.client() as made:
        made.responses.create(model="owner/script", input=steps("warm"))
        yield made


def said(error: openai.APIStatusError) -> Json:
    """The error's body, whose form is checked."""
    body = cast("Json", error.response.json())
    assert body.keys() == {"error"}
    assert body["error"].keys() == {"message", "type", "param", "code"}
    return body["error"]


WRONG: dict[str, tuple[Json, str]] = {
    "input is missing": ({"input": None}, "input"),
    "input is a number": ({"input": 5}, "input"),
    "there are no items": ({"input": []}, "input"),
    "an item is a text": ({"input": ["hello"]}, "input[0]"),
    "an item has no role": ({"input": [{"content": "x"}]}, "input[0].role"),
    "a role is unknown": ({"input": [{"role": "wizard", "content": "x"}]}, "input[0].role"),
    "a role is a list": ({"input": [{"role": [], "content": "x"}]}, "input[0].role"),
    "a content is missing": ({"input": [{"role": "user"}]}, "input[0].content"),
    "a part is a number": ({"input": [{"role": "user", "content": [5]}]}, "input[0].content[0]"),
    "a part has no text": ({"input": [{"role": "user", "content": [{"type": "input_text"}]}]}, "input[0].content[0]"),
    "the second item is wrong": ({"input": [{"role": "user", "content": "x"}, 5]}, "input[1]"),
    "an item has an unknown type": ({"input": [{"type": "shell_call"}]}, "input[0]"),
    "an item's type is a list": ({"input": [{"type": []}]}, "input[0]"),
    "a tool's output to a model without tools": (
        {"input": [{"type": "function_call_output", "call_id": "c", "output": "x"}]},
        "input[0]",
    ),
    "a picture": (
        {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "data:,"}]}]},
        "input[0].content[0]",
    ),
    "a file": ({"input": [{"role": "user", "content": [{"type": "input_file", "file_id": "f"}]}]}, "input[0].content"),
    "max_output_tokens is -1": ({"max_output_tokens": -1}, "max_output_tokens"),
    "max_output_tokens is 0": ({"max_output_tokens": 0}, "max_output_tokens"),
    "max_output_tokens is a text": ({"max_output_tokens": "5"}, "max_output_tokens"),
    "temperature is 3": ({"temperature": 3}, "temperature"),
    "top_p is -1": ({"top_p": -1}, "top_p"),
    "stream is a text": ({"stream": "yes"}, "stream"),
    "background is a text": ({"background": "yes"}, "background"),
    "instructions are a number": ({"instructions": 5}, "instructions"),
    "metadata is a text": ({"metadata": "x"}, "metadata"),
    "tools are a text": ({"tools": "hammer"}, "tools"),
    "the previous one is a number": ({"previous_response_id": 5}, "previous_response_id"),
    "a format is unknown": ({"text": {"format": {"type": "grammar"}}}, "text.format"),
    "a format is a text": ({"text": {"format": "json"}}, "text.format"),
    "a format that the model has no input for": ({"text": {"format": {"type": "json_object"}}}, "text.format"),
    "tools that the model has no input for": ({"tools": [{"type": "function", "name": "f"}]}, "tools"),
    "a tool of OpenAI's own": ({"tools": [{"type": "web_search"}]}, "tools[0]"),
    "a tool without a name": ({"tools": [{"type": "function"}]}, "tools[0].name"),
    "reasoning": ({"reasoning": {"effort": "high"}}, "reasoning"),
    "a conversation": ({"conversation": "conv_1"}, "conversation"),
    "a stored prompt": ({"prompt": {"id": "p"}}, "prompt"),
    "log probabilities": ({"top_logprobs": 3}, "top_logprobs"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_does_not_fit_is_a_bad_request_that_names_the_place(
    there: Scene, client: openai.OpenAI, case: str
) -> None:
    fields, place = WRONG[case]
    before = there.newest()["id"]
    with pytest.raises(openai.BadRequestError) as caught:
        client.post("/responses", body={"model": "owner/whole", "input": "hello", **fields}, cast_to=object)
    error = said(caught.value)
    assert error["type"] == "invalid_request_error"
    assert str(error["param"]).startswith(place), error
    assert there.newest()["id"] == before


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"\xff\xfe"])
def test_what_is_no_json_object_is_a_bad_request(there: Scene, raw: bytes) -> None:
    answer = there.owner.http.post("/responses", content=raw, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")


def test_models_that_cannot_be_called_are_told_apart(there: Scene, client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError):
        client.responses.create(model="gpt-5", input="x")
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(model="owner/add", input="x")
    assert said(caught.value)["code"] == "model_not_compatible"
    with there.client(there.stranger()) as stranger, pytest.raises(openai.NotFoundError):
        stranger.responses.create(model="owner/whole", input="x")
    with there.client("aug_" + "A" * 43) as nobody, pytest.raises(openai.AuthenticationError):
        nobody.responses.create(model="owner/whole", input="x")
    with there.client(there.stranger("read")) as reader, pytest.raises(openai.PermissionDeniedError):
        reader.responses.create(model="owner/whole", input="x")


def test_another_persons_responses_are_not_there(there: Scene, client: openai.OpenAI) -> None:
    made = client.responses.create(model="owner/whole", input="x")
    with there.client(there.stranger()) as stranger:
        for call in (stranger.responses.retrieve, stranger.responses.delete, stranger.responses.cancel):
            with pytest.raises(openai.NotFoundError) as caught:
                call(made.id)
            assert said(caught.value)["code"] == "response_not_found"
    for name in ("resp_x", "x", made.id.removeprefix("resp_"), made.id + "x"):
        with pytest.raises(openai.NotFoundError):
            client.responses.retrieve(name)
    assert client.responses.retrieve(made.id).output_text == "x"


def test_a_response_without_a_stream_has_none_to_follow(client: openai.OpenAI) -> None:
    made = client.responses.create(model="owner/whole", input="x")
    with pytest.raises(openai.ConflictError):
        client.responses.retrieve(made.id, stream=True)
    with pytest.raises(openai.BadRequestError):
        client.get(f"/responses/{made.id}?stream=true&starting_after=x", cast_to=object)


def test_a_thousand_items_are_no_problem(client: openai.OpenAI) -> None:
    items: list[Any] = [{"role": ("user", "assistant")[n % 2], "content": f"line {n}"} for n in range(1000)]
    assert "line 999" in client.responses.create(model="owner/talk", input=items).output_text


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_model_that_fails_before_its_first_item_is_an_error_and_not_tried_again(there: Scene, stream: bool) -> None:
    before = there.count()
    with there.client(max_retries=2) as client, pytest.raises(openai.UnprocessableEntityError, match="no luck"):
        client.responses.create(model="owner/script", input=steps({"fail": "no luck"}), stream=stream)
    assert there.count() == before + 1


def test_a_native_model_whose_answer_is_none_is_an_error(client: openai.OpenAI) -> None:
    with pytest.raises(openai.UnprocessableEntityError):
        client.responses.create(model="owner/broken", input="x")


def test_a_model_that_takes_too_long_is_cancelled_and_not_tried_again(there: Scene) -> None:
    before = there.count()
    with there.client(max_retries=2) as client, pytest.raises(openai.APIStatusError) as caught:
        client.responses.create(model="owner/script", input=steps(NEVER))
    assert (caught.value.status_code, said(caught.value)["code"]) == (408, "timeout")
    assert there.count() == before + 1
    assert there.ends("cancelled")


def test_a_stream_whose_model_falls_silent_fails(there: Scene, client: openai.OpenAI) -> None:
    last = list(client.responses.create(model="owner/script", input=steps("one", NEVER), stream=True))[-1]
    assert last.type == "response.failed"
    assert last.response.error is not None
    assert "cancelled" in last.response.error.message
    assert there.ends("cancelled")


@pytest.mark.parametrize("events", range(8))
def test_a_stream_that_is_cut_after_each_of_its_events_frees_its_worker(
    there: Scene, client: openai.OpenAI, events: int
) -> None:
    stream = client.responses.create(model="owner/script", input=steps("one ", "two ", "three", NEVER), stream=True)
    for _, _event in zip(range(events), stream, strict=False):
        pass
    stream.close()
    free_soon(there, client)


def test_a_call_that_is_left_before_its_answer_frees_its_worker(there: Scene, client: openai.OpenAI) -> None:
    before = there.count()
    content = json.dumps({"model": "owner/script", "input": steps(NEVER)}).encode()
    head = f"POST /v1/responses HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {there.server.token}\r\n"
    with socket.create_connection(("127.0.0.1", there.server.port), timeout=20) as connection:
        connection.sendall(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
        until(lambda: there.count() == before + 1, "it is there")
    free_soon(there, client)


def test_the_second_base_has_the_same(there: Scene) -> None:
    with there.client(second=True) as client:
        made = client.responses.create(model="owner/whole", input="x")
        assert client.responses.retrieve(made.id).output_text == "x"
    answer = httpx.get(f"{there.base()}/responses", headers={"Authorization": f"Bearer {there.server.token}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")


def test_one_who_asks_too_often_or_too_much_is_told_so_before_anything_is_stored(tmp_path: Path) -> None:
    limits = {"rate_limit": "predict=1/m burst 3", "max_queue": "1"}
    with scene(tmp_path, "script", **limits) as limited, limited.client() as client:
        waiting = steps({"wait": str(tmp_path / "gate")})
        running = client.responses.create(model="owner/script", input=waiting, background=True)
        limited.ends("started", running.id.removeprefix("resp_"))
        client.responses.create(model="owner/script", input=waiting, background=True)
        for code in ("queue_full", "rate_limited"):
            with pytest.raises(openai.RateLimitError) as caught:
                client.responses.create(model="owner/script", input="[]", background=code == "queue_full")
            assert said(caught.value)["code"] == code
        assert int(caught.value.response.headers["retry-after"]) > 0
        assert client.responses.retrieve(running.id).status == "in_progress", "reading has a limit of its own"
        assert limited.count() == 2
        (tmp_path / "gate").touch()


def free_soon(there: Scene, client: openai.OpenAI) -> None:
    """The only worker takes the next call at once, and what it did before is cancelled."""
    left = there.newest()["id"]
    began = time.monotonic()
    assert client.responses.create(model="owner/script", input=steps("next")).output_text == "next"
    assert time.monotonic() - began < FREE_SECONDS
    assert there.owner.get(left)["status"] == "cancelled"
