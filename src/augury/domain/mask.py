"""Values that nobody may see -> stars in their place, in whatever a model writes or raises.

    values -> what they are written as (as they are, line by line, escaped, in base64) -> every place in a text

A long value is also found where only its beginning or its end stands. What is shorter than SHORTEST is left: it would
be found everywhere. Knows nothing about where texts come from.
"""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterable, Iterator
from typing import cast
from urllib.parse import quote, quote_plus

from augury.domain.jsontext import JsonObject, JsonValue
from augury.domain.logline import LINE_LIMIT
from augury.domain.prediction import Failure

STARS = "**********"
SHORTEST = 4
"""Characters of the shortest value, or line of a value, that is masked."""
PIECE = 16
"""Characters at the beginning or end of a long form that are enough to give it away."""
RECENT = 100
"""Owners whose values are remembered, unless more of them last."""
_MOST_FORMS = 5_000
"""As RECENT, of what is looked for in each text."""
_MANY_LINES = 200
_LONG = 24
_MOST_SPANS = 1000
"""Places in one text, after which all of it is masked."""
_CUTS = ("… [line cut]", "…")
"""How a text ends whose end was cut off, perhaps in the middle of a value."""

Span = tuple[int, int]


class Mask:
    """Knows some values for good, and others for as long as their owners last, and some time after that."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._fixed = _forms(values)
        self._added: dict[str, tuple[str, ...]] = {}
        self._left: dict[str, None] = {}
        """Whose owners have ended, in that order."""
        self._every = self._fixed

    def __bool__(self) -> bool:
        return bool(self._every)

    def add(self, owner: str, values: Iterable[str]) -> None:
        """Mask these, too, at least until the owner has ended."""
        self._left.pop(owner, None)
        self._added[owner] = _forms(values)
        self._forget()
        self._every = tuple(dict.fromkeys((*self._fixed, *(form for some in self._added.values() for form in some))))

    def ended(self, owner: str) -> None:
        """Its values may be forgotten, when there are others."""
        if owner in self._added:
            self._left[owner] = None

    def _forget(self) -> None:
        forms = sum(map(len, self._added.values()))
        for owner in list(self._left):
            if len(self._added) <= RECENT and forms <= _MOST_FORMS:
                return
            forms -= len(self._added.pop(owner))
            del self._left[owner]

    def text(self, text: str) -> str:
        """The text with stars where a value is; the same object where there is none."""
        if not self._every:
            return text
        spans: list[Span] = []
        for form in self._every:
            for span in _places(text, form):
                spans.append(span)
                if len(spans) > _MOST_SPANS:
                    return STARS
        if (end := _cut_at(text)) is not None:
            spans.extend(_broken_off(text, end, self._every))
        return _starred(text, sorted(spans)) if spans else text

    def value(self, value: JsonValue) -> JsonValue:
        """A JSON value with stars in its texts and keys."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(one) for one in value]
        if isinstance(value, dict):
            return {self.text(key): self.value(one) for key, one in value.items()}
        return value

    def failure(self, failure: Failure) -> Failure:
        """The failure with stars in all that it says; the same object where nothing changes."""
        if not self._every:
            return failure
        detail = cast("JsonObject", self.value(failure.detail))
        masked = Failure(failure.source, self.text(failure.message), detail)
        return failure if masked == failure else masked


def _forms(values: Iterable[str]) -> tuple[str, ...]:
    """Everything that values are looked for as, each once."""
    return tuple(dict.fromkeys(form for value in values for form in _written(value) if len(form) >= SHORTEST))


def _written(value: str) -> Iterator[str]:
    if len(value) < SHORTEST:
        return
    yield value
    lines = value.splitlines()
    # Of many lines the short ones are no secrets, and each is looked for in every text.
    least = SHORTEST if len(lines) <= _MANY_LINES else PIECE
    for line in lines:
        if len(line) >= least:
            yield line.strip()
    # As the texts of exceptions and lines with a NUL are shown.
    yield " ".join(value.split())
    yield value.replace("\0", "\ufffd")
    yield repr(value)[1:-1]
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield html.escape(value)
    raw = value.encode("utf-8", "replace")
    yield repr(raw)[2:-1]
    yield quote(raw)
    yield quote(raw, safe="")
    yield quote_plus(raw)
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(raw).decode().rstrip("=")


def _places(text: str, form: str) -> Iterator[Span]:
    """Where a form, or enough of it, stands."""
    if len(form) < _LONG:
        for start in _found(text, form):
            yield start, start + len(form)
        return
    for start in _found(text, form[:PIECE]):
        yield start, start + _agreement(text[start : start + len(form)], form)
    for start in _found(text, form[-PIECE:]):
        end = start + PIECE
        yield end - _agreement(text[max(0, end - len(form)) : end][::-1], form[::-1]), end


def _found(text: str, wanted: str) -> Iterator[int]:
    start = text.find(wanted)
    while start >= 0:
        yield start
        start = text.find(wanted, start + 1)


def _agreement(one: str, other: str) -> int:
    """How many characters both begin with."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle - 1)
    return low


def _cut_at(text: str) -> int | None:
    """Where a text ends that was cut; None for one that is whole."""
    for mark in _CUTS:
        if text.endswith(mark):
            return len(text) - len(mark)
    return len(text) if len(text) >= LINE_LIMIT else None


def _broken_off(text: str, end: int, forms: tuple[str, ...]) -> Iterator[Span]:
    """The beginnings of forms that stand at the end of what was cut."""
    for form in forms:
        for length in range(min(len(form) - 1, PIECE), SHORTEST - 1, -1):
            if text.endswith(form[:length], 0, end):
                yield end - length, end
                break


def _starred(text: str, spans: list[Span]) -> str:
    parts: list[str] = []
    done = 0
    for start, end in spans:
        if end <= done:
            continue
        if start >= done:
            # What touches is one secret, or looks like one.
            parts += [text[done:start], STARS] if start > done or not parts else []
        done = end
    return "".join((*parts, text[done:]))
