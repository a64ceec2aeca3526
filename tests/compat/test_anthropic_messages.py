"""Messages through Anthropic's official client: whole and streamed, sync and async, of adapted and of native models."""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any, cast

import anthropic
import httpx
import pytest
from anthropic.types import Message, MessageTokensCount, ModelInfo, RawMessageStreamEvent
from pydantic import TypeAdapter

from tests.compat.anthropic_scene import Json, Scene, asked, scene, talk

EVENT: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)
TOOL: Json = {"name": "look", "description": "Looks.", "input_schema": {"type": "object", "properties": {"at": {}}}}


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Generator[Scene]:
    with scene(tmp_path_factory.mktemp("messages"), stream_heartbeat="100ms") as made:
        yield made


@pytest.fixture(scope="module")
def client(there: Scene) -> Generator[Any]:
    with there.anthropic() as made:
        yield made


def text(message: Message) -> str:
    """The text of a message that is one text."""
    (block,) = message.content
    assert block.type == "text"
    return block.text


def final(client: Any, body: Json) -> Message:
    """The message that the client puts together of a stream."""
    with client.messages.stream(**body) as stream:
        return cast("Message", stream.get_final_message())


def given(message: Message) -> Json:
    """The input that the model `talk` says it got."""
    return json.loads(text(message))


def post(there: Scene, body: Json, path: str = "/v1/messages", **headers: str) -> httpx.Response:
    """A request as it goes over the wire."""
    sent = {"x-api-key": there.server.token, "anthropic-version": "2023-06-01", **headers}
    return httpx.post(there.server.url + path, json=body, headers=sent, timeout=25)


def events(answer: httpx.Response) -> list[Json]:
    """The events of a stream, each checked to be named as its type."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    found: list[Json] = []
    for block in answer.text.split("\n\n")[:-1]:
        name, data = block.split("\n")
        found.append(json.loads(data.removeprefix("data: ")))
        assert name == f"event: {found[-1]['type']}"
    return found


def test_a_message_is_the_models_text_and_a_stored_prediction(there: Scene, client: Any) -> None:
    answer = client.messages.with_raw_response.create(**asked("Hel", "lo"))
    message = answer.parse()
    assert text(message) == "Hello"
    assert (message.role, message.stop_reason, message.stop_sequence) == ("assistant", "end_turn", None)
    prediction = there.owner.get(answer.headers["augury-prediction"])
    assert prediction["status"] == "succeeded"
    assert prediction["output"] == "Hello"
    assert message.id == f"msg_{prediction['id']}"
    assert message.model == there.names["script"]
    assert message._request_id == answer.headers["x-request-id"]
    Message.model_validate(json.loads(answer.text()), strict=True)


def test_a_stream_has_every_event_in_its_order(there: Scene) -> None:
    found = [one for one in events(post(there, asked("Hel", "lo", stream=True))) if one["type"] != "ping"]
    for one in found:
        EVENT.validate_python(one, strict=True)
    kinds = [one["type"] for one in found]
    assert kinds[:2] == ["message_start", "content_block_start"]
    assert set(kinds[2:-3]) == {"content_block_delta"}
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    assert "".join(one["delta"]["text"] for one in found[2:-3]) == "Hello"
    assert found[-2]["delta"] == {"stop_reason": "end_turn", "stop_sequence": None}


def test_the_streaming_helper_puts_the_message_together(there: Scene, client: Any) -> None:
    with client.messages.stream(**asked("Hel", "lo")) as stream:
        assert "".join(stream.text_stream) == "Hello"
        message = stream.get_final_message()
        prediction = there.owner.get(stream.response.headers["augury-prediction"])
    assert text(message) == "Hello"
    assert message.stop_reason == "end_turn"
    assert prediction["status"] == "succeeded"


@pytest.mark.parametrize("model", ["owner/whole", "owner/script"])
def test_a_model_streams_whether_its_text_comes_in_pieces_or_not(client: Any, model: str) -> None:
    said = json.dumps(["x"])
    with client.messages.create(**talk(said, model=model), stream=True) as stream:
        found = [
            one.delta.text for one in stream if one.type == "content_block_delta" and one.delta.type == "text_delta"
        ]
    assert "".join(found) == ("x" if model == "owner/script" else said)


def test_any_text_comes_through_as_it_is(client: Any) -> None:
    pieces = [
        '"quoted" \\ ',
        "lines\n\r\n\r",
        "\u2028\u2029\x85\x0b\x0c\x1c",
        "\U0001f40b ",
        "data: x\n\nevent: y",
        "",
        "end",
    ]
    assert text(client.messages.create(**asked(*pieces))) == "".join(pieces)
    assert text(final(client, asked(*pieces))) == "".join(pieces)
    assert text(final(client, asked(*pieces, stop_sequences=["never"]))) == "".join(pieces)


@pytest.mark.anyio
async def test_the_async_client_gets_the_same(there: Scene) -> None:
    async with there.async_anthropic() as client:
        assert text(await client.messages.create(**asked("Hel", "lo"))) == "Hello"
        async with client.messages.stream(**asked("Hel", "lo")) as stream:
            assert "".join([piece async for piece in stream.text_stream]) == "Hello"
            assert text(await stream.get_final_message()) == "Hello"
        pieces = [one async for one in await client.messages.create(**asked("Hel", "lo"), stream=True)]
        assert pieces[0].type == "message_start"
        assert pieces[-1].type == "message_stop"


def test_a_model_that_takes_messages_gets_them_with_the_system_prompt_first(client: Any) -> None:
    messages = [
        {"role": "user", "content": "one"},
        {"role": "user", "content": [{"type": "text", "text": "two"}, {"type": "text", "text": "three"}]},
        {"role": "assistant", "content": "four"},
        {"role": "user", "content": "five"},
    ]
    system = [{"type": "text", "text": "be", "cache_control": {"type": "ephemeral"}}, {"type": "text", "text": "kind"}]
    assert given(client.messages.create(**talk(*messages, system=system)))["messages"] == [
        {"role": "system", "content": "be\n\nkind"},
        {"role": "user", "content": "one\n\ntwo\n\nthree"},
        {"role": "assistant", "content": "four"},
        {"role": "user", "content": "five"},
    ]


def test_a_model_that_takes_a_prompt_gets_the_conversation_as_one(client: Any) -> None:
    assert text(client.messages.create(**talk("one", model="owner/whole"))) == "one"
    assert text(client.messages.create(**talk("one", model="owner/whole", system="kind"))) == "[kind] one"
    begun = ("one", {"role": "assistant", "content": "tw"})
    assert text(client.messages.create(**talk(*begun, model="owner/whole"))) == "User: one\n\nAssistant: tw"
    longer = (*begun, "three")
    assert text(client.messages.create(**talk(*longer, model="owner/whole"))) == (
        "User: one\n\nAssistant: tw\n\nUser: three\n\nAssistant:"
    )


def test_what_the_model_takes_is_passed_and_what_it_does_not_is_named(there: Scene, client: Any) -> None:
    options = {"temperature": 0.5, "top_p": 0.25, "top_k": 3}
    answer = client.messages.with_raw_response.create(
        **talk("x", stop_sequences=["END"], metadata={"user_id": "u"}), extra_body=options
    )
    got = there.owner.get(answer.headers["augury-prediction"])["input"]
    assert (got["max_tokens"], got["temperature"], got["top_p"], got["stop"]) == (100, 0.5, 0.25, ["END"])
    assert sorted(answer.headers["augury-ignored"].split(", ")) == ["metadata", "top_k"]
    unused = post(there, asked("x", temperature=0.5))
    assert sorted(unused.headers["augury-ignored"].split(", ")) == ["max_tokens", "temperature"]
    ignoring = post(there, talk("x", model="owner/think", top_k=4, inference_geo=None))
    assert ignoring.headers["augury-ignored"] == "max_tokens"
    assert json.loads(ignoring.json()["content"][0]["text"]) == [None, 4]


def test_thinking_is_for_models_that_take_it(client: Any) -> None:
    thinking: Any = {"type": "enabled", "budget_tokens": 1024}
    message = client.messages.create(**talk("x", model="owner/think", thinking=thinking))
    assert json.loads(text(message)) == [thinking, 0]
    with pytest.raises(anthropic.BadRequestError, match="thinking"):
        client.messages.create(**talk("x", thinking=thinking))
    assert given(client.messages.create(**talk("x", thinking={"type": "disabled"})))["messages"]


@pytest.mark.parametrize(
    ("choice", "passed"),
    [
        ({"type": "auto"}, "auto"),
        ({"type": "any"}, "required"),
        ({"type": "none"}, "none"),
        ({"type": "tool", "name": "look"}, {"type": "function", "function": {"name": "look"}}),
    ],
    ids=["auto", "any", "none", "tool"],
)
def test_tools_are_given_as_functions(client: Any, choice: Json, passed: Any) -> None:
    got = given(client.messages.create(**talk("x", tools=[TOOL], tool_choice=choice)))
    function: Json = {"name": "look", "description": "Looks.", "parameters": TOOL["input_schema"]}
    assert got["tools"] == [{"type": "function", "function": function}]
    assert got["tool_choice"] == passed


def test_tools_that_are_not_to_be_used_need_no_model_that_takes_them(client: Any) -> None:
    assert text(client.messages.create(**asked("x", tools=[TOOL], tool_choice={"type": "none"}))) == "x"


def test_uses_of_tools_are_turns_of_the_conversation(client: Any) -> None:
    use = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"at": "sea"}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": "waves"}]}
    thought = {"type": "thinking", "thinking": "hm", "signature": "s"}
    messages = (
        "what is there?",
        {"role": "assistant", "content": [thought, {"type": "text", "text": "I look."}, use]},
        {"role": "user", "content": [result, {"type": "text", "text": "and?"}]},
    )
    call = {"id": "toolu_1", "type": "function", "function": {"name": "look", "arguments": '{"at":"sea"}'}}
    assert given(client.messages.create(**talk(*messages, tools=[TOOL])))["messages"] == [
        {"role": "user", "content": "what is there?"},
        {"role": "assistant", "content": "I look.", "tool_calls": [call]},
        {"role": "tool", "content": "waves", "tool_call_id": "toolu_1"},
        {"role": "user", "content": "and?"},
    ]


def test_a_form_of_the_answer_is_passed_to_models_that_take_one(client: Any) -> None:
    schema: Json = {"type": "object", "properties": {}}
    config: Json = {"format": {"type": "json_schema", "schema": schema}}
    got = given(client.messages.create(**talk("x", output_config=config)))
    assert got["response_format"] == {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    with pytest.raises(anthropic.BadRequestError, match="output_config"):
        client.messages.create(**asked("x", output_config=config))


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_stop_that_the_model_does_not_look_for_ends_the_answer(there: Scene, client: Any, stream: bool) -> None:
    body = asked("one st", "op two", stop_sequences=["never", "stop"])
    message = final(client, body) if stream else client.messages.create(**body)
    assert text(message) == "one "
    assert (message.stop_reason, message.stop_sequence) == ("stop_sequence", "stop")


def test_tokens_are_the_models_own_where_it_counts_them_and_else_marked(there: Scene) -> None:
    counts = ({"metric": ["input_tokens", 11]}, {"metric": ["output_tokens", 3]})
    own = post(there, asked("text", *counts)).json()
    assert own["usage"] == {"input_tokens": 11, "output_tokens": 3}
    estimated = post(there, asked("12345678")).json()
    assert estimated["usage"] == {"input_tokens": 3, "output_tokens": 2, "estimated": True}
    found = events(post(there, asked("text", *counts, stream=True)))
    assert next(one for one in found if one["type"] == "message_delta")["usage"] == own["usage"]


def test_an_answer_that_is_full_says_so_where_the_model_counts(there: Scene) -> None:
    source = """
    from augury import metric
    def predict(prompt: str, max_tokens: int = 5) -> str:
        metric("output_tokens", min(max_tokens, 5))
        return prompt
    """
    there.owner.publish("full", source)
    reasons = [post(there, talk("x", model="owner/full", max_tokens=n)).json()["stop_reason"] for n in (5, 6)]
    assert reasons == ["max_tokens", "end_turn"]


def test_a_silence_is_filled_with_pings(there: Scene, client: Any, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    body = asked("one", {"wait": str(gate)}, "two", stream=True)
    headers = {"x-api-key": there.server.token}
    with httpx.stream("POST", f"{there.server.url}/v1/messages", json=body, headers=headers, timeout=20) as answer:
        lines = answer.iter_lines()
        assert any(line == "event: ping" for line in lines)
        assert next(lines) == 'data: {"type":"ping"}'
        gate.touch()
        assert any("message_stop" in line for line in lines)


@pytest.mark.parametrize("name", ["events", "message"])
def test_a_native_models_message_is_given_on_as_it_is(there: Scene, client: Any, name: str) -> None:
    body = talk("x", model=f"owner/{name}")
    answer = post(there, body)
    assert answer.status_code == 200, answer.text
    whole = Message.model_validate(answer.json(), strict=True)
    for message in (whole, final(client, body)):
        first, use = message.content
        assert first.type == "text"
        assert first.text == ("native x" if name == "events" else "whole x")
        assert use.type == "tool_use"
        assert use.input == {"at": "sea"}
        assert message.stop_reason == "tool_use"
        assert (message.usage.input_tokens, message.usage.output_tokens) == (5, 7)
    assert there.owner.get(answer.headers["augury-prediction"])["input"] == {
        "messages": [{"role": "user", "content": "x"}],
        "max_tokens": 100,
    }


def test_tokens_can_be_counted_before(there: Scene, client: Any) -> None:
    before = there.count()
    body: Json = {"model": "owner/talk", "system": "1234", "messages": [{"role": "user", "content": "12345678"}]}
    answer = post(there, body, "/v1/messages/count_tokens")
    assert answer.json() == {"input_tokens": 3, "estimated": True}
    MessageTokensCount.model_validate(answer.json(), strict=True)
    assert client.messages.count_tokens(**body, tools=[TOOL]).input_tokens > 3
    assert client.messages.count_tokens(**{**body, "model": "owner/events"}).input_tokens > 3
    assert there.count() == before


@pytest.mark.parametrize("how", ["api_key", "auth_token"])
def test_a_token_is_taken_in_either_form(there: Scene, how: str) -> None:
    with there.anthropic(**{"api_key": None, how: there.server.token}) as client:
        assert text(client.messages.create(**asked("x"))) == "x"


def test_a_request_written_by_hand_needs_only_a_key(there: Scene) -> None:
    url = f"{there.server.url}/v1/messages"
    for headers in ({"x-api-key": there.server.token}, {"authorization": f"Bearer {there.server.token}"}):
        assert httpx.post(url, json=asked("x"), headers=headers).json()["content"] == [{"type": "text", "text": "x"}]


def test_the_beta_of_the_client_asks_for_the_same(client: Any) -> None:
    assert client.beta.messages.create(**asked("Hel", "lo")).content[0].text == "Hello"
    with client.beta.messages.stream(**asked("Hel", "lo"), betas=["some-2026-01-01"]) as stream:
        assert "".join(stream.text_stream) == "Hello"


def test_models_are_listed_in_anthropics_shape_for_its_clients(there: Scene, client: Any) -> None:
    page = client.models.list(limit=3)
    assert len(page.data) == 3
    assert page.has_more
    names = [one.id for one in page]
    assert names == [one.id for one in client.models.list()]
    assert len(names) == len(set(names)) > 4
    assert [one.id for one in client.models.list(limit=2, before_id=names[4]).data] == names[2:4]
    assert client.models.list(after_id=names[-1]).data == []
    assert {"owner/script", "owner/talk", "owner/events"} <= set(names)
    assert "owner/add" not in names
    answer = httpx.get(
        f"{there.server.api}/models/owner/script",
        headers={"x-api-key": there.server.token, "anthropic-version": "2023-06-01"},
    )
    ModelInfo.model_validate_json(answer.content, strict=True)
    for name in ("owner/script", there.names["script"]):
        assert client.models.retrieve(name).display_name == name
    assert "anthropic-version" in answer.headers["vary"]
    assert "items" in there.owner.http.get("/models").json()


def test_a_thousand_messages_are_one_call(there: Scene, client: Any) -> None:
    messages = [{"role": ("user", "assistant")[number % 2], "content": f"m{number}"} for number in range(1_000)]
    got = given(client.messages.create(**talk(*messages)))["messages"]
    assert [one["content"] for one in got] == [f"m{number}" for number in range(1_000)]
