"""One prediction inside one worker, as the engine follows it, from sending to its end."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum

from augury.domain.jsontext import JsonObject, JsonValue
from augury.domain.prediction import Assignment

KEPT_LINES = 50
"""How many last log lines an error shows."""


class Stop(StrEnum):
    """Why a run is being stopped."""

    CANCEL = "cancel"
    """Its caller asked for it."""
    LIMIT = "limit"
    """It is over its run-time limit."""
    LIFE = "life"
    """The prediction is over its whole life."""


@dataclass(slots=True, eq=False)
class Run:
    """What is known of it so far. Times are microseconds since the epoch."""

    assignment: Assignment
    began_at: int | None = None
    """When predict() was entered, as far as can be told from outside; None while it waits in the worker's socket."""
    recorded: bool = False
    """Whether its `started` is written, or on its way."""
    setup_time: int | None = None
    stop: Stop | None = None
    metrics: JsonObject = field(default_factory=dict[str, JsonValue])
    lines: deque[str] = field(default_factory=lambda: deque[str](maxlen=KEPT_LINES))
