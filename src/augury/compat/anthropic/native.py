"""Models that make messages, or the events of one, themselves: what they put out, as the client wants it.

    stream: their events as they are, a whole message as the events of it
    else:   their message as it is, their events put together

Knows nothing about requests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import cast

from augury.compat import native
from augury.compat.anthropic import errors
from augury.compat.anthropic.answering import event
from augury.compat.failures import ModelFailed
from augury.domain import jsontext
from augury.domain.errors import CallerError
from augury.domain.jsontext import InvalidJson, JsonObject, JsonText, JsonValue
from augury.domain.prediction import Prediction

_NAME = re.compile(r"[a-z_]{1,64}")
_GROWING = {
    "text_delta": ("text", "text"),
    "thinking_delta": ("thinking", "thinking"),
    "signature_delta": ("signature", "signature"),
}
"""By the type of a delta, its field and the block's that it is added to."""


def message(prediction: Prediction) -> JsonObject:
    """The message that a model's output is or amounts to; raises ModelFailed."""
    events = native.answers(prediction.output)
    made = events[0] if len(events) == 1 else _together(events)
    if made is None or made.get("type") != "message":
        raise _no_message(prediction)
    return made


class Frames:
    """The events as they come; see streaming.Frames."""

    enough = False

    def __init__(self, prediction: Prediction, request_id: str) -> None:
        self._prediction = prediction
        self._request_id = request_id

    def begin(self) -> bytes:
        """Nothing: the model begins its message itself."""
        return b""

    def item(self, data: JsonText) -> bytes:
        """The event, or events, of one output; raises ModelFailed for what is none."""
        value = jsontext.loads(data)
        kind = value.get("type") if isinstance(value, dict) else None
        if not isinstance(value, dict) or not isinstance(kind, str) or not _NAME.fullmatch(kind):
            raise _no_message(self._prediction)
        return b"".join(map(event, _apart(value))) if kind == "message" else event(value)

    def end(self, prediction: Prediction) -> bytes:
        """Nothing: the model has said that it is the end."""
        return b""

    def failed(self, error: CallerError) -> bytes:
        """The event of an error."""
        return event(errors.body(error, self._request_id))


def _together(events: Sequence[JsonObject]) -> JsonObject | None:
    """The message that these are the events of; None where they begin none."""
    begun = events[0].get("message")
    if not isinstance(begun, dict):
        return None
    made: JsonObject = {**begun}
    blocks: dict[int, JsonObject] = {}
    inputs: dict[int, str] = {}
    for one in events[1:]:
        number, delta = one.get("index"), one.get("delta")
        block = one.get("content_block")
        if isinstance(number, int) and isinstance(block, dict):
            blocks[number] = {**block}
        elif isinstance(number, int) and isinstance(delta, dict) and number in blocks:
            _grow(blocks[number], delta)
            if delta.get("type") == "input_json_delta":
                inputs[number] = inputs.get(number, "") + str(delta.get("partial_json", ""))
        elif isinstance(delta, dict):
            made.update(delta)
            before, now = made.get("usage"), one.get("usage")
            made["usage"] = {**(before if isinstance(before, dict) else {}), **(now if isinstance(now, dict) else {})}
    for number, text in inputs.items():
        blocks[number]["input"] = _parsed(text)
    made["content"] = [blocks[number] for number in sorted(blocks)]
    return made


def _grow(block: JsonObject, delta: JsonObject) -> None:
    kind = str(delta.get("type"))
    if kind in _GROWING:
        more, name = _GROWING[kind]
        block[name] = str(block.get(name) or "") + str(delta.get(more, ""))
    elif kind == "citations_delta":
        known = block.get("citations")
        block["citations"] = [*(known if isinstance(known, list) else []), delta.get("citation")]


def _parsed(text: str) -> JsonValue:
    try:
        return jsontext.loads(text or "{}")
    except InvalidJson:
        return {}


def _apart(message: JsonObject) -> Iterator[JsonObject]:
    """The events of a message that came whole."""
    content = message.get("content")
    usage = message.get("usage")
    begun: JsonObject = {**message, "content": [], "stop_reason": None, "stop_sequence": None}
    yield {"type": "message_start", "message": begun}
    for number, block in enumerate(cast("list[JsonObject]", content) if isinstance(content, list) else ()):
        empty, delta = _emptied(block)
        yield {"type": "content_block_start", "index": number, "content_block": empty}
        if delta is not None:
            yield {"type": "content_block_delta", "index": number, "delta": delta}
        yield {"type": "content_block_stop", "index": number}
    stopped = {name: message.get(name) for name in ("stop_reason", "stop_sequence")}
    yield {"type": "message_delta", "delta": stopped, "usage": usage if isinstance(usage, dict) else {}}
    yield {"type": "message_stop"}


def _emptied(block: JsonObject) -> tuple[JsonObject, JsonObject | None]:
    """A block as it begins, and what is added to it then."""
    if block.get("type") == "text":
        return {**block, "text": ""}, {"type": "text_delta", "text": block.get("text", "")}
    if block.get("type") == "tool_use":
        text = jsontext.dumps(block.get("input", {}))
        return {**block, "input": {}}, {"type": "input_json_delta", "partial_json": text}
    return block, None


def _no_message(prediction: Prediction) -> ModelFailed:
    return ModelFailed(
        f"The model's answer is no message of this API's; prediction {prediction.id} has it.", code="not_an_answer"
    )
