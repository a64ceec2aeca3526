"""OpenAI's responses with its own client: whole, streamed, continued, in the background, looked at later."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import Any

import openai
import pytest
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import BaseModel, TypeAdapter

from tests.compat.openai_scene import Json, Scene, scene, steps
from tests.support.signals import until

OWN = """
from typing import Any, Iterator


def predict(input: Any, stream: bool = False) -> Iterator[dict]:
    text = f"native {input}"
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    said = {"id": "msg_own", "type": "message", "role": "assistant", "status": "completed", "content": [part]}
    same = {
        "id": "resp_own",
        "object": "response",
        "created_at": 1,
        "model": "own",
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }
    begun = {**said, "status": "in_progress", "content": []}
    place = {"output_index": 0, "content_index": 0, "item_id": "msg_own"}
    yield {"type": "response.created", "response": {**same, "status": "in_progress", "output": []}}
    yield {"type": "response.output_item.added", "output_index": 0, "item": begun}
    yield {"type": "response.content_part.added", **place, "part": {**part, "text": ""}}
    for piece in ("native ", str(input)):
        yield {"type": "response.output_text.delta", **place, "delta": piece, "logprobs": []}
    yield {"type": "response.output_text.done", **place, "text": text, "logprobs": []}
    yield {"type": "response.output_item.done", "output_index": 0, "item": said}
    yield {"type": "response.completed", "response": {**same, "status": "completed", "output": [said]}}
"""
"""A model that makes responses itself."""
ORDER = [
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.completed",
]
Event: TypeAdapter[ResponseStreamEvent] = TypeAdapter(ResponseStreamEvent)


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Generator[Scene]:
    with scene(tmp_path_factory.mktemp("responses"), "script", "whole", "talk", "add") as made:
        options = "idle_timeout = 600\ncompatibilities = { openai_responses = true }"
        made.names["own"] = made.owner.publish("own", OWN, options)
        yield made


@pytest.fixture(scope="module")
def client(there: Scene) -> Generator[openai.OpenAI]:
    with there.client() as made:
        yield made


@pytest.fixture
async def async_client(there: Scene) -> AsyncGenerator[openai.AsyncOpenAI]:
    async with there.async_client() as made:
        yield made


def raw(client: openai.OpenAI, **body: Any) -> Json:
    """The body of an answer, which fits the client's own type exactly."""
    create: Any = client.responses.with_raw_response.create
    text: str = create(**body).text
    Response.model_validate_json(text, strict=True)
    return json.loads(text)


def given(response: Response) -> Json:
    """What the model `talk` was given."""
    return json.loads(response.output_text)


def said(text: str, role: str = "user") -> Any:
    """An item."""
    return {"role": role, "content": text}


def test_a_response_is_a_prediction_that_anybody_may_look_at_who_made_it(there: Scene, client: openai.OpenAI) -> None:
    answer = client.responses.with_raw_response.create(model="owner/whole", input="hello", metadata={"a": "b"})
    response = answer.parse()
    prediction = there.owner.get(answer.headers["augury-prediction"])
    assert response.output_text == prediction["output"] == "hello"
    assert response.id == f"resp_{prediction['id']}"
    assert (response.status, response.model, response.error) == ("completed", "owner/whole:1", None)
    assert response.metadata == {"a": "b"}
    assert prediction["input"] == {"prompt": "hello"}
    usage = response.usage
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens, usage.total_tokens) == (2, 2, 4)
    assert usage.model_extra == {"estimated": True}


def test_answers_are_what_the_clients_types_say_exactly(client: openai.OpenAI) -> None:
    tool = {"type": "function", "name": "add", "parameters": {"type": "object"}, "strict": True}
    raw(client, model="owner/whole", input="hello")
    raw(
        client,
        model="owner/talk",
        input="x",
        instructions="be",
        temperature=0.5,
        tools=[tool],
        tool_choice={"type": "function", "name": "add"},
        text={"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}}},
        max_output_tokens=20,
    )
    background = raw(client, model="owner/whole", input="later", background=True)
    assert background["status"] in ("queued", "in_progress", "completed")


def test_parameters_come_to_the_model_under_its_own_names(client: openai.OpenAI) -> None:
    tool: Any = {"type": "function", "name": "add", "parameters": {"type": "object"}, "strict": False}
    schema: Any = {"type": "json_schema", "name": "n", "schema": {"type": "object"}}
    response = client.responses.create(
        model="owner/talk",
        instructions="Be brief.",
        input=[
            said("one"),
            {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "two"}]},
            {"type": "function_call", "call_id": "c1", "name": "add", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c1", "output": "3"},
        ],
        temperature=0.5,
        top_p=0.25,
        max_output_tokens=7,
        tools=[tool],
        tool_choice="required",
        text={"format": schema},
    )
    got = given(response)
    call = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": "{}"}}
    assert got["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "one"},
        {"role": "system", "content": "two"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": "3", "tool_call_id": "c1"},
    ]
    assert (got["temperature"], got["top_p"], got["max_tokens"]) == (0.5, 0.25, 7)
    function = {"name": "add", "parameters": {"type": "object"}, "strict": False}
    assert got["tools"] == [{"type": "function", "function": function}]
    assert got["tool_choice"] == "required"
    assert got["response_format"] == {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}}


def test_what_has_no_effect_is_named_in_a_header(client: openai.OpenAI) -> None:
    answer = client.responses.with_raw_response.create(
        model="owner/whole", input="x", temperature=1, store=False, user="me", truncation="auto"
    )
    named = set(answer.headers["augury-ignored"].split(", "))
    assert named == {"temperature", "store", "user", "truncation"}


def test_a_stream_has_every_event_in_order(client: openai.OpenAI) -> None:
    answer = client.responses.with_raw_response.create(
        model="owner/script", input=steps("one ", "", "two"), stream=True
    )
    events = list(answer.parse())
    assert [event.type for event in events] == ORDER
    assert [event.sequence_number for event in events] == list(range(len(ORDER)))
    for event in events:
        Event.validate_json(event.model_dump_json(by_alias=True, exclude_unset=True), strict=True)
    last = events[-1]
    assert last.type == "response.completed"
    assert last.response.output_text == "one two"
    assert last.response.id == f"resp_{answer.headers['augury-prediction']}"


def test_the_clients_stream_helper_puts_it_together(client: openai.OpenAI) -> None:
    with client.responses.stream(model="owner/script", input=steps("one ", "two")) as stream:
        pieces = [event.delta for event in stream if event.type == "response.output_text.delta"]
        final = stream.get_final_response()
    assert pieces == ["one ", "two"]
    assert final.output_text == "one two"
    assert client.responses.retrieve(final.id).output_text == "one two"


class Answer(BaseModel):
    """What a model is asked to give."""

    messages: list[dict[str, Any]]


def test_an_answer_of_a_schema_is_parsed(client: openai.OpenAI) -> None:
    parsed = client.responses.parse(model="owner/talk", input="x", text_format=Answer).output_parsed
    assert parsed == Answer(messages=[{"role": "user", "content": "x"}])


@pytest.mark.anyio
async def test_the_async_client_does_the_same(async_client: openai.AsyncOpenAI) -> None:
    whole = await async_client.responses.create(model="owner/whole", input="hello")
    assert whole.output_text == "hello"
    events = await async_client.responses.create(model="owner/script", input=steps("one ", "two"), stream=True)
    types = [event.type async for event in events]
    assert types == ORDER
    async with async_client.responses.stream(model="owner/script", input=steps("a", "b")) as stream:
        assert (await stream.get_final_response()).output_text == "ab"
    assert (await async_client.responses.retrieve(whole.id)).output_text == "hello"
    await async_client.responses.delete(whole.id)
    with pytest.raises(openai.NotFoundError):
        await async_client.responses.retrieve(whole.id)


def test_a_conversation_is_continued_without_saying_it_again(client: openai.OpenAI) -> None:
    first = client.responses.create(model="owner/talk", instructions="Be a poet.", input="one")
    second = client.responses.create(model="owner/talk", input="two", previous_response_id=first.id)
    third = client.responses.create(
        model="owner/talk", instructions="Be a clerk.", input=[said("three")], previous_response_id=second.id
    )
    assert given(second)["messages"] == [said("one"), said(first.output_text, "assistant"), said("two")]
    assert given(third)["messages"] == [
        said("Be a clerk.", "system"),
        said("one"),
        said(first.output_text, "assistant"),
        said("two"),
        said(second.output_text, "assistant"),
        said("three"),
    ]
    assert third.previous_response_id == second.id
    assert client.responses.retrieve(first.id).instructions == "Be a poet."


def test_a_system_message_that_is_no_instruction_is_carried_on(client: openai.OpenAI) -> None:
    first = client.responses.create(model="owner/talk", input=[said("Rhyme.", "system"), said("one")])
    second = client.responses.create(model="owner/talk", input="two", previous_response_id=first.id)
    assert given(second)["messages"][0] == said("Rhyme.", "system")


def test_what_cannot_be_continued_is_refused_by_name(there: Scene, client: openai.OpenAI, tmp_path: Path) -> None:
    prompted = client.responses.create(model="owner/whole", input="one")
    strangers = client.responses.create(model="owner/talk", input="secret")
    running = client.responses.create(
        model="owner/script", input=steps({"wait": str(tmp_path / "never")}), background=True
    )
    with there.client(there.stranger()) as other:
        there.owner.http.patch("/models/owner/talk", json={"visibility": "public"}).raise_for_status()
        for who, previous in (
            (client, prompted.id),
            (client, running.id),
            (client, "resp_nothing"),
            (client, ""),
            (other, strangers.id),
        ):
            with pytest.raises(openai.BadRequestError) as caught:
                who.responses.create(model="owner/talk", input="two", previous_response_id=previous)
            assert caught.value.param == "previous_response_id"
            assert "secret" not in caught.value.message
    with pytest.raises(openai.BadRequestError, match="makes responses itself"):
        client.responses.create(model="owner/own", input="two", previous_response_id=prompted.id)
    client.responses.cancel(running.id)


def test_a_response_in_the_background_is_answered_at_once_and_found_later(
    there: Scene, client: openai.OpenAI, tmp_path: Path
) -> None:
    door = tmp_path / "door"
    made = client.responses.create(model="owner/script", input=steps("a", {"wait": str(door)}, "b"), background=True)
    assert made.background is True
    assert made.status in ("queued", "in_progress")
    assert made.output == []
    assert client.responses.retrieve(made.id).status in ("queued", "in_progress")
    door.touch()
    done = until(lambda: _finished(client, made.id), "it has ended", deadline=10)
    assert done is not None
    assert (done.status, done.output_text) == ("completed", "ab")


def test_a_stream_in_the_background_goes_on_without_its_reader_and_is_taken_up_again(
    client: openai.OpenAI, tmp_path: Path
) -> None:
    door = tmp_path / "door"
    prompt = steps("a", {"wait": str(door)}, "b", "c")
    stream = client.responses.create(model="owner/script", input=prompt, background=True, stream=True)
    seen: list[Any] = []
    for event in stream:
        seen.append(event)
        if event.type == "response.output_text.delta":
            break
    stream.close()
    door.touch()
    rest = list(client.responses.retrieve(seen[0].response.id, stream=True, starting_after=seen[-1].sequence_number))
    assert rest[0].sequence_number == seen[-1].sequence_number + 1
    assert [event.delta for event in rest if event.type == "response.output_text.delta"] == ["b", "c"]
    assert rest[-1].type == "response.completed"
    assert rest[-1].response.output_text == "abc"


def test_a_response_is_cancelled_and_deleted(there: Scene, client: openai.OpenAI, tmp_path: Path) -> None:
    never = str(tmp_path / "never")
    made = client.responses.create(model="owner/script", input=steps({"wait": never}), background=True)
    with pytest.raises(openai.ConflictError):
        client.responses.delete(made.id)
    assert client.responses.cancel(made.id).status == "cancelled"
    assert client.responses.cancel(made.id).status == "cancelled"
    client.responses.delete(made.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(made.id)
    done = client.responses.create(model="owner/whole", input="x")
    with pytest.raises(openai.ConflictError):
        client.responses.cancel(done.id)


def test_a_failure_in_the_background_is_shown(client: openai.OpenAI) -> None:
    made = client.responses.create(model="owner/script", input=steps({"fail": "it broke"}), background=True)
    done = until(lambda: _finished(client, made.id), "it has ended", deadline=10)
    assert done is not None
    assert done.status == "failed"
    assert done.error is not None
    assert "it broke" in done.error.message
    Response.model_validate_json(client.responses.with_raw_response.retrieve(made.id).text, strict=True)


def test_an_answer_that_is_as_long_as_it_may_be_is_incomplete(there: Scene, client: openai.OpenAI) -> None:
    source = """
    from augury import metric

    def predict(prompt: str, max_tokens: int = 9) -> str:
        metric("input_tokens", 3)
        metric("output_tokens", max_tokens)
        return "cut"
    """
    there.owner.publish("counting", source, "idle_timeout = 600")
    made = client.responses.create(model="owner/counting", input="x", max_output_tokens=4)
    assert made.status == "incomplete"
    assert made.incomplete_details is not None
    assert made.incomplete_details.reason == "max_output_tokens"
    assert made.usage is not None
    assert (made.usage.input_tokens, made.usage.output_tokens, made.usage.model_extra) == (3, 4, {})
    assert client.responses.retrieve(made.id).status == "incomplete"
    with client.responses.stream(model="owner/counting", input="x", max_output_tokens=4) as stream:
        assert [event.type for event in stream][-1] == "response.incomplete"


def test_a_model_that_makes_responses_itself_is_let_be(client: openai.OpenAI) -> None:
    made = client.responses.create(model="owner/own", input="x")
    assert (made.output_text, made.model) == ("native x", "own")
    assert client.responses.retrieve(made.id).output_text == "native x"
    with client.responses.stream(model="owner/own", input="y") as stream:
        assert stream.get_final_response().output_text == "native y"


def test_a_failure_amid_a_stream_is_an_event(client: openai.OpenAI) -> None:
    events = list(client.responses.create(model="owner/script", input=steps("a", {"fail": "it broke"}), stream=True))
    last = events[-1]
    assert last.type == "response.failed"
    assert last.response.status == "failed"
    assert last.response.error is not None
    assert "it broke" in last.response.error.message
    Event.validate_json(last.model_dump_json(by_alias=True, exclude_unset=True), strict=True)


def test_what_was_said_is_there_when_its_model_is_gone(there: Scene, client: openai.OpenAI) -> None:
    there.owner.publish("brief", "def predict(prompt: str) -> str:\n    return prompt\n")
    made = client.responses.create(model="owner/brief", input="still here")
    there.owner.http.delete("/models/owner/brief").raise_for_status()
    assert client.responses.retrieve(made.id).output_text == "still here"


def test_a_prediction_that_answered_otherwise_is_no_response(there: Scene, client: openai.OpenAI) -> None:
    made = there.owner.create("owner/add", wait=20, a=1, b=2)
    assert made["output"] == 3
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(f"resp_{made['id']}")


def _finished(client: openai.OpenAI, name: str) -> Response | None:
    found = client.responses.retrieve(name)
    return found if found.status not in ("queued", "in_progress") else None
