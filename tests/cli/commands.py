"""`augury` as a person or a script runs it: a process, with an environment of its own.

augury("push", path, "hello") -> Ran(code, out, err). Knows no server.
"""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import textwrap
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from tests.support.prepared import Prepared

SECONDS = 25.0
# Libraries only: each command imports what is ours by itself, as it does where it is called alone.
_PREPARED = Prepared(
    "augury",
    *("anyio._backends._asyncio", "httpx", "jsonschema_rs", "packaging.requirements", "pathspec", "platformdirs"),
    *(
        "pydantic_settings",
        "rich.console",
        "rich.table",
        "sqlalchemy",
        "starlette.responses",
        "typer",
        "wriftai",
        "yaml",
    ),
)


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its data, which has to be one JSON document and nothing else."""
        return json.loads(self.out)

    @property
    def rows(self) -> list[list[str]]:
        """The cells of a table below its header."""
        return [line.split("\t") for line in self.out.splitlines()[1:]]


@dataclass
class Augury:
    """Runs commands; `settings` become AUGURY_* variables, and none of this process's do."""

    settings: dict[str, str] = field(default_factory=dict[str, str])
    cwd: Path | None = None
    proxy: str = ""

    def __call__(self, *arguments: str | Path, **settings: str) -> Ran:
        """Run a command to its end; it has no terminal."""
        with TemporaryFile() as out, TemporaryFile() as err:
            words = [str(one) for one in arguments]
            process = _PREPARED.start(
                words, environment=self.environment(**settings), folder=self.cwd, out=out, err=err
            )
            try:
                process.wait(SECONDS)
            finally:
                process.kill()
            ran = Ran(process.wait(), _text(out), _text(err))
        assert "Traceback (most recent call last)" not in _ours(ran.err), ran.err
        return ran

    def done(self, *arguments: str | Path, **settings: str) -> Ran:
        """Run a command that has to succeed."""
        ran = self(*arguments, **settings)
        assert ran.code == 0, f"{arguments} ended with {ran.code}: {ran.out}{ran.err}"
        return ran

    def start(self, *arguments: str | Path, **settings: str) -> subprocess.Popen[str]:
        """Start a command; its outputs are pipes."""
        return subprocess.Popen(
            self.command(*arguments),
            env=self.environment(**settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.cwd,
        )

    def on_terminal(self, *arguments: str | Path) -> Ran:
        """Run a command whose outputs are both one terminal: what was drawn is in `out`."""
        ours, theirs = pty.openpty()
        environment = self.environment() | {"TERM": "xterm", "COLUMNS": "100"}
        with subprocess.Popen(
            self.command(*arguments), env=environment, stdin=theirs, stdout=theirs, stderr=theirs, cwd=self.cwd
        ) as process:
            os.close(theirs)
            drawn = bytearray()
            try:
                with suppress(OSError):  # how Linux says that the other side is closed
                    while piece := os.read(ours, 65_536):
                        drawn += piece
                process.wait(SECONDS)
            finally:
                # A test that is out of time has to end all the same, which leaving Popen's context would wait for.
                process.kill()
                os.close(ours)
        return Ran(process.returncode, drawn.decode(), "")

    def command(self, *arguments: str | Path) -> list[str]:
        """The command line of the process."""
        return [sys.executable, "-m", "augury", *map(str, arguments)]

    def environment(self, **settings: str) -> dict[str, str]:
        """The variables of the process."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AUGURY_")}
        given = {f"AUGURY_{name.upper()}": value for name, value in {**self.settings, **settings}.items()}
        proxies = {"HTTP_PROXY": self.proxy, "http_proxy": self.proxy, "no_proxy": "", "NO_PROXY": ""}
        return {**inherited, "COLUMNS": "200", **(proxies if self.proxy else {}), **given}


def write_model(folder: Path, text: str, name: str = "predict.py") -> Path:
    """A file with the model's code; its folder is made."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text).lstrip())
    return path


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def _ours(stderr: str) -> str:
    """What is not shown as a detail: a model's own traceback is indented."""
    return "\n".join(line for line in stderr.splitlines() if not line.startswith("  "))
