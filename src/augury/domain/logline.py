"""A line that a model's code wrote, and the limits that keep one model from filling the store."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

LINE_LIMIT = 16 * 1024
"""Characters of a line; the rest of it is cut off."""
RUN_LIMIT = 10 * 1024 * 1024
"""Characters of log that one attempt, or the setup of one worker, may leave; what follows is dropped."""


class Phase(StrEnum):
    """When a line was written."""

    SETUP = "setup"
    RUN = "run"


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `time` is in microseconds since the epoch; `stream` is stdout, stderr, logging or progress."""

    time: int
    stream: str
    text: str


@dataclass(frozen=True, slots=True)
class LogLine:
    """A stored line. `number` orders those of one phase; `attempt` is 0 for a setup's. Time as in Line."""

    phase: Phase
    number: int
    attempt: int
    time: int
    stream: str
    text: str
