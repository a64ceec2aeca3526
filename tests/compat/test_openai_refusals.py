"""Calls that cannot be answered: each is OpenAI's own error, of the class that its client knows, and harms nothing."""

from __future__ import annotations

import socket
from collections.abc import Generator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, cast

import httpx
import openai
import pytest

from tests.compat.openai_scene import Json, Scene, asked, scene, steps

ASKED: list[Any] = [{"role": "user", "content": "hello"}]


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Generator[Scene]:
    with scene(tmp_path_factory.mktemp("refusals"), compat_wait="2s") as made:
        yield made


@pytest.fixture(scope="module")
def client(there: Scene) -> Generator[openai.OpenAI]:
    with there.client() as made:
        yield made


def said(error: openai.APIStatusError) -> Json:
    """The error's body, whose form is checked."""
    body = cast("Json", error.response.json())
    assert body.keys() == {"error"}
    found = cast("Json", body["error"])
    assert found.keys() == {"message", "type", "param", "code"}
    assert error.response.headers["content-type"] == "application/json"
    assert error.response.headers["x-request-id"]
    return found


WRONG: dict[str, tuple[Json, str]] = {
    "messages are a text": ({"messages": "hello"}, "messages"),
    "messages are null": ({"messages": None}, "messages"),
    "messages are an object": ({"messages": {"role": "user"}}, "messages"),
    "there are no messages": ({"messages": []}, "messages"),
    "a message is a text": ({"messages": ["hello"]}, "messages[0]"),
    "a message has no role": ({"messages": [{"content": "hello"}]}, "messages[0].role"),
    "a role is unknown": ({"messages": [{"role": "wizard", "content": "hello"}]}, "messages[0].role"),
    "a content is a number": ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
    "a content is missing": ({"messages": [{"role": "user"}]}, "messages[0].content"),
    "a part is a number": ({"messages": [{"role": "user", "content": [5]}]}, "messages[0].content[0]"),
    "a part has no type": ({"messages": [{"role": "user", "content": [{}]}]}, "messages[0].content[0]"),
    "a part has no text": ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages[0].content[0]"),
    "the second message is wrong": ({"messages": [*ASKED, {"role": 5, "content": "x"}]}, "messages[1].role"),
    "n is 0": ({"n": 0}, "n"),
    "n is 129": ({"n": 129}, "n"),
    "n is a text": ({"n": "two"}, "n"),
    "max_tokens is -1": ({"max_tokens": -1}, "max_tokens"),
    "max_tokens is 0": ({"max_tokens": 0}, "max_tokens"),
    "max_completion_tokens is -1": ({"max_completion_tokens": -1}, "max_completion_tokens"),
    "temperature is 5": ({"temperature": 5}, "temperature"),
    "temperature is -1": ({"temperature": -1}, "temperature"),
    "top_p is 2": ({"top_p": 2}, "top_p"),
    "presence_penalty is 3": ({"presence_penalty": 3}, "presence_penalty"),
    "frequency_penalty is -3": ({"frequency_penalty": -3}, "frequency_penalty"),
    "there are five stops": ({"stop": ["a", "b", "c", "d", "e"]}, "stop"),
    "a stop is a number": ({"stop": [5]}, "stop"),
    "a stop is empty": ({"stop": ["a", ""]}, "stop"),
    "a stop is too long": ({"stop": "a" * 1001}, "stop"),
    "stream is a text": ({"stream": "yes"}, "stream"),
    "tools are a text": ({"tools": "hammer"}, "tools"),
    "seed is a text": ({"seed": "abc"}, "seed"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_does_not_fit_is_a_bad_request_that_names_the_place(client: openai.OpenAI, case: str) -> None:
    fields, place = WRONG[case]
    body = {"model": "owner/whole", "messages": ASKED, **fields}
    with pytest.raises(openai.BadRequestError) as caught:
        client.post("/chat/completions", body=body, cast_to=object)
    error = said(caught.value)
    assert error["type"] == "invalid_request_error"
    assert str(error["param"]).startswith(place), error
    assert place in error["message"]
    assert caught.value.param == error["param"]
    assert caught.value.code == error["code"]


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"null", b'{"model": "owner/whole", "messages": [', b"\xff\xfe", b"[" * 100_000]
)
def test_what_is_no_json_object_is_a_bad_request(there: Scene, raw: bytes) -> None:
    answer = there.owner.http.post("/chat/completions", content=raw, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")


@pytest.mark.parametrize(
    ("model", "kind", "code"),
    [
        ("gpt-4o", openai.NotFoundError, "model_not_found"),
        ("", openai.NotFoundError, "model_not_found"),
        ("owner/nothing", openai.NotFoundError, "model_not_found"),
        ("nobody/whole", openai.NotFoundError, "model_not_found"),
        ("owner/whole:99", openai.NotFoundError, "version_not_found"),
        (5, openai.BadRequestError, "string_type"),
        (None, openai.BadRequestError, "string_type"),
    ],
)
def test_a_model_that_is_not_there_is_told_so(
    client: openai.OpenAI, model: Any, kind: type[openai.APIStatusError], code: str
) -> None:
    with pytest.raises(kind) as caught:
        client.post("/chat/completions", body={"model": model, "messages": ASKED}, cast_to=object)
    assert type(caught.value) is kind
    error = said(caught.value)
    assert (error["code"], error["param"]) == (code, "model")


def test_a_model_that_does_not_chat_says_what_it_offers(there: Scene, client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="owner/add", messages=ASKED)
    error = said(caught.value)
    assert (error["code"], error["param"]) == ("model_not_compatible", "model")
    assert "owner/add" in error["message"]


def test_a_private_model_of_somebody_else_is_not_there(there: Scene) -> None:
    with there.client(there.stranger()) as stranger, pytest.raises(openai.NotFoundError) as caught:
        stranger.chat.completions.create(model="owner/whole", messages=ASKED)
    theirs = said(caught.value)
    with there.client(there.stranger()) as stranger, pytest.raises(openai.NotFoundError) as caught:
        stranger.chat.completions.create(model="owner/nothing", messages=ASKED)
    assert {**theirs, "message": theirs["message"].replace("whole", "nothing")} == said(caught.value)


@pytest.mark.parametrize("token", ["aug_" + "A" * 43, "sk-proj-something"])
@pytest.mark.parametrize("second", [False, True], ids=["v1", "openai"])
def test_a_wrong_token_is_an_authentication_error(there: Scene, token: str, second: bool) -> None:
    with there.client(token, second) as client, pytest.raises(openai.AuthenticationError) as caught:
        client.chat.completions.create(model="owner/whole", messages=ASKED)
    assert said(caught.value)["code"] == "invalid_token"


def test_a_token_that_may_only_read_may_not_call(there: Scene) -> None:
    with there.client(there.stranger("read")) as client, pytest.raises(openai.PermissionDeniedError) as caught:
        client.chat.completions.create(model="owner/whole", messages=ASKED)
    assert said(caught.value)["code"] == "scope_missing"


def test_no_token_is_an_authentication_error_in_the_same_shape(there: Scene) -> None:
    answer = httpx.post(f"{there.base()}/chat/completions", json={"model": "owner/whole", "messages": ASKED})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "missing_token")


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/openai/v1/chat/completions"])
def test_another_method_is_refused_in_the_same_shape(there: Scene, path: str) -> None:
    answer = there.owner.http.get(f"{there.server.url}{path}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")


def test_a_path_that_is_not_there_is_refused_in_the_same_shape(there: Scene) -> None:
    with there.client(second=True) as client, pytest.raises(openai.NotFoundError) as caught:
        client.fine_tuning.jobs.list()
    assert said(caught.value)["code"] == "route_not_found"


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
        {"type": "file", "file": {"file_id": "file-1"}},
    ],
    ids=lambda part: part["type"],
)
def test_a_part_that_is_no_text_is_named(client: openai.OpenAI, part: Any) -> None:
    messages: list[Any] = [{"role": "user", "content": [{"type": "text", "text": "what is this?"}, part]}]
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="owner/talk", messages=messages)
    error = said(caught.value)
    assert error["param"] == "messages[0].content[1]"
    assert part["type"] in error["message"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tools", [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]),
        ("response_format", {"type": "json_object"}),
    ],
)
def test_what_the_model_would_have_to_honour_and_cannot_is_named(
    client: openai.OpenAI, name: str, value: object
) -> None:
    body = {"model": "owner/whole", "messages": ASKED, name: value}
    with pytest.raises(openai.BadRequestError) as caught:
        client.post("/chat/completions", body=body, cast_to=object)
    error = said(caught.value)
    assert (error["param"], error["code"]) == (name, "unsupported_parameter")


def test_a_thousand_messages_are_no_problem(client: openai.OpenAI) -> None:
    messages: list[Any] = [{"role": ("user", "assistant")[n % 2], "content": f"line {n}"} for n in range(1000)]
    answer = client.chat.completions.create(model="owner/talk", messages=messages)
    assert "line 999" in (answer.choices[0].message.content or "")


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_model_that_fails_before_its_first_item_is_an_error_and_not_tried_again(there: Scene, stream: bool) -> None:
    before = there.count()
    with there.client(max_retries=2) as client, pytest.raises(openai.UnprocessableEntityError) as caught:
        client.chat.completions.create(model="owner/script", messages=asked({"fail": "no luck"}), stream=stream)
    error = said(caught.value)
    assert (error["type"], error["code"]) == ("model_error", "prediction_failed")
    assert error["message"].startswith("no luck. Its log says more: GET /v1/predictions/")
    assert caught.value.response.headers["x-should-retry"] == "false"
    assert there.count() == before + 1


def test_a_model_that_fails_midway_ends_its_stream_with_the_error(there: Scene, client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(
        model="owner/script", messages=asked("one ", "two ", {"fail": "out of words"}), stream=True
    )
    heard: list[str] = []
    with pytest.raises(openai.APIError, match="out of words") as caught:
        heard.extend(one.choices[0].delta.content or "" for one in stream)
    assert "".join(heard) == "one two "
    assert cast("Json", caught.value.body)["code"] == "prediction_failed"
    assert there.ends("failed")["output"] is None


def test_the_error_is_the_last_thing_in_a_stream(there: Scene) -> None:
    body = {"model": "owner/script", "stream": True, "messages": asked("one", {"fail": "out of words"})}
    text = there.owner.http.post("/chat/completions", json=body).text
    frames = [one for one in text.split("\n\n") if one and not one.startswith(":")]
    assert '"error"' in frames[-1] or (frames[-1] == "data: [DONE]" and '"error"' in frames[-2])


def test_a_model_that_takes_too_long_is_cancelled_and_not_tried_again(there: Scene, tmp_path: Path) -> None:
    before = there.count()
    with there.client(max_retries=2) as client, pytest.raises(openai.APIStatusError) as caught:
        client.chat.completions.create(model="owner/script", messages=asked({"wait": str(tmp_path / "never")}))
    assert caught.value.status_code == 408
    assert said(caught.value)["code"] == "timeout"
    assert there.count() == before + 1
    assert there.ends("cancelled")


def test_a_stream_whose_model_falls_silent_ends_with_an_error(there: Scene, client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(
        model="owner/script", messages=asked("one", {"wait": "/nowhere/never"}), stream=True
    )
    with pytest.raises(openai.APIError) as caught:
        for _ in stream:
            pass
    assert cast("Json", caught.value.body)["code"] == "timeout"
    assert there.ends("cancelled")


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_prediction_that_somebody_cancels_ends_its_call_with_an_error(
    there: Scene, client: openai.OpenAI, stream: bool, tmp_path: Path
) -> None:
    began = tmp_path / "began"
    body = {"model": "owner/script", "stream": stream, "messages": asked("one", {"wait": str(began)})}
    with closing(socket.create_connection(("127.0.0.1", there.server.port))) as raw:
        content = httpx.Request("POST", there.base(), json=body).read()
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {there.server.token}\r\n"
        raw.sendall(f"{head}Connection: close\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content)
        found = there.ends("started")
        assert there.owner.cancel(found["id"]) in (200, 202, 204)
        text = b"".join(iter(lambda: raw.recv(65536), b"")).decode()
    assert "prediction_cancelled" in text
    assert ("422" in text.splitlines()[0]) is not stream


def test_after_all_of_that_the_server_answers(there: Scene, client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model="owner/script", messages=asked("fine"))
    assert answer.choices[0].message.content == "fine"
    assert steps("fine") in str(there.newest()["input"])


def test_one_who_asks_too_often_is_told_when_to_come_again(tmp_path: Path) -> None:
    with scene(tmp_path, "script", rate_limit="predict=1/m burst 3") as limited, limited.client() as client:
        call = partial(client.chat.completions.with_raw_response.create, model="owner/script", messages=asked("hello"))
        left = [call().headers["x-ratelimit-remaining"] for _ in range(3)]
        with pytest.raises(openai.RateLimitError) as caught:
            call()
        assert left == ["2", "1", "0"]
        assert said(caught.value)["type"] == "rate_limit_error"
        assert caught.value.code == "rate_limited"
        headers = caught.value.response.headers
        assert (headers["x-ratelimit-limit"], headers["x-ratelimit-remaining"]) == ("3", "0")
        assert 0 < int(headers["retry-after"]) <= 60
        assert client.models.list().data, "reading has a limit of its own"
        assert limited.count() == 3


def test_one_whose_queue_is_full_is_told_so_before_anything_is_stored(tmp_path: Path) -> None:
    with scene(tmp_path, "script", max_queue="1") as full, full.client() as client:
        waiting = asked({"wait": str(tmp_path / "gate")}, "done")
        made = [full.owner.create("owner/script", prompt=waiting[0]["content"])["id"]]
        full.owner.reaches(made[0], "started")
        made.append(full.owner.create("owner/script", prompt=waiting[0]["content"])["id"])
        for fields in ({}, {"stream": True}, {"n": 3}):
            with pytest.raises(openai.RateLimitError) as caught:
                client.post(
                    "/chat/completions",
                    body={"model": "owner/script", "messages": asked("hello"), **fields},
                    cast_to=object,
                )
            assert said(caught.value)["code"] == "queue_full"
            assert "x-should-retry" not in caught.value.response.headers
        assert full.count() == 2
        (tmp_path / "gate").touch()
        assert [full.owner.ended(one)["output"] for one in made] == ["done", "done"]
