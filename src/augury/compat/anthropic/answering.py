"""A text as a message, whole or piece by piece in Anthropic's events.

    message_start, content_block_start -> content_block_delta for each piece -> ..._stop, message_delta, message_stop

Knows nothing about requests, and no model that makes messages itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from augury.compat import usage
from augury.compat.anthropic import errors
from augury.compat.listening import Heard
from augury.compat.stops import Cutter
from augury.compat.texts import piece
from augury.domain import jsontext
from augury.domain.errors import CallerError
from augury.domain.jsontext import JsonObject, JsonText
from augury.domain.prediction import Prediction

_DELTA = (
    b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":'
)
_DELTA_END = b"}}\n\n"
HEARTBEAT = b'event: ping\ndata: {"type":"ping"}\n\n'


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a request its answer depends on."""

    characters: int
    """Of the texts that went in."""
    max_tokens: int | None
    """None where the model has no input for it."""
    stops: Sequence[str]
    request_id: str


def message(asked: Asked, heard: Heard) -> JsonObject:
    """The message of a prediction that has succeeded, or of which there was enough."""
    made = _message(heard.prediction, usage.usage(heard.prediction, asked.characters, len(heard.text)))
    made["content"] = [{"type": "text", "text": heard.text}]
    made.update(_stopped(asked, heard.prediction, heard.stop))
    return made


class Frames:
    """The events of one message; see streaming.Frames."""

    def __init__(self, asked: Asked, prediction: Prediction) -> None:
        self._asked = asked
        self._prediction = prediction
        self._cutter = Cutter(asked.stops) if asked.stops else None
        self._characters = 0

    @property
    def enough(self) -> bool:
        """Whether a stop was found."""
        return self._cutter is not None and self._cutter.found is not None

    def begin(self) -> bytes:
        """The events before the first piece."""
        # How many tokens went in is known at the end only; then the event message_delta says it again.
        tokens = usage.Usage(usage.estimate(self._asked.characters), 0, estimated=True)
        begun = _message(self._prediction, tokens)
        block: JsonObject = {"type": "text", "text": ""}
        return event({"type": "message_start", "message": begun}) + event(
            {"type": "content_block_start", "index": 0, "content_block": block}
        )

    def item(self, data: JsonText) -> bytes:
        """The event of one piece."""
        if self._cutter is not None:
            return self._delta(self._cutter.feed(piece(data)))
        if data[0] != '"' or data == '""':
            return self._delta(piece(data))
        self._characters += len(piece(data)) if "\\" in data else len(data) - 2
        # It is the JSON of a text already.
        return _DELTA + data.encode() + _DELTA_END

    def end(self, prediction: Prediction) -> bytes:
        """The events of the end."""
        last = b"" if self._cutter is None else self._delta(self._cutter.rest())
        tokens = usage.usage(prediction, self._asked.characters, self._characters)
        found = None if self._cutter is None else self._cutter.found
        stopped = _stopped(self._asked, prediction, found)
        return (
            last
            + event({"type": "content_block_stop", "index": 0})
            + event({"type": "message_delta", "delta": stopped, "usage": _usage(tokens)})
            + event({"type": "message_stop"})
        )

    def failed(self, error: CallerError) -> bytes:
        """The event of an error."""
        return event(errors.body(error, self._asked.request_id))

    def _delta(self, text: str) -> bytes:
        if not text:
            return b""
        self._characters += len(text)
        return _DELTA + jsontext.dump_bytes(text) + _DELTA_END


def event(content: JsonObject) -> bytes:
    """One event, named as its type is."""
    return b"event: %b\ndata: %b\n\n" % (str(content["type"]).encode(), jsontext.dump_bytes(content))


def _message(prediction: Prediction, tokens: usage.Usage) -> JsonObject:
    ref = prediction.model
    return {
        "id": f"msg_{prediction.id}",
        "type": "message",
        "role": "assistant",
        "model": f"{ref.owner}/{ref.name}:{ref.version_number}",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": _usage(tokens),
    }


def _usage(tokens: usage.Usage) -> JsonObject:
    return {"input_tokens": tokens.input_tokens, "output_tokens": tokens.output_tokens, **tokens.mark}


def _stopped(asked: Asked, prediction: Prediction, found: str | None) -> JsonObject:
    if found is not None:
        return {"stop_reason": "stop_sequence", "stop_sequence": found}
    made = usage.output_tokens(prediction)
    full = asked.max_tokens is not None and made is not None and made >= asked.max_tokens
    return {"stop_reason": "max_tokens" if full else "end_turn", "stop_sequence": None}
