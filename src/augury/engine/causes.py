"""Why a worker ended, and what its version's queue is told when no other can help: sentences, from what is known.

Decides nothing.
"""

from __future__ import annotations

from augury.domain.jsontext import JsonValue
from augury.domain.prediction import Failure, external
from augury.engine.recorder import describe_exit
from augury.engine.worker import Ending

START_TRIES = 3
"""How often a version may fail to start before it is marked broken (D20)."""
CRASHES = 10
"""How many workers of a version may die in a row while running before its queue is failed for a while."""
COOL_DOWN_SECONDS = 30.0


def reason(ending: Ending) -> str:
    """Why a worker ended, in one of the few words that are counted."""
    if ending.killed_for is None:
        return "retired" if ending.retired else "crash" if ending.was_ready else "setup"
    return _REASONS.get(ending.killed_for, "stop")


_REASONS = {
    "retired": "retired",
    "setup limit": "setup",
    "protocol": "protocol",
    "shutdown": "shutdown",
    "lease lost": "lease",
    "unhealthy": "unhealthy",
}


def cannot_start(ending: Ending) -> Failure:
    """What is queued fails with when no worker can be set up."""
    failed = ending.setup_failure
    logs: list[JsonValue] = list(ending.lines)
    if failed is None:
        how = describe_exit(ending.code) if ending.killed_for is None else f"killed: {ending.killed_for}"
        over = ending.killed_for == "setup limit"
        what = ending.lines[-1] if (ending.code is None or over) and ending.lines else how
        message = f"The version cannot start ({START_TRIES} tries): {what}."
        if over:
            return external(message, type="setup_timeout", limit="setup", logs=logs)
        return external(message, type="setup_failed", exit=how, logs=logs)
    traceback: list[JsonValue] = list(failed.traceback)
    return external(
        f"The version cannot start ({START_TRIES} tries): {failed.type}: {failed.message}",
        type="setup_failed",
        exception=failed.type,
        traceback=traceback,
        logs=logs,
    )


def keeps_crashing(crashes: int, ending: Ending) -> Failure:
    """What is queued fails with, after so many deaths in a row."""
    return external(
        f"Workers of this version died {crashes} times in a row, last with {describe_exit(ending.code)}; "
        f"it rests for {COOL_DOWN_SECONDS:g} s.",
        type="circuit_open",
        logs=list[JsonValue](ending.lines),
    )


def resting(crashes: int, seconds: float) -> Failure:
    """What is queued fails with until the version is tried again."""
    return external(
        f"Workers of this version died {crashes} times in a row; the next try is in {seconds:.0f} s.",
        type="circuit_open",
    )
