"""A checked model in a worker of this machine: setup alone, or one prediction.

Knows the worker's limits and folders; what happens in it is `augury.engine.trial`'s.
"""

from __future__ import annotations

import re
import signal
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import anyio

from augury.cli.failing import CommandFailed
from augury.cli.output import say
from augury.cli.workbench import Workbench, staged, worker_environment
from augury.domain.jsontext import JsonObject, JsonValue
from augury.engine.local_launcher import LocalLauncher
from augury.engine.trial import Result, Subject, Take, TrialFailed, run_once, try_start
from augury.engine.worker import Plan
from augury.packaging.check import Checked


def start_once(workbench: Workbench, checked: Checked) -> float:
    """Set the model up in a worker: how many seconds it took; raises CommandFailed."""
    with _subject(workbench, checked, {}) as subject:
        return anyio.run(try_start, subject, _launcher(workbench), _hear)


def predict_once(
    workbench: Workbench,
    checked: Checked,
    given: JsonObject,
    take: Take | None = None,
    variables: Mapping[str, str] | None = None,
) -> Result:
    """Make one prediction in a worker that has these variables, items going to `take` as they come.

    Raises CommandFailed where it cannot be.
    """
    with _subject(workbench, checked, variables or {}) as subject:
        reader = _Reader(take) if take is not None else None
        try:
            result = anyio.run(run_once, subject, _launcher(workbench), _hear, given, reader)
        except KeyboardInterrupt:
            if reader is not None and reader.gone is not None:
                raise reader.gone from None
            raise
        return replace(result, traceback=_relative(result.traceback, subject.folder))


class _Reader:
    """Takes items as long as somebody reads them; then it interrupts the run, as Ctrl+C does."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self.gone: BrokenPipeError | None = None

    def __call__(self, item: JsonValue) -> None:
        if self.gone is not None:
            return
        try:
            self._take(item)
        except BrokenPipeError as error:
            # Not raised here: this is called from the worker's socket, which has nobody to tell.
            self.gone = error
            signal.raise_signal(signal.SIGINT)


def _launcher(workbench: Workbench) -> LocalLauncher:
    return LocalLauncher(workbench.runtime, worker_environment())


def _hear(line: str) -> None:
    say(line, style="dim")


@contextmanager
def _subject(workbench: Workbench, checked: Checked, variables: Mapping[str, str]) -> Generator[Subject]:
    settings, options = workbench.settings, checked.project.options
    plan = Plan(
        entry=checked.description.entry,
        slots=options.slots,
        setup_timeout=options.setup_timeout or settings.setup_timeout,
        run_timeout=options.run_timeout or settings.run_timeout,
        cancel_grace=settings.cancel_grace,
        max_output=settings.max_output,
        fetch_allow=tuple(str(network) for network in settings.fetch_allow),
        batch_wait=None if options.batch is None else 0.0,
    )
    environment = checked.environment
    with staged(checked.project) as folder, tempfile.TemporaryDirectory(prefix="augury-worker-") as home:
        try:
            environ = {**checked.project.environ, **variables}
            yield Subject(folder, environment.python, environment.no_site, Path(home), plan, environ)
        except TrialFailed as error:
            # A model for Cog is loaded from a copy of its folder.
            lines = _relative(_relative(error.lines, folder), Path(home).resolve() / "scratch" / "model")
            place = _place(lines) if error.file is None else f"{error.file}:{error.line}"
            raise CommandFailed(f"{place}: {error.message}" if place else error.message, details=lines) from None


def _relative(lines: tuple[str, ...], folder: Path) -> tuple[str, ...]:
    """A traceback with the model's files as the author knows them."""
    return tuple(line.replace(f'"{folder}/', '"') for line in lines)


def _place(lines: tuple[str, ...]) -> str | None:
    """Where in the model's own files an exception was raised last."""
    found = [re.match(r'\s*File "([^"/<][^"]*)", line (\d+)', line) for line in lines]
    return next((f"{match[1]}:{match[2]}" for match in reversed(found) if match), None)
