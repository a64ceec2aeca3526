"""What a person sees while a prediction waits, starts and runs: one line on a terminal, nothing in a pipe.

    state, time in it, how far the model says it is, and the last line of its log

Knows nothing about where the news comes from.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from augury.cli.output import console, harmless, on_terminal

_LINE = 60
"""Characters of a log line that are shown."""
WORDS = {
    "pending": "pending: waiting for a worker",
    "starting": "starting: a worker is being set up",
    "started": "started: predict() is running",
}


class Watched:
    """The line; `show` brings it up to date with a prediction as the API gives it."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("sending", total=None, line="")

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

    @property
    def visible(self) -> bool:
        """Whether anybody sees it."""
        return not self._progress.disable

    def line(self, text: str) -> None:
        """Show the last line of the prediction's log. From any thread."""
        self._progress.update(self._task, line=harmless(" ".join(text.split()))[:_LINE])

    def make_way(self) -> None:
        """Vanish where the data itself comes on the same terminal: text cannot grow under a line that moves."""
        if on_terminal():
            self._progress.stop()


@contextmanager
def watching() -> Generator[Watched]:
    """The line, for as long as the context lasts; it leaves no trace."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(20),
        TimeElapsedColumn(),
        # As it is: what a model writes is no markup.
        TextColumn("{task.fields[line]}", style="dim", markup=False),
    )
    shown = console()
    with Progress(*columns, console=shown, transient=True, disable=not shown.is_terminal) as progress:
        yield Watched(progress)
