"""How many workers a version should have, and which one has to go for another version: functions of what is known now.

Knows no clock, no process and no database.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
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
    """A worker that may be given up, since when it is so (any clock, seconds), and whether its version may spare it."""

    key: Key
    since: float
    spare: bool


def evictable(holders: Iterable[Holder[Key]]) -> Key | None:
    """The worker to give up for another version: the one that is so the longest and whose version may spare it."""
    spare = [one for one in holders if one.spare]
    return min(spare, key=lambda one: one.since).key if spare else None


FAIR_SECONDS = 5.0
"""How long a version without a worker waits for an idle one to go before a busy one has to."""


def yielding(busy: Iterable[Holder[Key]], waited: float) -> Key | None:
    """The worker to take nothing new for a version that has waited so many seconds: the one with its place the longest.

    `since` is when it got its place. None while idle workers may still make room, or where no version has one to spare.
    """
    return evictable(busy) if waited >= FAIR_SECONDS else None
