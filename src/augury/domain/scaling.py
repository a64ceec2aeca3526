"""How many workers a version should have, and which one has to go for another version: functions of what is known now.

Knows no clock, no process and no database.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Demand:
    """What a version has to do: queued and running predictions, and how many one worker runs at once."""

    queued: int
    running: int
    slots: int


def wanted(demand: Demand, *, least: int, most: int) -> int:
    """How many workers the demand justifies, within the version's bounds."""
    needed = math.ceil((demand.queued + demand.running) / max(1, demand.slots))
    return max(least, min(most, needed))


def backoff(failures: int, *, first: float = 0.25, most: float = 30.0) -> float:
    """Seconds to wait before a worker is started again after so many failures in a row."""
    return 0.0 if failures <= 0 else min(most, first * 2.0 ** (failures - 1))


@dataclass(frozen=True, slots=True)
class Holder(Generic[Key]):
    """A worker that may be given up, since when it is so (any clock, seconds), and how many its version may spare."""

    key: Key
    since: float
    version: int
    spare: int


def fewest(holders: Iterable[Holder[Key]], enough: Callable[[Sequence[Key]], bool]) -> list[Key]:
    """The workers to give up for another version, so that there is enough: those that are so the longest.

    None of them where all together are not enough, and none that does not help.
    """
    chosen: list[Key] = []
    given: Counter[int] = Counter()
    for one in sorted(holders, key=lambda one: one.since):
        if given[one.version] >= one.spare:
            continue
        given[one.version] += 1
        chosen.append(one.key)
        if enough(chosen):
            return _needed(chosen, enough)
    return []


def _needed(chosen: list[Key], enough: Callable[[Sequence[Key]], bool]) -> list[Key]:
    """Those without which it is not enough."""
    for one in list(chosen):
        others = [other for other in chosen if other is not one]
        if others and enough(others):
            chosen = others
    return chosen


FAIR_SECONDS = 5.0
"""How long a version without a worker waits for idle ones to go before busy ones have to."""
