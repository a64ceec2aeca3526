"""What a person sees while a prediction waits, starts and runs: one line on a terminal, nothing in a pipe.

    state, time in it, and how far the model says it is

Knows nothing about where the news comes from.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from augury.cli.output import console

WORDS = {
    "pending": "pending: waiting for a worker",
    "starting": "starting: a worker is being set up",
    "started": "started: predict() is running",
}


class Watched:
    """The line; `show` brings it up to date with a prediction as the API gives it."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("sending", total=None)

    def show(self, prediction: Mapping[str, Any]) -> None:
        """Show the prediction's state."""
        status = str(prediction["status"])
        metrics = cast("Mapping[str, Any]", prediction.get("metrics") or {})
        fraction = metrics.get("progress") if status == "started" else None
        self._progress.update(
            self._task,
            description=WORDS.get(status, status),
            total=1.0 if fraction is not None else None,
            completed=fraction or 0.0,
        )


@contextmanager
def watching() -> Generator[Watched]:
    """The line, for as long as the context lasts; it leaves no trace."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(20), TimeElapsedColumn())
    shown = console()
    with Progress(*columns, console=shown, transient=True, disable=not shown.is_terminal) as progress:
        yield Watched(progress)
