"""Chat completions by the official client: whole and streamed, sync and async, in OpenAI's own types to the letter."""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any, cast

import openai
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from tests.compat.openai_scene import Json, Scene, asked, scene, steps

pytestmark = pytest.mark.anyio
HELLO: list[Any] = [{"role": "user", "content": "hello"}]


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Generator[Scene]:
    with scene(tmp_path_factory.mktemp("chat")) as made:
        yield made


@pytest.fixture(scope="module", params=[False, True], ids=["v1", "openai"])
def client(there: Scene, request: pytest.FixtureRequest) -> Generator[openai.OpenAI]:
    with there.client(second=request.param) as made:
        yield made


def completed(there: Scene, **fields: Any) -> Json:
    """The completion, which is OpenAI's to the letter."""
    body = {"messages": HELLO, **fields}
    answer = there.owner.http.post("/chat/completions", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    ChatCompletion.model_validate(answer.json(), strict=True)
    assert not ChatCompletion.model_validate(answer.json(), strict=True).model_extra
    return cast("Json", answer.json())


def streamed(there: Scene, **fields: Any) -> list[Json]:
    """The chunks, each of which is OpenAI's to the letter."""
    answer = there.owner.http.post("/chat/completions", json={"messages": HELLO, "stream": True, **fields})
    assert answer.status_code == 200, answer.text
    frames = [one for one in answer.text.split("\n\n") if one and not one.startswith(":")]
    assert all(one.startswith("data: ") for one in frames)
    assert frames[-1] == "data: [DONE]"
    found = [cast("Json", json.loads(one.removeprefix("data: "))) for one in frames[:-1]]
    for one in found:
        ChatCompletionChunk.model_validate(one, strict=True)
    return found


def said(chunks: list[Json], choice: int = 0) -> str:
    """The text of one choice."""
    mine = [one for chunk in chunks for one in chunk["choices"] if one["index"] == choice]
    return "".join(one["delta"].get("content") or "" for one in mine)


def given(there: Scene, **fields: Any) -> Json:
    """The input that a model got which takes messages."""
    return json.loads(completed(there, model="owner/talk", **fields)["choices"][0]["message"]["content"])


def test_a_model_answers(there: Scene, client: openai.OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(model=there.names["script"], messages=asked("Hel", "lo"))
    answer = raw.parse()
    choice = answer.choices[0]
    assert (choice.message.role, choice.message.content, choice.finish_reason) == ("assistant", "Hello", "stop")
    assert answer.model == there.names["script"]
    prediction = there.owner.get(raw.headers["augury-prediction"])
    assert prediction["status"] == "succeeded"
    assert prediction["input"] == {"prompt": steps("Hel", "lo")}
    assert answer.id == f"chatcmpl-{prediction['id']}"


async def test_a_model_answers_to_the_async_client(there: Scene) -> None:
    async with there.async_client() as client:
        answer = await client.chat.completions.create(model="owner/script", messages=asked("Hel", "lo"))
        assert answer.choices[0].message.content == "Hello"
        stream = await client.chat.completions.create(model="owner/script", messages=asked("Hel", "lo"), stream=True)
        pieces = [chunk.choices[0].delta.content async for chunk in stream]
    assert pieces == ["", "Hel", "lo", None]


def test_an_answer_is_streamed_piece_by_piece(there: Scene, client: openai.OpenAI, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    stream = client.chat.completions.create(
        model="owner/script", messages=asked("one ", {"wait": str(gate)}, "two"), stream=True
    )
    heard: list[str] = []
    reason = None
    for chunk in stream:
        heard.append(chunk.choices[0].delta.content or "")
        reason = chunk.choices[0].finish_reason
        if heard[-1] == "one ":
            assert there.newest()["status"] == "started"
            gate.touch()
    assert heard == ["", "one ", "two", ""]
    assert reason == "stop"


def test_chunks_and_completions_are_openais_to_the_letter(there: Scene) -> None:
    whole = completed(there, model="owner/script", messages=asked('a "quoted" ', "ünïcode 🎉\n"))
    chunks = streamed(there, model="owner/script", messages=asked('a "quoted" ', "ünïcode 🎉\n"))
    assert said(chunks) == whole["choices"][0]["message"]["content"] == 'a "quoted" ünïcode 🎉\n'
    assert [one["choices"][0]["finish_reason"] for one in chunks] == [None, None, None, "stop"]
    assert len({one["id"] for one in chunks}) == 1
    assert "usage" not in chunks[0]


def test_an_answer_of_nothing_is_an_answer(there: Scene) -> None:
    assert completed(there, model="owner/script", messages=asked())["choices"][0]["message"]["content"] == ""
    assert said(streamed(there, model="owner/script", messages=asked())) == ""


def test_a_stream_has_the_headers_that_clients_need(there: Scene) -> None:
    """Case 65: as text/event-stream, ended by [DONE]."""
    body = {"model": "owner/script", "messages": asked("x"), "stream": True}
    answer = there.owner.http.post("/chat/completions", json=body)
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.text.endswith("data: [DONE]\n\n")
    assert there.owner.get(answer.headers["augury-prediction"])["stream"] is True


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_model_that_does_not_stream_answers_too(there: Scene, stream: bool) -> None:
    with there.client() as client:
        if not stream:
            answer = client.chat.completions.create(model="owner/whole", messages=HELLO)
            assert answer.choices[0].message.content == "hello"
            return
        chunks = list(client.chat.completions.create(model="owner/whole", messages=HELLO, stream=True))
        assert "".join(one.choices[0].delta.content or "" for one in chunks) == "hello"


def test_a_conversation_becomes_a_prompt(there: Scene) -> None:
    system: Json = {"role": "developer", "content": "be brief"}
    answer = completed(there, model="owner/whole", messages=[system, *HELLO])
    assert answer["choices"][0]["message"]["content"] == "[be brief] hello"


def test_messages_are_given_as_they_are_with_their_roles_and_tools(there: Scene) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": "{}"}}
    messages: list[Json] = [
        {"role": "system", "content": "be"},
        {"role": "developer", "content": "brief"},
        {"role": "user", "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}], "name": "ada"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "content": "3", "tool_call_id": "c1"},
    ]
    assert given(there, messages=messages)["messages"] == [
        {"role": "system", "content": "be"},
        {"role": "system", "content": "brief"},
        {"role": "user", "content": "one\ntwo", "name": "ada"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": "3", "tool_call_id": "c1"},
    ]


TOOL: Json = {"type": "function", "function": {"name": "add", "parameters": {"type": "object", "properties": {}}}}


@pytest.mark.parametrize(
    ("name", "value", "taken"),
    [
        ("max_tokens", 7, "max_tokens"),
        ("max_completion_tokens", 8, "max_tokens"),
        ("temperature", 0, "temperature"),
        ("top_p", 0.5, "top_p"),
        ("seed", 9, "seed"),
        ("presence_penalty", 1.5, "presence_penalty"),
        ("frequency_penalty", -2, "frequency_penalty"),
        ("tools", [TOOL], "tools"),
        ("tool_choice", "auto", "tool_choice"),
        ("tool_choice", {"type": "function", "function": {"name": "add"}}, "tool_choice"),
        ("response_format", {"type": "json_object"}, "response_format"),
        ("stop", ["a", "b"], "stop"),
    ],
)
def test_what_the_model_takes_is_passed_on(there: Scene, name: str, value: Any, taken: str) -> None:
    assert given(there, **{name: value})[taken] == value


def test_one_stop_is_a_list_for_a_model_that_takes_a_list(there: Scene) -> None:
    assert given(there, stop="a")["stop"] == ["a"]


def test_what_is_ignored_is_said(there: Scene) -> None:
    fields: Json = {"user": "ada", "metadata": {"a": "b"}, "store": True, "temperature": 1, "odd": 1, "seed": None}
    answer = there.owner.http.post("/chat/completions", json={"model": "owner/whole", "messages": HELLO, **fields})
    assert answer.headers["augury-ignored"] == "metadata, odd, store, temperature, user"
    assert (
        "augury-ignored"
        not in there.owner.http.post("/chat/completions", json={"model": "owner/whole", "messages": HELLO}).headers
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"tools": []},
        {"tools": None, "tool_choice": "auto"},
        {"tool_choice": "none", "tools": [TOOL]},
        {"response_format": {"type": "text"}},
        {"logprobs": False},
        {"logit_bias": {}},
        {"modalities": ["text"]},
        {"n": 1, "stream": False},
    ],
    ids=lambda fields: "-".join(fields),
)
def test_what_asks_for_nothing_is_no_reason_to_refuse(there: Scene, fields: Json) -> None:
    assert completed(there, model="owner/whole", **fields)["choices"][0]["message"]["content"] == "hello"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_several_choices_are_as_many_predictions(there: Scene, stream: bool) -> None:
    body = {"model": "owner/script", "messages": asked("a", "b"), "n": 5, "stream": stream}
    answer = there.owner.http.post("/chat/completions", json=body)
    ids = answer.headers["augury-prediction"].split(", ")
    assert len(set(ids)) == 5
    assert {there.owner.ended(one)["status"] for one in ids} == {"succeeded"}
    if stream:
        chunks = streamed(there, model="owner/script", messages=asked("a", "b"), n=5)
        assert [said(chunks, choice) for choice in range(5)] == ["ab"] * 5
        ended = [one["index"] for chunk in chunks for one in chunk["choices"] if one["finish_reason"] == "stop"]
        assert sorted(ended) == [0, 1, 2, 3, 4]
    else:
        choices = answer.json()["choices"]
        assert [(one["index"], one["message"]["content"]) for one in choices] == [(n, "ab") for n in range(5)]


def test_several_choices_have_several_seeds(there: Scene) -> None:
    choices = completed(there, model="owner/talk", n=3, seed=7)["choices"]
    assert [json.loads(one["message"]["content"])["seed"] for one in choices] == [7, 8, 9]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_when_one_choice_fails_none_is_left_running(there: Scene, stream: bool) -> None:
    messages = asked({"fail": "no luck"}) if not stream else asked("one", {"fail": "no luck"})
    body = {"model": "owner/script", "messages": messages, "n": 4, "stream": stream}
    answer = there.owner.http.post("/chat/completions", json=body)
    assert "no luck" in answer.text
    assert answer.status_code == (200 if stream else 422)
    assert "[DONE]" not in answer.text
    for number in range(4):
        page = there.owner.http.get("/predictions", params={"page_size": 4}).json()["items"]
        assert there.owner.ended(page[number]["id"])["status"] in ("failed", "cancelled")


STOPS: dict[str, tuple[list[str], Any, str]] = {
    "in one piece": (["one stop two"], "stop", "one "),
    "between pieces": (["one s", "to", "p two"], "stop", "one "),
    "at the very beginning": (["stop", " two"], "stop", ""),
    "the first of several": (["a b c d"], ["d", "c", "b"], "a "),
    "almost": (["one sto", "ne two"], "stop", "one stone two"),
    "almost, at the end": (["one sto"], "stop", "one sto"),
    "four": (["x y z"], ["1", "2", "3", "z"], "x y "),
}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("case", STOPS)
def test_an_answer_ends_at_a_stop(there: Scene, case: str, stream: bool) -> None:
    pieces, stop, expected = STOPS[case]
    if stream:
        chunks = streamed(there, model="owner/script", messages=asked(*pieces), stop=stop)
        assert (said(chunks), chunks[-1]["choices"][0]["finish_reason"]) == (expected, "stop")
    else:
        choice = completed(there, model="owner/script", messages=asked(*pieces), stop=stop)["choices"][0]
        assert (choice["message"]["content"], choice["finish_reason"]) == (expected, "stop")


@pytest.mark.parametrize("choices", [1, 2])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_after_a_stop_the_model_is_not_waited_for(there: Scene, tmp_path: Path, stream: bool, choices: int) -> None:
    messages = asked("one s", "top", {"wait": str(tmp_path / "never")})
    body = {"model": "owner/script", "messages": messages, "stop": "stop", "stream": stream, "n": choices}
    answer = there.owner.http.post("/chat/completions", json=body)
    assert answer.status_code == 200
    assert "one " in answer.text
    for one in answer.headers["augury-prediction"].split(", "):
        assert there.owner.ended(one)["status"] == "cancelled"


def test_usage_is_what_the_model_counts(there: Scene) -> None:
    metrics: list[Json] = [{"metric": ["input_tokens", 11]}, {"metric": ["output_tokens", 3]}]
    usage = completed(there, model="owner/script", messages=asked("Hello", *metrics))["usage"]
    assert usage == {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14}
    fields: Json = {"stream_options": {"include_usage": True}}
    chunks = streamed(there, model="owner/script", messages=asked("Hello", *metrics), **fields)
    assert [one["usage"] for one in chunks] == [None, None, None, usage]
    assert chunks[-1]["choices"] == []


def test_usage_is_estimated_and_says_so_where_the_model_does_not_count(there: Scene) -> None:
    answer = there.owner.http.post("/chat/completions", json={"model": "owner/whole", "messages": HELLO}).json()
    usage = {"prompt_tokens": 2, "completion_tokens": 2, "total_tokens": 4, "estimated": True}
    assert answer["usage"] == usage
    chunks = streamed(there, model="owner/whole", stream_options={"include_usage": True})
    assert chunks[-1]["usage"] == usage


def test_usage_of_several_choices_is_that_of_all(there: Scene) -> None:
    metrics: list[Json] = [{"metric": ["input_tokens", 11]}, {"metric": ["output_tokens", 3]}]
    fields: Json = {"n": 4, "stream_options": {"include_usage": True}}
    chunks = streamed(there, model="owner/script", messages=asked("Hello", *metrics), **fields)
    assert chunks[-1]["usage"] == {"prompt_tokens": 11, "completion_tokens": 12, "total_tokens": 23}


def test_a_model_that_ran_into_its_limit_says_so(there: Scene) -> None:
    with there.client() as client:
        answer = client.chat.completions.create(model="owner/counting", messages=HELLO, max_tokens=3)
        assert (answer.choices[0].finish_reason, answer.choices[0].message.content) == ("length", "0 1 2 ")
        chunks = list(client.chat.completions.create(model="owner/counting", messages=HELLO, max_tokens=3, stream=True))
        assert chunks[-1].choices[0].finish_reason == "length"
        more = client.chat.completions.create(model="owner/counting", messages=HELLO, max_completion_tokens=50)
        assert more.choices[0].finish_reason == "stop"


def test_a_native_model_gives_its_own_answer(there: Scene) -> None:
    answer = completed(there, model="owner/answer", n=2)
    assert answer["id"] == "chatcmpl-own"
    assert [one["message"]["content"] for one in answer["choices"]] == ["whole hello"] * 2


def test_a_native_model_gives_its_own_chunks(there: Scene) -> None:
    chunks = streamed(there, model="owner/chunks")
    assert [one["choices"][0]["delta"].get("content") for one in chunks] == ["native ", "hello", None]


def test_chunks_of_a_native_model_become_one_answer(there: Scene) -> None:
    answer = completed(there, model="owner/chunks")
    assert answer["choices"][0]["message"] == {"role": "assistant", "content": "native hello"}
    assert answer["choices"][0]["finish_reason"] == "stop"


def test_a_native_model_gets_the_body_as_it_is(there: Scene) -> None:
    with there.client() as client:
        raw = client.chat.completions.with_raw_response.create(
            model="owner/chunks", messages=HELLO, tools=cast("Any", [TOOL])
        )
    assert there.owner.get(raw.headers["augury-prediction"])["input"] == {"messages": HELLO, "tools": [TOOL]}


def test_calls_are_predictions_like_any_other(there: Scene) -> None:
    answer = there.owner.http.post("/chat/completions", json={"model": "owner/script", "messages": asked("logged")})
    prediction = there.owner.get(answer.headers["augury-prediction"])
    assert prediction["output"] == "logged"
    assert there.owner.http.get(f"/predictions/{prediction['id']}/logs").status_code == 200


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_call_that_fails_names_its_prediction(there: Scene, stream: bool) -> None:
    body = {"model": "owner/script", "messages": asked({"fail": "no luck"}), "stream": stream}
    answer = there.owner.http.post("/chat/completions", json=body)
    assert answer.status_code == 422
    assert there.owner.get(answer.headers["augury-prediction"])["status"] == "failed"
