"""One prediction inside one worker, as the engine follows it, from sending to its end."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum

from augury.domain.jsontext import JsonObject, JsonValue
from augury.domain.mask import Mask
from augury.domain.prediction import Assignment, Failure
from augury.engine.filed import Filing
from augury.engine.journal import Journal

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
    FAILURE = "failure"
    """What it has put out cannot be taken, or not be kept: `Run.failure` says why."""


@dataclass(slots=True, eq=False)
class Run:
    """What is known of it so far. Times are microseconds since the epoch."""

    assignment: Assignment
    mask: Mask
    """Of the worker that it is in: what must not be seen in anything that is said of it."""
    began_at: int | None = None
    """When predict() was entered, as far as can be told from outside; None while it waits in the worker's socket."""
    recorded: bool = False
    """Whether its `started` is written, or on its way."""
    setup_time: int | None = None
    stop: Stop | None = None
    failure: Failure | None = None
    """Why it fails, whatever it may say of its end."""
    items: int = 0
    """How many items it has put out."""
    journal: Journal | None = None
    """Where what it puts out goes; made when there is something."""
    filing: Filing | None = None
    """Where the files go that it puts out; made when there is one."""
    metrics: JsonObject = field(default_factory=dict[str, JsonValue])
    lines: deque[str] = field(default_factory=lambda: deque[str](maxlen=KEPT_LINES))
