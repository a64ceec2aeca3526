"""Which Python on this machine runs a model: the server's own where it fits, else one that uv finds.

Nothing is downloaded. Knows nothing about dependencies.
"""

from __future__ import annotations

import json
import os
import platform
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import uv
from packaging.specifiers import SpecifierSet

from augury.packaging.errors import EnvironmentFailed
from augury.packaging.process import Processes

OLDEST = ">=3.9"
"""What the worker's own code needs."""


@dataclass(frozen=True)
class Interpreter:
    """A Python that no environment belongs to."""

    path: Path
    version: str


def own_interpreter() -> Interpreter:
    """The interpreter below the server's own environment."""
    base = cast("str | None", getattr(sys, "_base_executable", None))
    path = Path(base) if base and Path(base).exists() else Path(sys.executable)
    return Interpreter(path, platform.python_version())


class Interpreters:
    """Finds interpreters by version; `search` are folders to look in before the PATH."""

    def __init__(self, processes: Processes, environ: Mapping[str, str], search: Sequence[Path] = ()) -> None:
        self._processes = processes
        path = os.pathsep.join((*map(str, search), environ.get("PATH", os.defpath)))
        self._environ = {**environ, "PATH": path, "UV_PYTHON_DOWNLOADS": "never", "NO_COLOR": "1"}

    def find(self, requires_python: str) -> Interpreter:
        """An interpreter that `requires_python` allows; raises EnvironmentFailed where there is none."""
        own = own_interpreter()
        if SpecifierSet(requires_python).contains(own.version, prereleases=True):
            return own
        wanted = ",".join(part for part in (requires_python, OLDEST) if part)
        found = self._uv("python", "find", "--system", "--no-project", wanted)
        path = Path(found.strip()) if found else None
        version = self._version(path) if path else None
        if path is None or version is None or not SpecifierSet(wanted).contains(version, prereleases=True):
            message = f"requires-python is {requires_python}, and this machine has {self._installed()}"
            raise EnvironmentFailed(message, name="requires-python")
        return Interpreter(path, version)

    def nearest(self, minor: str) -> Interpreter:
        """An interpreter of a minor version such as "3.11", else of the next newer one; raises EnvironmentFailed."""
        own = own_interpreter()
        if _minor(own.version) == _numbers(minor):
            return own
        known = {_minor(own.version), *map(_minor, self._listed())}
        near = sorted(one for one in known if one >= max(_numbers(minor), _numbers(OLDEST[2:])))
        if not near:
            message = f"Python {minor} is asked for, and this machine has {self._installed()}"
            hint = "install one that is not older, or name a folder that has one in AUGURY_PYTHON_SEARCH"
            raise EnvironmentFailed(f"{message} ({hint})", name="python_version")
        return own if near[0] == _minor(own.version) else self.find("=={}.{}.*".format(*near[0]))

    def _version(self, path: Path) -> str | None:
        command = (path, "-I", "-S", "-c", "import platform; print(platform.python_version())")
        done = self._processes.run(command, environ=self._environ, cwd=Path("/"), timeout=30)
        return done.stdout.strip() or None

    def _installed(self) -> str:
        return "only Python " + ", ".join(sorted({own_interpreter().version, *self._listed()}))

    def _listed(self) -> list[str]:
        listed = json.loads(self._uv("python", "list", "--only-installed", "--output-format", "json") or "[]")
        return [cast("str", one["version"]) for one in listed]

    def _uv(self, *arguments: str) -> str | None:
        command = (uv.find_uv_bin(), *arguments)
        done = self._processes.run(command, environ=self._environ, cwd=Path("/"), timeout=60)
        return None if done.code else done.stdout


def _minor(version: str) -> tuple[int, ...]:
    return _numbers(version)[:2]


def _numbers(version: str) -> tuple[int, ...]:
    """The numbers that a version begins with: a pre-release is told from its release nowhere here."""
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(map(int, found[0].split("."))) if found else ()
