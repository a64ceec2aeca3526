"""A checked model in a worker of this machine: setup alone, or one prediction.

Knows the worker's limits and folders; what happens in it is `augury.engine.trial`'s.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import anyio

from augury.cli.failing import CommandFailed
from augury.cli.output import say
from augury.cli.workbench import Workbench, staged, worker_environment
from augury.domain.jsontext import JsonObject
from augury.engine.local_launcher import LocalLauncher
from augury.engine.trial import Result, Subject, TrialFailed, run_once, try_start
from augury.engine.worker import Plan
from augury.packaging.check import Checked


def start_once(workbench: Workbench, checked: Checked) -> float:
    """Set the model up in a worker: how many seconds it took; raises CommandFailed."""
    with _subject(workbench, checked) as subject:
        return anyio.run(try_start, subject, _launcher(workbench), _hear)


def predict_once(workbench: Workbench, checked: Checked, given: JsonObject) -> Result:
    """Make one prediction in a worker; raises CommandFailed where it cannot be made at all."""
    with _subject(workbench, checked) as subject:
        result = anyio.run(run_once, subject, _launcher(workbench), _hear, given)
        return replace(result, traceback=_relative(result.traceback, subject.folder))


def _launcher(workbench: Workbench) -> LocalLauncher:
    return LocalLauncher(workbench.runtime, worker_environment())


def _hear(line: str) -> None:
    say(line, style="dim")


@contextmanager
def _subject(workbench: Workbench, checked: Checked) -> Generator[Subject]:
    settings, options = workbench.settings, checked.project.options
    plan = Plan(
        entry=checked.description.entry,
        slots=options.concurrency,
        setup_timeout=options.setup_timeout or settings.setup_timeout,
        run_timeout=options.run_timeout or settings.run_timeout,
        cancel_grace=settings.cancel_grace,
        max_output=settings.max_output,
        fetch_allow=tuple(str(network) for network in settings.fetch_allow),
    )
    environment = checked.environment
    with staged(checked.project) as folder, tempfile.TemporaryDirectory(prefix="augury-worker-") as home:
        try:
            yield Subject(folder, environment.python, environment.no_site, Path(home), plan)
        except TrialFailed as error:
            lines = _relative(error.lines, folder)
            place = _place(lines) if error.file is None else f"{error.file}:{error.line}"
            raise CommandFailed(f"{place}: {error.message}" if place else error.message, details=lines) from None


def _relative(lines: tuple[str, ...], folder: Path) -> tuple[str, ...]:
    """A traceback with the model's files as the author knows them."""
    return tuple(line.replace(f'"{folder}/', '"') for line in lines)


def _place(lines: tuple[str, ...]) -> str | None:
    """Where in the model's own files an exception was raised last."""
    found = [re.match(r'\s*File "([^"/<][^"]*)", line (\d+)', line) for line in lines]
    return next((f"{match[1]}:{match[2]}" for match in reversed(found) if match), None)
