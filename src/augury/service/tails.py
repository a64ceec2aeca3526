"""The newest items of streams that somebody follows here, as they were committed.

Saves a reader that keeps up from reading each item back; one that does not finds its place in the store. Bounded, so
that a reader that is slow costs no memory. Used from the event loop only.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice

from augury.domain.ids import PredictionId
from augury.domain.jsontext import JsonText

KEPT_ITEMS = 2_000
KEPT_SIZE = 1 << 20
"""Characters of one stream; a single bigger item is not kept."""


@dataclass(slots=True)
class _Tail:
    first: int = 0
    """The number of the first item that is kept."""
    items: deque[JsonText] = field(default_factory=deque[JsonText])
    size: int = 0
    readers: int = 0

    def push(self, first: int, items: Sequence[JsonText]) -> None:
        following = self.first + len(self.items)
        if first > following or not self.items:
            self.items.clear()
            self.size = 0
            self.first = following = first
        # Those of an attempt that repeats an earlier one are here already.
        for item in islice(items, following - first, None):
            self.items.append(item)
            self.size += len(item)
        while self.items and (len(self.items) > KEPT_ITEMS or self.size > KEPT_SIZE):
            self.size -= len(self.items.popleft())
            self.first += 1

    def after(self, number: int) -> list[tuple[int, JsonText]]:
        start = number + 1 - self.first
        if start < 0 or start >= len(self.items):
            return []
        return list(enumerate(islice(self.items, start, None), number + 1))


@dataclass(slots=True)
class Tails:
    """By prediction."""

    _tails: dict[PredictionId, _Tail] = field(default_factory=dict[PredictionId, _Tail])

    @property
    def followed(self) -> int:
        """How many readers there are."""
        return sum(tail.readers for tail in self._tails.values())

    @contextmanager
    def follow(self, prediction_id: PredictionId) -> Generator[None]:
        """Keep the tail of this prediction's stream until the context is left."""
        tail = self._tails.setdefault(prediction_id, _Tail())
        tail.readers += 1
        try:
            yield
        finally:
            tail.readers -= 1
            if tail.readers == 0:
                del self._tails[prediction_id]

    def push(self, prediction_id: PredictionId, first: int, items: Sequence[JsonText]) -> None:
        """These items were committed."""
        tail = self._tails.get(prediction_id)
        if tail is not None:
            tail.push(first, items)

    def after(self, prediction_id: PredictionId, number: int) -> list[tuple[int, JsonText]]:
        """The items that follow a number, as far as they are kept without a gap; none says nothing about the store."""
        tail = self._tails.get(prediction_id)
        return [] if tail is None else tail.after(number)
