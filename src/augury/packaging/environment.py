"""The environment that a model's code runs in: an interpreter, and what the model depends on, installed by uv.

    project --build--> a bare interpreter where nothing is needed, else a virtual environment, cached by its content

A cached environment is complete when its marker is there; until then a lock, which uv itself holds too, keeps every
other builder of this machine away. Knows nothing about bundles, versions and workers.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import sysconfig
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import uv
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from augury.packaging.errors import EnvironmentFailed
from augury.packaging.interpreters import Interpreter, Interpreters
from augury.packaging.process import Finished, Processes, Stopped
from augury.packaging.project import Project

__all__ = ["Environment", "EnvironmentBuilder", "EnvironmentFailed"]

OUTPUT_LINES = 100
REASON_LIMIT = 600
_FORMAT = 1
"""Part of the key: raise it when environments are built in another way."""
_MARKER = ".complete"
_PASSED_ON = re.compile(
    r"PATH|HOME|TMPDIR|LANG|LC_ALL|NETRC|XDG_(CONFIG|CACHE|DATA)_(HOME|DIRS)"
    r"|(HTTPS?|ALL|NO)_PROXY|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|GIT_SSL_CAINFO"
    r"|UV_(INDEX.*|DEFAULT_INDEX|EXTRA_INDEX_URL|NO_INDEX|FIND_LINKS|KEYRING_PROVIDER|CONFIG_FILE|OFFLINE"
    r"|NATIVE_TLS|SYSTEM_CERTS|INSECURE_HOST|SSL_CERT|HTTP_TIMEOUT|HTTP_RETRIES|CONCURRENT_.*|EXCLUDE_NEWER"
    r"|TORCH_BACKEND|LINK_MODE|PYTHON_INSTALL_DIR)",
    re.IGNORECASE,
)
"""Where packages come from and how they are reached; none of the server's own settings and secrets."""


@dataclass(frozen=True)
class Environment:
    """Where a model's code runs."""

    python: Path
    key: str
    """The same for the same interpreter, platform and requirements."""
    no_site: bool
    """Nothing is installed: the interpreter starts without its site-packages."""
    version: str = ""
    """Of the interpreter, such as "3.11.2"."""


class EnvironmentBuilder:
    """Builds environments below `root`; safe to share between threads, and the folder between processes."""

    def __init__(
        self,
        root: Path,
        uv_cache: Path | None = None,
        *,
        environ: Mapping[str, str],
        search: Sequence[Path] = (),
        timeout: float = 1800.0,
    ) -> None:
        """`environ` is the process's environment, of which little is passed on; `timeout` ends a build, in seconds."""
        self._root = root.absolute()
        self._timeout = timeout
        self._processes = Processes()
        self._environ = {name: value for name, value in environ.items() if _PASSED_ON.fullmatch(name)}
        self._environ |= {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1", "NO_COLOR": "1"}
        if uv_cache is not None:
            self._environ["UV_CACHE_DIR"] = str(uv_cache.absolute())
        self._interpreters = Interpreters(self._processes, self._environ, search)

    def build(self, project: Project) -> Environment:
        """The environment of a project, built unless it is there; raises EnvironmentFailed."""
        try:
            if project.python:
                interpreter = self._interpreters.nearest(project.python)
            else:
                interpreter = self._interpreters.find(project.requires_python)
            key = _key(interpreter, project)
            if not _installs(project):
                return Environment(interpreter.path, key, no_site=True, version=interpreter.version)
            try:
                return self._installed(interpreter, project, key)
            except EnvironmentFailed as error:
                raise _with_python(error, interpreter, project) from None
        except Stopped:
            raise EnvironmentFailed("the environment was not built: the server is being stopped") from None
        except OSError as error:
            raise EnvironmentFailed(f"the environment cannot be built: {error}") from error

    def stop(self) -> None:
        """End every build that runs; they fail, and so does every later one."""
        self._processes.stop()

    def _installed(self, interpreter: Interpreter, project: Project, key: str) -> Environment:
        folder = self._root / key
        environment = Environment(folder / "bin" / "python", key, no_site=False, version=interpreter.version)
        if _complete(environment, folder):
            return environment
        with _locked(self._root / f"{key}.lock") as lock:
            if _complete(environment, folder):
                return environment
            _remove(folder)
            try:
                _Build(self._processes, self._environ, folder, lock, self._timeout).run(interpreter, project)
                _write_marker(folder, project)
            except BaseException:
                _remove(folder)
                raise
        return environment


class _Build:
    """One build, from an empty folder to everything installed, before one deadline."""

    def __init__(
        self, processes: Processes, environ: Mapping[str, str], folder: Path, lock: int, timeout: float
    ) -> None:
        self._processes = processes
        self._environ = environ
        self._folder = folder
        self._lock = lock
        self._timeout = timeout
        self._ends = time.monotonic() + timeout

    def run(self, interpreter: Interpreter, project: Project) -> None:
        made = self._uv("venv", "--no-project", "--python", interpreter.path, self._folder)
        if made.code or made.timed_out:
            raise EnvironmentFailed("the environment cannot be made", _last_lines(made.stdout + made.stderr))
        # As pip does: the best version of a package counts, whichever index has it.
        best = ("--index-strategy", "unsafe-best-match") if project.pip_lines else ()
        self._install((*project.pip_lines, *project.dependencies), "requirements.txt", *best)
        self._install(project.no_deps, "requirements-no-deps.txt", "--no-deps")

    def _install(self, requirements: tuple[str, ...], file: str, *options: str) -> None:
        if not requirements:
            return
        path = self._folder / file
        path.write_text("".join(f"{requirement}\n" for requirement in requirements), encoding="utf-8")
        python = self._folder / "bin" / "python"
        done = self._uv("pip", "install", "--python", python, "--compile-bytecode", *options, "--requirements", path)
        if done.timed_out:
            message = f"the dependencies were not installed within {self._timeout:g} s"
            raise EnvironmentFailed(message, _last_lines(done.stderr))
        if done.code:
            raise _failure(requirements, done)

    def _uv(self, *arguments: str | Path) -> Finished:
        return self._processes.run(
            (uv.find_uv_bin(), *arguments),
            environ=self._environ,
            cwd=Path("/"),  # no project's or person's uv.toml on the way up from here
            timeout=max(0.0, self._ends - time.monotonic()),
            # Should this process be killed, uv holds the lock until it has ended too.
            held=[self._lock],
        )


def _installs(project: Project) -> bool:
    return bool(project.dependencies or project.no_deps or project.pip_lines)


def _key(interpreter: Interpreter, project: Project) -> str:
    content = (
        _FORMAT,
        interpreter.version,
        "" if _installs(project) else str(interpreter.path),
        sysconfig.get_platform(),
        sorted(set(project.dependencies)),
        list(project.no_deps),
        *((list(project.pip_lines),) if project.pip_lines else ()),
    )
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _complete(environment: Environment, folder: Path) -> bool:
    # The interpreter is a link: it leads nowhere once the machine's Python was replaced.
    return (folder / _MARKER).is_file() and environment.python.exists()


@contextlib.contextmanager
def _locked(path: Path) -> Generator[int]:
    """The lock's descriptor; the system gives the lock back when the last process that holds it has ended."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _write_marker(folder: Path, project: Project) -> None:
    content = {"dependencies": project.dependencies, "no_deps": project.no_deps, "lines": project.pip_lines}
    partial = folder / f"{_MARKER}.partial"
    with partial.open("w", encoding="utf-8") as stream:
        json.dump(content, stream)
        stream.flush()
        os.fsync(stream.fileno())
    partial.rename(folder / _MARKER)


def _remove(folder: Path) -> None:
    # The marker goes first: what is half removed is not complete.
    (folder / _MARKER).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def _with_python(error: EnvironmentFailed, interpreter: Interpreter, project: Project) -> EnvironmentFailed:
    """The same, with the Python that it was tried on where the author means another: old pins need an old one."""
    if not project.python or interpreter.version.startswith(f"{project.python}."):
        return error
    tried = f"{error.message} (tried on Python {interpreter.version}: {project.python} is not on this machine)"
    return EnvironmentFailed(tried, error.output, name=error.name)


def _failure(requirements: tuple[str, ...], done: Finished) -> EnvironmentFailed:
    output = _last_lines(done.stdout + done.stderr)
    reason = _reason(output)
    named = [one for one in requirements if _names(reason, one)] or [one for one in requirements if _names(output, one)]
    if not named and len(requirements) == 1:
        named = list(requirements)
    what = ", ".join(named) or "the dependencies"
    together = " together" if len(named) > 1 else ""
    return EnvironmentFailed(
        f"{what} cannot be installed{together}: {reason}{_build_hint(output)}", output, name=named[0] if named else None
    )


def _build_hint(output: str) -> str:
    """What is behind the failure of a source package that takes a package for granted, as old ones do."""
    found = re.search(r"ModuleNotFoundError: No module named '([\w.]+)'", output)
    if found is None:
        return ""
    return f" ({found[1]} is needed to build it, and it does not say so: name a version of it that has a wheel)"


def _reason(output: str) -> str:
    """What uv gives as the causes, the outermost first, else its first error; one line."""
    for sign in (r"^\s*(?:cause:|╰─▶|Caused by:)\s*", r"^\s*(?:error:|×)\s*"):
        causes = re.findall(rf"{sign}(.+(?:\n[ \t]{{4,}}\S.*)*)", output, re.MULTILINE)
        if causes:
            told = ": ".join(re.sub(r"\s+", " ", cause).strip().rstrip(".") for cause in causes)
            return told if len(told) <= REASON_LIMIT else told[: REASON_LIMIT - 1] + "…"
    return "uv failed" if output else "uv failed without a word"


def _names(text: str, requirement: str) -> bool:
    try:
        parsed = Requirement(requirement)
    except InvalidRequirement:  # an option, or an address alone
        address = requirement.rpartition(" ")[2]
        return address in text and not requirement.startswith("-")
    if parsed.url and parsed.url in text:
        return True
    name = re.escape(canonicalize_name(parsed.name)).replace(r"\-", "[-_.]+")
    return re.search(rf"(?<![\w.-]){name}(?![\w-])", text, re.IGNORECASE) is not None


def _last_lines(output: str) -> str:
    return "\n".join(output.strip().splitlines()[-OUTPUT_LINES:])
