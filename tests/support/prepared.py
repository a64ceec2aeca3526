"""Programs that are begun a hundred times: as forks of a process that has done their imports.

    AUGURY.start("serve", "--port", "0", environment=..., out=file, err=file) -> Forked, which is used as a Popen.

For a server most of its start is loading the same modules again. What is loaded is all that a fork shares with others:
see `prepared_process.py`. Knows nothing about what the programs do.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

_PROGRAM = Path(__file__).with_name("prepared_process.py")


class Forked:
    """A process that somebody else is the parent of: what of `subprocess.Popen` tests use."""

    def __init__(self, heard: socket.socket) -> None:
        self._heard = heard
        self.pid = int(heard.recv(16))
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit code, or minus the signal that ended it, once it has ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The same, waiting for it; raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            self._heard.settimeout(timeout)
            try:
                self.returncode = int(self._heard.recv(16))
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0) from None
            self._heard.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


class Prepared:
    """`python -m program`, prepared when it is first started, in the environment of when this was made."""

    def __init__(self, program: str, *preloaded: str) -> None:
        self._program = program
        self._preloaded = preloaded
        self._environment = dict(os.environ)
        self._control: socket.socket | None = None

    def start(
        self,
        arguments: Sequence[str],
        *,
        environment: Mapping[str, str],
        out: IO[Any],
        err: IO[Any],
        folder: Path | None = None,
    ) -> Forked | subprocess.Popen[bytes]:
        """Begin the program in a folder, or where the tests are, with nothing to read."""
        if _read_at_its_start(environment) != _read_at_its_start(self._environment):
            command = [sys.executable, "-m", self._program, *arguments]
            return subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environment, cwd=folder
            )
        asked = {"arguments": arguments, "environment": dict(environment), "folder": str(folder or Path.cwd())}
        ours, theirs = _messages()
        with theirs, open(os.devnull, "rb") as nothing:
            files = [one.fileno() for one in (nothing, out, err, theirs)]
            socket.send_fds(self._asked(), [json.dumps(asked).encode()], files)
        return Forked(ours)

    def _asked(self) -> socket.socket:
        if self._control is None:
            self._control, theirs = _messages()
            with theirs:
                command = [sys.executable, str(_PROGRAM), str(theirs.fileno()), self._program, *self._preloaded]
                process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, env=self._environment, pass_fds=[theirs.fileno()]
                )
            atexit.register(_close, self._control, process)
        return self._control


def _read_at_its_start(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that a process looks at once, before it is itself: a fork would not."""
    return {name: value for name, value in environment.items() if name.startswith(("LD_", "PYTHON", "MALLOC_"))}


def _close(control: socket.socket, process: subprocess.Popen[bytes]) -> None:
    control.close()  # which it ends at
    process.wait()


def _messages() -> tuple[socket.socket, socket.socket]:
    """Two ends of what carries messages that arrive whole, and their files with them."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
