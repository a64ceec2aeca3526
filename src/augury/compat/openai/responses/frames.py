"""A response as it comes: the events of a text, and those of a model that makes responses itself.

    created, in_progress, output_item.added, content_part.added -> output_text.delta ... -> their ends, completed

The same prediction gives the same events with the same numbers whenever it is followed, so that a reader can go on
behind one that it had. Knows nothing about requests.
"""

from __future__ import annotations

from augury.compat import native
from augury.compat.openai.errors import body
from augury.compat.openai.responses.showing import About, item, opened, part
from augury.compat.texts import is_text, joined
from augury.domain import jsontext
from augury.domain.errors import CallerError
from augury.domain.jsontext import JsonObject, JsonText, JsonValue
from augury.domain.prediction import Prediction


class _Numbered:
    """Events with their numbers; those up to `after` are not sent again."""

    def __init__(self, after: int) -> None:
        self._after = after
        self.number = 0

    def event(self, type: str, **fields: JsonValue) -> bytes:
        number = self.number
        self.number += 1
        if number <= self._after:
            return b""
        data = jsontext.dump_bytes({"type": type, **fields, "sequence_number": number})
        return b"event: %b\ndata: %b\n\n" % (type.encode(), data)

    def delta(self, before: bytes, text: str) -> bytes:
        """The event of which there are many; `before` is what they have in common."""
        number = self.number
        self.number += 1
        if number <= self._after:
            return b""
        return b'%b%b,"sequence_number":%d}\n\n' % (before, jsontext.dump_bytes(text), number)


class TextFrames:
    """The stream of a model that gives text; see streaming.Frames."""

    enough = False

    def __init__(self, about: About, prediction: Prediction, after: int = -1) -> None:
        self._about = about
        self._prediction = prediction
        self._events = _Numbered(after)
        self._pieces: list[str] = []
        self._place: JsonObject = {"item_id": f"msg_{prediction.id}", "output_index": 0, "content_index": 0}
        shared = jsontext.dump_bytes({"type": "response.output_text.delta", **self._place, "logprobs": []})
        self._delta = b'event: response.output_text.delta\ndata: %b,"delta":' % shared[:-1]

    def begin(self) -> bytes:
        """See streaming.Frames."""
        event, place = self._events.event, self._place
        response = self._about.frame(self._prediction, "in_progress")
        return b"".join(
            (
                event("response.created", response=response),
                event("response.in_progress", response=response),
                event("response.output_item.added", output_index=0, item=opened(self._prediction)),
                event("response.content_part.added", **place, part=part("")),
            )
        )

    def item(self, data: JsonText) -> bytes:
        """See streaming.Frames."""
        found = jsontext.loads(data)
        piece = found if isinstance(found, str) else joined(data)
        if not piece:
            return b""
        self._pieces.append(piece)
        return self._events.delta(self._delta, piece)

    def end(self, prediction: Prediction) -> bytes:
        """See streaming.Frames."""
        text = "".join(self._pieces)
        response = self._about.response(prediction, text)
        status = str(response["status"])
        event, place = self._events.event, self._place
        return b"".join(
            (
                event("response.output_text.done", **place, logprobs=[], text=text),
                event("response.content_part.done", **place, part=part(text)),
                event("response.output_item.done", output_index=0, item=item(prediction, text, status)),
                event(f"response.{status}", response=response),
            )
        )

    def failed(self, error: CallerError) -> bytes:
        """See streaming.Frames."""
        return _failed(self._events, self._about, self._prediction, error)


class NativeFrames:
    """The stream of a model that gives OpenAI's events, or a response at once; see streaming.Frames."""

    enough = False

    def __init__(self, about: About, prediction: Prediction, after: int = -1) -> None:
        self._about = about
        self._prediction = prediction
        self._events = _Numbered(after)

    def begin(self) -> bytes:
        """See streaming.Frames."""
        return b""

    def item(self, data: JsonText) -> bytes:
        """See streaming.Frames."""
        return b"".join(self._event(one) for one in native.answers(data))

    def end(self, prediction: Prediction) -> bytes:
        """See streaming.Frames."""
        return b"" if self._events.number or prediction.output is None else self.item(prediction.output)

    def failed(self, error: CallerError) -> bytes:
        """See streaming.Frames."""
        return _failed(self._events, self._about, self._prediction, error)

    def _event(self, one: JsonObject) -> bytes:
        event = self._events.event
        if one.get("object") == "response":
            whole: JsonObject = {**one, "id": self._about.id}
            begun: JsonObject = {**whole, "status": "in_progress", "output": [], "usage": None}
            return event("response.created", response=begun) + event("response.completed", response=whole)
        fields = {name: value for name, value in one.items() if name not in ("type", "sequence_number")}
        response = fields.get("response")
        if isinstance(response, dict):
            fields["response"] = {**response, "id": self._about.id}
        return event(str(one.get("type")), **fields)


def is_answer(output: JsonText | None) -> bool:
    """Whether an output can be a response: a text, or what a native model gives."""
    found = jsontext.loads(output or "null")
    first = found[0] if isinstance(found, list) and found else found
    return is_text(output) or (isinstance(first, dict) and ("type" in first or first.get("object") == "response"))


def whole(output: JsonText | None, name: str) -> JsonObject:
    """The response that a native model gave, under the name it has here; raises ModelFailed."""
    given = native.answers(output)
    last = given[-1]
    found = last.get("response", last)
    return {**(found if isinstance(found, dict) else last), "id": name}


def _failed(events: _Numbered, about: About, prediction: Prediction, error: CallerError) -> bytes:
    said = body(error)["error"]
    message = said.get("message") if isinstance(said, dict) else None
    response = about.frame(prediction, "failed")
    response["error"] = {"code": "server_error", "message": message}
    return events.event("response.failed", response=response)
