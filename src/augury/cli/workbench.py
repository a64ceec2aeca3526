"""Models on this machine: what they are checked and run with, and what is wrong with them as a person reads it.

    path --checked--> Checked --staged--> a folder with exactly what a bundle would hold

Environments are kept in the data folder, where a server on this machine finds them too. Knows no server.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from augury.cli.failing import CANNOT_START, CommandFailed
from augury.cli.output import warn
from augury.engine.local_launcher import PASSED_ON
from augury.packaging.check import Checked, Start, check
from augury.packaging.contents import contents
from augury.packaging.environment import EnvironmentBuilder
from augury.packaging.errors import EnvironmentFailed, ProjectError
from augury.packaging.project import Project
from augury.packaging.runtime import materialize
from augury.settings import Settings, SettingsError, environment


@dataclass(frozen=True)
class Workbench:
    """What models are checked with here."""

    settings: Settings
    builder: EnvironmentBuilder
    runtime: Path
    """The folder with the few files of ours that a model's process loads."""

    def checked(self, path: Path, start: Start | None = None) -> Checked:
        """Check the model at `path`; raises CommandFailed, which says what is wrong with it and where."""
        with explained():
            return check(path, self.builder, self.runtime, start)


def load_settings() -> Settings:
    """The settings in force; raises CommandFailed."""
    try:
        return Settings.load()
    except SettingsError as error:
        raise CommandFailed(str(error), code=CANNOT_START) from None


def open_workbench() -> Workbench:
    """The workbench of this machine; raises CommandFailed where nothing can be kept."""
    settings = load_settings()
    try:
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        runtime = materialize(settings.data / "runtime")
    except OSError as error:
        raise CommandFailed(
            f"{settings.data} cannot be written: {error.strerror}",
            hint="AUGURY_DATA names another folder",
            code=CANNOT_START,
        ) from None
    builder = EnvironmentBuilder(
        settings.data / "environments", settings.uv_cache, environ=environment(), search=settings.python_search
    )
    return Workbench(settings, builder, runtime)


@contextmanager
def explained() -> Generator[None]:
    """What is wrong with a model inside becomes CommandFailed."""
    try:
        yield
    except ProjectError as error:
        for note in error.notes:
            warn(note)
        raise CommandFailed(_sentence(error), hint=error.hint, details=error.traceback) from None
    except EnvironmentFailed as error:
        for note in error.notes:
            warn(note)
        raise CommandFailed(error.message, details=error.output.splitlines()) from None


@contextmanager
def staged(project: Project) -> Generator[Path]:
    """A folder with the project's files as a bundle holds them, read-only."""
    with explained(), tempfile.TemporaryDirectory(prefix="augury-model-") as folder:
        for item in contents(project):
            target = Path(folder, item.name)
            target.parent.mkdir(parents=True, exist_ok=True)
            if item.link is not None:
                target.symlink_to(item.link)
                continue
            shutil.copyfile(item.path, target)
            target.chmod(0o555 if item.executable else 0o444)
        yield Path(folder)


def worker_environment() -> dict[str, str]:
    """What a local worker gets besides what it needs."""
    known = environment()
    return {name: known[name] for name in PASSED_ON if name in known}


def _sentence(error: ProjectError) -> str:
    place = ":".join(str(part) for part in (error.file, error.line) if part is not None)
    # The loader's messages begin with their place, as a worker has nothing but them to say.
    message = error.message.removeprefix(f"{error.file}, line {error.line}: ")
    name = f"{error.name}: " if error.name and error.name not in message else ""
    return f"{place}: {name}{message}" if place else f"{name}{message}"
