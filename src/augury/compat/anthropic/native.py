"""Models that make messages, or the events of one, themselves: what they put out, as the client wants it.

    stream: their events as they are, a whole message as the events of it
    else:   their message as it is, their events put together

Knows nothing about requests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from augury.compat import native
from augury.compat.anthropic import errors
from augury.compat.anthropic.answering import event
from augury.compat.failures import ModelFailed
from augury.domain import jsontext
from augury.domain.errors import CallerError
from augury.domain.jsontext import InvalidJson, JsonObject, JsonText, JsonValue
from augury.domain.prediction import Prediction

_NAME = re.compile(r"[a-z_]{1,64}")
_GROWING = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "signature"}
"""By the type of a delta, the field of it and of its block that grows."""


def message(prediction: Prediction) -> JsonObject:
    """The message that a model's output is or amounts to; raises ModelFailed."""
    try:
        found = native.answers(prediction.output)
    except ModelFailed:
        raise _no_message(prediction) from None
    events = [one for one in found if one.get("type") != "ping"]
    for one in events:
        if one.get("type") == "error":
            raise ModelFailed(_said(one), code="prediction_failed", prediction=prediction.id)
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
    """The message that these are the events of; None where they are of none."""
    made: JsonObject = {}
    blocks: dict[JsonValue, _Block] = {}
    for one in events:
        kind, number = one.get("type"), one.get("index")
        if kind == "message_start":
            made.update(_object(one, "message"))
        elif kind == "content_block_start" and isinstance(number, int):
            blocks[number] = _Block({**_object(one, "content_block")})
        elif kind == "content_block_delta" and isinstance(number, int) and number in blocks:
            blocks[number].grow(_object(one, "delta"))
        elif kind == "message_delta":
            made.update(_object(one, "delta"))
            made["usage"] = {**_object(made, "usage"), **_object(one, "usage")}
    try:
        made["content"] = [one.whole() for one in blocks.values()]
    except InvalidJson:
        return None
    return made


@dataclass(slots=True)
class _Block:
    """A block that grows."""

    content: JsonObject
    input: str = ""
    """What there is of the JSON of a tool's input."""

    def grow(self, delta: JsonObject) -> None:
        kind = str(delta.get("type"))
        if kind in _GROWING:
            name = _GROWING[kind]
            self.content[name] = str(self.content.get(name) or "") + str(delta.get(name, ""))
        elif kind == "input_json_delta":
            self.input += str(delta.get("partial_json", ""))
        elif kind == "citations_delta":
            known = self.content.get("citations")
            self.content["citations"] = [*(known if isinstance(known, list) else []), delta.get("citation")]

    def whole(self) -> JsonObject:
        return {**self.content, "input": jsontext.loads(self.input)} if self.input else self.content


def _object(of: JsonObject, name: str) -> JsonObject:
    found = of.get(name)
    return found if isinstance(found, dict) else {}


def _said(event: JsonObject) -> str:
    return str(_object(event, "error").get("message") or "The model failed.")


def _apart(message: JsonObject) -> Iterator[JsonObject]:
    """The events of a message that came whole."""
    content = message.get("content")
    blocks = [one for one in content if isinstance(one, dict)] if isinstance(content, list) else []
    begun: JsonObject = {**message, "content": [], "stop_reason": None, "stop_sequence": None}
    yield {"type": "message_start", "message": begun}
    for number, block in enumerate(blocks):
        empty, delta = _emptied(block)
        yield {"type": "content_block_start", "index": number, "content_block": empty}
        if delta is not None:
            yield {"type": "content_block_delta", "index": number, "delta": delta}
        yield {"type": "content_block_stop", "index": number}
    stopped = {name: message.get(name) for name in ("stop_reason", "stop_sequence")}
    yield {"type": "message_delta", "delta": stopped, "usage": _object(message, "usage")}
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
        f"The model's answer is no message of this API's; prediction {prediction.id} has it.",
        code="not_an_answer",
        prediction=prediction.id,
    )
