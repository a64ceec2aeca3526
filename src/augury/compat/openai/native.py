"""What models give that speak OpenAI's own shapes: a completion, or its chunks, passed on or merged into one.

Knows nothing about what the shapes mean beyond what merging needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from augury.compat.openai import errors
from augury.compat.openai.chunks import DONE
from augury.domain import jsontext
from augury.domain.errors import CallerError
from augury.domain.jsontext import JsonObject, JsonText, JsonValue
from augury.domain.prediction import Prediction

CHUNK = "chat.completion.chunk"
_ONCE = frozenset(("index", "id", "type", "role"))
"""Texts of a delta that are said, and not continued."""


class NativeFrames:
    """A stream of the model's own items; see streaming.Frames."""

    @property
    def enough(self) -> bool:
        """Never: the model knows when it has ended."""
        return False

    def begin(self) -> bytes:
        """Nothing."""
        return b""

    def item(self, data: JsonText) -> bytes:
        """One chunk."""
        return b"data: " + data.encode() + b"\n\n"

    def end(self, prediction: Prediction) -> bytes:
        """What tells the clients that it is whole."""
        _ = prediction
        return DONE

    def failed(self, error: CallerError) -> bytes:
        """The event that ends a stream which has no end."""
        return b"data: " + jsontext.dump_bytes(errors.body(error)) + b"\n\n"


def completion(answers: Sequence[JsonObject]) -> bytes:
    """The answer's body: what the model gave, or its chunks as one completion."""
    if len(answers) == 1 and answers[0].get("object") != CHUNK:
        return jsontext.dump_bytes(answers[0])
    return jsontext.dump_bytes(merged(answers))


def merged(chunks: Sequence[JsonObject]) -> JsonObject:
    """The completion that these chunks are pieces of."""
    made: JsonObject = {}
    choices: dict[int, JsonObject] = {}
    for chunk in chunks:
        made |= {name: value for name, value in chunk.items() if name != "choices" and value is not None}
        for one in _objects(chunk.get("choices")):
            index = one.get("index", 0)
            _add_choice(choices.setdefault(index if isinstance(index, int) else 0, {}), one)
    made["object"] = "chat.completion"
    made["choices"] = [{"index": index, **choices[index]} for index in sorted(choices)]
    return made


def _add_choice(choice: JsonObject, chunk: JsonObject) -> None:
    message = choice.setdefault("message", {"role": "assistant", "content": None})
    delta = chunk.get("delta")
    if isinstance(message, dict) and isinstance(delta, dict):
        _continue(message, delta)
    for name in ("finish_reason", "logprobs"):
        if chunk.get(name) is not None or name not in choice:
            choice[name] = chunk.get(name)


def _continue(so_far: JsonObject, delta: JsonObject) -> None:
    """Texts grow, and lists by the index of what is in them."""
    for name, value in delta.items():
        before = so_far.get(name)
        if isinstance(before, str) and isinstance(value, str) and name not in _ONCE:
            so_far[name] = before + value
        elif isinstance(before, dict) and isinstance(value, dict):
            _continue(before, value)
        elif isinstance(value, list):
            so_far[name] = _listed(before, value)
        elif value is not None:
            so_far[name] = value


def _listed(before: JsonValue, more: Sequence[JsonValue]) -> list[JsonValue]:
    found = list(before) if isinstance(before, list) else []
    for one in more:
        index = one.get("index") if isinstance(one, dict) else None
        if isinstance(one, dict) and isinstance(index, int) and index >= 0:
            # The next one, or nearly: a list is not made as long as some index says.
            found += [{} for _ in range(index + 1 - len(found))] if index < len(found) + len(more) else []
            rest: JsonObject = {name: value for name, value in one.items() if name != "index"}
            if index < len(found) and isinstance(known := found[index], dict):
                _continue(known, rest)
        else:
            found.append(one)
    return found


def _objects(value: JsonValue | None) -> list[JsonObject]:
    return [cast("JsonObject", one) for one in value if isinstance(one, dict)] if isinstance(value, list) else []
