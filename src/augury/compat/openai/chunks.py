"""A streamed chat completion: its chunks as they go over the wire, for each choice and for the whole.

    role -> pieces of content -> finish_reason, of each choice;  then usage, where it is wanted, and [DONE]

A piece is put between bytes that are made once, as it came from the store. Knows no model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from augury.compat.openai import errors
from augury.compat.stops import Cutter
from augury.compat.texts import piece
from augury.compat.usage import Usage, total, usage
from augury.domain import jsontext
from augury.domain.errors import CallerError
from augury.domain.jsontext import JsonObject, JsonText
from augury.domain.prediction import Prediction

DONE = b"data: [DONE]\n\n"
_GOES_ON = b',"finish_reason":null}]}\n\n'


@dataclass(slots=True)
class Whole:
    """What the choices of one answer have in common; `asked` is in characters."""

    about: JsonObject
    """id, created and model."""
    asked: int
    with_usage: bool
    choices: int
    reason: Callable[[Prediction], str]
    """Why the model ended by itself."""
    _usages: list[Usage] = field(default_factory=list[Usage])

    @property
    def head(self) -> bytes:
        """The beginning of each chunk."""
        nothing: JsonObject = {"usage": None} if self.with_usage else {}
        made = jsontext.dump_bytes({**self.about, "object": "chat.completion.chunk", **nothing})
        return b"data: " + made[:-1] + b',"choices":['

    def ended(self, one: Usage) -> bytes:
        """What follows the end of a choice: nothing, but for the last of them."""
        self._usages.append(one)
        if len(self._usages) < self.choices:
            return b""
        if not self.with_usage:
            return DONE
        last = {
            **self.about,
            "object": "chat.completion.chunk",
            "choices": [],
            "usage": usage_json(total(self._usages)),
        }
        return b"data: " + jsontext.dump_bytes(last) + b"\n\n" + DONE


class ChoiceFrames:
    """The chunks of one choice; see streaming.Frames."""

    def __init__(self, whole: Whole, index: int, stops: Sequence[str]) -> None:
        self._whole = whole
        self._cutter = Cutter(stops) if stops else None
        self._said = 0
        before = b'%s{"index":%d,"delta":' % (whole.head, index)
        self._start = before + b'{"role":"assistant","content":"","refusal":null}' + _GOES_ON
        self._before = before + b'{"content":'
        self._after = b"}" + _GOES_ON
        self._last = before + b'{},"finish_reason":"'

    @property
    def enough(self) -> bool:
        """Whether a stop was met."""
        return self._cutter is not None and self._cutter.found is not None

    def begin(self) -> bytes:
        """The chunk that says who speaks."""
        return self._start

    def item(self, data: JsonText) -> bytes:
        """The chunk of one piece of text."""
        if self._cutter is None and data[0] == '"':
            self._said += _length(data)
            return self._before + data.encode() + self._after
        return self._content(self._shown(piece(data)))

    def end(self, prediction: Prediction) -> bytes:
        """What was held back, why it ended, and what follows the last choice."""
        rest = b"" if self._cutter is None or self.enough else self._content(self._cutter.rest())
        reason = "stop" if self.enough else self._whole.reason(prediction)
        ended = self._whole.ended(usage(prediction, self._whole.asked, self._said))
        return rest + self._last + reason.encode() + b'"}]}\n\n' + ended

    def failed(self, error: CallerError) -> bytes:
        """The event that ends a stream which has no end."""
        return b"data: " + jsontext.dump_bytes(errors.body(error)) + b"\n\n"

    def _shown(self, text: str) -> str:
        return text if self._cutter is None else self._cutter.feed(text)

    def _content(self, text: str) -> bytes:
        self._said += len(text)
        return self._before + jsontext.dump_bytes(text) + self._after if text else b""


def usage_json(found: Usage) -> JsonObject:
    """The usage as it is shown, marked where it is an estimate."""
    return {
        "prompt_tokens": found.input_tokens,
        "completion_tokens": found.output_tokens,
        "total_tokens": found.total,
        **found.mark,
    }


def _length(data: JsonText) -> int:
    return len(piece(data)) if "\\" in data else len(data) - 2
