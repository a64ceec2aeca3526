"""How many workers a version should have, and which idle one to give up: functions of what is known now.

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
class Idle(Generic[Key]):
    """A worker with nothing to do, since when (any clock, seconds), and whether its version may do without it."""

    key: Key
    since: float
    spare: bool


def evictable(idle: Iterable[Idle[Key]]) -> Key | None:
    """The worker to give up for another version: the one idle the longest whose version may do without it."""
    spare = [one for one in idle if one.spare]
    return min(spare, key=lambda one: one.since).key if spare else None
