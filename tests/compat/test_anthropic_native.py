"""What models that speak Anthropic's language put out, put together and taken apart."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from anthropic.types import Message, RawMessageStreamEvent
from pydantic import TypeAdapter

from augury.compat.anthropic import native
from augury.compat.failures import ModelFailed
from augury.domain import jsontext
from augury.domain.ids import AccountId, PredictionId
from augury.domain.prediction import ModelRef, Prediction, Status

Json = dict[str, Any]

MESSAGE: Json = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "own",
    "content": [],
    "stop_reason": None,
    "stop_sequence": None,
    "usage": {"input_tokens": 3, "output_tokens": 0},
}
START: Json = {"type": "message_start", "message": MESSAGE}
END: list[Json] = [
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}},
    {"type": "message_stop"},
]


def put_out(output: Any) -> Prediction:
    """A prediction with this output."""
    return Prediction(
        id=PredictionId("p"),
        account_id=AccountId("a"),
        version_id=1,
        model=ModelRef("ada", "own", 1),
        status=Status.SUCCEEDED,
        created_at=0,
        updated_at=0,
        input=None,
        output=jsontext.dumps(output),
    )


def block(number: int, content: Json, *deltas: Json) -> list[Json]:
    """The events of a block."""
    return [
        {"type": "content_block_start", "index": number, "content_block": content},
        *({"type": "content_block_delta", "index": number, "delta": one} for one in deltas),
        {"type": "content_block_stop", "index": number},
    ]


def test_every_kind_of_block_is_put_together() -> None:
    thinking = [{"type": "thinking_delta", "thinking": one} for one in ("h", "m")]
    signature: Json = {"type": "signature_delta", "signature": "s"}
    cited: Json = {
        "type": "char_location",
        "cited_text": "x",
        "document_index": 0,
        "document_title": None,
        "file_id": None,
        "start_char_index": 0,
        "end_char_index": 1,
    }
    events = [
        {"type": "ping"},
        START,
        *block(0, {"type": "thinking", "thinking": "", "signature": ""}, *thinking, signature),
        *block(
            1,
            {"type": "text", "text": ""},
            {"type": "text_delta", "text": "a"},
            {"type": "citations_delta", "citation": cited},
            {"type": "text_delta", "text": "b"},
        ),
        *block(2, {"type": "tool_use", "id": "t", "name": "look", "input": {}}),
        {"type": "something_newer", "index": 2, "delta": {"stop_reason": "refusal"}},
        *END,
    ]
    made = native.message(put_out(events))
    Message.model_validate(made, strict=True)
    assert made["content"] == [
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "text", "text": "ab", "citations": [cited]},
        {"type": "tool_use", "id": "t", "name": "look", "input": {}},
    ]
    assert made["stop_reason"] == "end_turn"
    assert made["usage"] == {"input_tokens": 3, "output_tokens": 9}


@pytest.mark.parametrize(
    "output",
    [
        None,
        "text",
        5,
        [],
        {},
        [[]],
        {"type": "completion"},
        [{"type": "ping"}, {"type": "ping"}],
        END,
        [START, *block(0, {"type": "tool_use"}, {"type": "input_json_delta", "partial_json": "{"}), *END],
    ],
    ids=["null", "text", "number", "nothing", "empty", "list", "other", "pings", "end", "broken-input"],
)
def test_what_amounts_to_no_message_is_a_failure_of_the_model(output: Any) -> None:
    with pytest.raises(ModelFailed) as caught:
        native.message(put_out(output))
    assert (caught.value.code, caught.value.prediction) == ("not_an_answer", "p")


def test_an_error_that_a_model_says_is_its_failure() -> None:
    with pytest.raises(ModelFailed, match="too much"):
        native.message(put_out([START, {"type": "error", "error": {"type": "api_error", "message": "too much"}}]))


def test_a_whole_message_is_taken_apart_into_events_that_amount_to_it() -> None:
    content = [{"type": "text", "text": "a"}, {"type": "tool_use", "id": "t", "name": "look", "input": {"at": [1]}}]
    whole: Json = {**MESSAGE, "content": content, "stop_reason": "tool_use"}
    frames = native.Frames(put_out(whole), "request").item(jsontext.dumps(whole)).decode()
    events = [cast("Json", json.loads(one.partition("data: ")[2])) for one in frames.split("\n\n")[:-1]]
    adapter: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)
    for one in events:
        adapter.validate_python(one, strict=True)
    assert native.message(put_out(events)) == whole


@pytest.mark.parametrize("item", ["x", 5, None, [], {}, {"type": 5}, {"type": "a\n\nevent: b"}], ids=range(7))
def test_what_is_no_event_is_a_failure_of_the_model(item: Any) -> None:
    with pytest.raises(ModelFailed):
        native.Frames(put_out(item), "request").item(jsontext.dumps(item))
