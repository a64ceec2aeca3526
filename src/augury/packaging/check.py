"""Everything that can be said about a model before it is published, without publishing anything.

    path --project--> what it needs --environment--> where it runs --describe--> its schemas, or why there are none

The model's code runs only in a process of its own. Knows nothing about servers and versions.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from augury.domain.jsontext import InvalidJson, JsonObject, JsonValue, loads
from augury.packaging.environment import Environment, EnvironmentBuilder
from augury.packaging.errors import EnvironmentFailed, ProjectError
from augury.packaging.machine import missing
from augury.packaging.process import Finished, Processes
from augury.packaging.project import Project, ProjectKind, read
from augury.packaging.runtime import command

DESCRIBE_TIMEOUT = 120.0
"""Seconds that loading the model's code may take; setup() is not called."""
_LAST_LINES = 20


@dataclass(frozen=True)
class Description:
    """What a model's code says about itself."""

    entry: str
    """Complete, such as "predict.py:Predictor"."""
    kind: str
    """class or function."""
    is_async: bool
    is_generator: bool
    schemas: JsonObject
    """JSON Schemas: "input", "output", and "stream_output" where it streams."""


@dataclass(frozen=True)
class Checked:
    """A model with which nothing is wrong."""

    project: Project
    environment: Environment
    description: Description
    warnings: tuple[str, ...]


Start = Callable[[Project, Environment, Description], None]
"""Starts a worker for the model and runs its setup(); raises ProjectError where that fails."""


def check(
    path: Path,
    builder: EnvironmentBuilder,
    runtime: Path,
    start: Start | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    timeout: float = DESCRIBE_TIMEOUT,
) -> Checked:
    """Read the model at `path`, build its environment, load its code, and start it if `start` is given.

    `runtime` is what `materialize` made; `environ` is what the model's process gets besides the least that it needs.
    Raises ProjectError, and EnvironmentFailed.
    """
    project = read(path)
    notes = project.notes
    try:
        environment = builder.build(project)
        notes += missing(project, environment)
        description, warnings = describe(project, environment, runtime, environ=environ, timeout=timeout)
    except (ProjectError, EnvironmentFailed) as error:
        # Most likely it is one of these that is missed.
        error.notes = notes
        raise
    warnings = (*notes, *warnings)
    if project.kind is ProjectKind.COG and project.options.concurrency > 1 and not description.is_async:
        warnings += (
            f"concurrency is {project.options.concurrency}, but the predictor is not async: one runs at a time",
        )
    if start is not None:
        start(project, environment, description)
    return Checked(project, environment, description, warnings)


def describe(
    project: Project,
    environment: Environment,
    runtime: Path,
    *,
    environ: Mapping[str, str] | None = None,
    timeout: float = DESCRIBE_TIMEOUT,
) -> tuple[Description, tuple[str, ...]]:
    """Load the project's code in its environment: what it is, and warnings; raises ProjectError."""
    with _alone(project) as folder, tempfile.TemporaryDirectory(prefix="augury-check-") as home:
        flags = () if project.options.batch is None else ("--batch",)
        arguments = (*flags, str(folder), *((project.entry,) if project.entry else ()))
        least = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": home, "TMPDIR": home}
        done = Processes().run(
            command(environment, runtime, "describe.py", *arguments),
            environ={**least, **project.environ, **(environ or {})},
            cwd=folder,
            timeout=timeout,
        )
    if done.timed_out:
        hint = "what takes long belongs into setup(), which is not run here"
        raise ProjectError(f"loading the model's code took more than {timeout:g} s", name=project.entry, hint=hint)
    return _read_answer(done)


@contextlib.contextmanager
def _alone(project: Project) -> Generator[Path]:
    """The folder that the code is loaded from: a script's neighbours are not part of the model."""
    if project.script is None:
        yield project.root
        return
    with tempfile.TemporaryDirectory(prefix="augury-script-") as folder:
        shutil.copyfile(project.root / project.script, Path(folder) / project.script)
        yield Path(folder)


def _read_answer(done: Finished) -> tuple[Description, tuple[str, ...]]:
    answer = _parse(done)
    if answer.get("ok") is not True:
        raise _problem(cast("Mapping[str, JsonValue]", answer.get("error") or {}))
    description = Description(
        entry=str(answer["entry"]),
        kind=str(answer["kind"]),
        is_async=bool(answer["is_async"]),
        is_generator=bool(answer["is_generator"]),
        schemas=cast("JsonObject", answer["schemas"]),
    )
    return description, tuple(map(str, cast("list[object]", answer.get("warnings") or [])))


def _parse(done: Finished) -> Mapping[str, JsonValue]:
    try:
        answer = loads(done.stdout)
    except InvalidJson:
        answer = None
    if isinstance(answer, dict):
        return answer
    lines = tuple((done.stderr or done.stdout).strip().splitlines()[-_LAST_LINES:])
    how = f"ended with signal {-done.code}" if done.code < 0 else f"exited with code {done.code}"
    last = f": {lines[-1]}" if lines else ""
    raise ProjectError(f"loading the model's code {how}{last}", traceback=lines)


def _problem(error: Mapping[str, JsonValue]) -> ProjectError:
    line, traceback = error.get("line"), error.get("traceback")
    file, name = error.get("file"), error.get("name")
    return ProjectError(
        str(error.get("message") or "the model cannot be loaded"),
        file=str(file) if file else None,
        line=line if isinstance(line, int) else None,
        name=str(name) if name else None,
        traceback=tuple(map(str, traceback)) if isinstance(traceback, list) else (),
    )
