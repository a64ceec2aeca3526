"""Chunks of a native model as one completion, whatever they are pieces of."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openai.types.chat import ChatCompletion

from augury.compat.openai.native import merged
from augury.domain.jsontext import JsonObject

SAME: JsonObject = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}


def chunk(delta: JsonObject, index: int = 0, reason: str | None = None, **more: Any) -> JsonObject:
    return {**SAME, "choices": [{"index": index, "delta": delta, "finish_reason": reason}], **more}


def completion(*chunks: JsonObject) -> dict[str, Any]:
    """What they are together, which is OpenAI's to the letter."""
    found: dict[str, Any] = json.loads(json.dumps(merged(chunks)))
    ChatCompletion.model_validate(found, strict=True)
    return found


def test_content_grows_and_the_role_is_said_once() -> None:
    found = completion(
        chunk({"role": "assistant", "content": ""}),
        chunk({"role": "assistant", "content": "Hel"}),
        chunk({"content": "lo"}),
        chunk({}, reason="stop"),
    )
    assert found["choices"] == [
        {"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop", "logprobs": None}
    ]
    assert found["object"] == "chat.completion"


def test_calls_of_tools_grow_each_by_its_index() -> None:
    def call(index: int, **fields: Any) -> JsonObject:
        return chunk({"tool_calls": [{"index": index, **fields}]})

    found = completion(
        chunk({"role": "assistant", "content": None}),
        call(0, id="a", type="function", function={"name": "add", "arguments": ""}),
        call(0, function={"arguments": '{"x":'}),
        call(1, id="b", type="function", function={"name": "take", "arguments": "{}"}),
        call(0, function={"arguments": "1}"}),
        chunk({}, reason="tool_calls"),
    )
    message = found["choices"][0]["message"]
    assert message["content"] is None
    assert message["tool_calls"] == [
        {"id": "a", "type": "function", "function": {"name": "add", "arguments": '{"x":1}'}},
        {"id": "b", "type": "function", "function": {"name": "take", "arguments": "{}"}},
    ]
    assert found["choices"][0]["finish_reason"] == "tool_calls"


def test_choices_are_told_apart_and_usage_is_kept() -> None:
    usage: JsonObject = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    found = completion(
        chunk({"content": "b"}, 1, usage=None),
        chunk({"content": "a"}, 0, usage=None),
        chunk({"content": "B"}, 1, "length"),
        chunk({"content": "A"}, 0, "stop"),
        {**SAME, "choices": [], "usage": usage},
    )
    assert [(one["message"]["content"], one["finish_reason"]) for one in found["choices"]] == [
        ("aA", "stop"),
        ("bB", "length"),
    ]
    assert found["usage"] == usage


@pytest.mark.parametrize(
    "strange",
    [
        {"choices": "none"},
        {"choices": [5]},
        {"choices": [{"index": "x", "delta": 5}]},
        {"choices": [{"delta": {"tool_calls": [{"index": 10**9}]}}]},
        {"choices": [{"delta": {"tool_calls": [{"index": -1, "id": "a"}]}}]},
        {"choices": [{"delta": {"content": 5}}, {"delta": {"content": ["x"]}}]},
    ],
    ids=lambda strange: json.dumps(strange),
)
def test_what_is_strange_is_merged_without_harm(strange: JsonObject) -> None:
    assert merged([strange, strange])["object"] == "chat.completion"
