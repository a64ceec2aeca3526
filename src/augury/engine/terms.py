"""A worker's terms: what it is to load and its limits, where it is in its life, how it ended.

Knows nothing about processes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from augury import protocol


class State(StrEnum):
    """Where a worker is in its life."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"
    """Takes nothing new, finishes what it has."""
    UNHEALTHY = "unhealthy"
    """The same, and what has not begun in it goes back; its model has said that it can go on no more."""
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a worker's process ended: `code` is its exit code or minus the signal, None if it never ran."""

    code: int | None
    killed_for: str | None
    """Why we killed it, or None when it ended by itself."""
    setup_failure: protocol.SetupFailed | None
    lines: list[str]
    """The last lines it wrote outside predictions."""
    was_ready: bool
    retired: bool = False
    """Whether it had been asked to end."""
    unhealthy: str | None = None
    """What healthcheck() found, where that is why."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a worker is to load, and its limits: times in seconds, the output in bytes of JSON."""

    entry: str | None
    slots: int
    setup_timeout: float
    run_timeout: float
    cancel_grace: float
    max_output: int
    fetch_allow: tuple[str, ...] = ()
    files: bool = False
    """Whether output files are taken from the spill folder; else they are data: URIs in the output."""
    batch_wait: float | None = None
    """Seconds that the first prediction of a batch waits for others, `slots` at most; None: they run one by one."""
