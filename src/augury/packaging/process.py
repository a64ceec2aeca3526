"""Run a command to its end: in its own process group, with a time limit, a small environment and bounded output.

Nothing of it is left running when `run` returns, whatever the reason. Knows nothing about which commands there are.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

OUTPUT_LIMIT = 8 << 20
"""Bytes of each output that are kept: the last ones."""


@dataclass(frozen=True)
class Finished:
    """How a command ended and what it wrote."""

    code: int
    """The exit code, negative for a signal."""
    stdout: str
    stderr: str
    timed_out: bool = False


class Stopped(Exception):
    """`stop` was called, so the command was ended or not started."""


class Processes:
    """Runs commands for several threads at once; `stop` ends all of them, for good."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = False

    def run(
        self,
        command: Sequence[str | Path],
        *,
        environ: Mapping[str, str],
        cwd: Path,
        timeout: float,
        held: Iterable[int] = (),
    ) -> Finished:
        """Run a command to its end, at most `timeout` seconds; `held` are descriptors that it keeps open.

        Raises OSError where it cannot be started, and Stopped.
        """
        process = self._start(command, environ, cwd, held)
        outputs = [_Tail(stream) for stream in (process.stdout, process.stderr) if stream]
        limit = _Limit(process, timeout)
        try:
            # Its status is collected later: until then no other process group can get this one's number.
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        finally:
            limit.lift()
            with self._lock:
                self._running.discard(process)
                _kill(process)
            process.wait()
        stdout, stderr = (output.text() for output in outputs)
        if self._stopped:
            raise Stopped
        return Finished(process.returncode, stdout, stderr, limit.was_reached)

    def stop(self) -> None:
        """End every command that runs, and refuse new ones."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                _kill(process)

    def _start(
        self, command: Sequence[str | Path], environ: Mapping[str, str], cwd: Path, held: Iterable[int]
    ) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._stopped:
                raise Stopped
            process = subprocess.Popen(
                [os.fspath(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=dict(environ),
                cwd=cwd,
                start_new_session=True,
                pass_fds=tuple(held),
            )
            self._running.add(process)
            return process


def _kill(process: subprocess.Popen[bytes]) -> None:
    # The leader may be gone and its children not: the group lives as long as one of them.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


class _Limit:
    """Kills a process group when its time is over."""

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        self.was_reached = False
        self._process = process
        self._timer = threading.Timer(seconds, self._reach)
        self._timer.daemon = True
        self._timer.start()

    def lift(self) -> None:
        """No limit any more; afterwards it does not kill."""
        self._timer.cancel()
        self._timer.join()

    def _reach(self) -> None:
        self.was_reached = True
        _kill(self._process)


class _Tail:
    """Reads a stream to its end in a thread of its own, and keeps the last bytes."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._kept = bytearray()
        self._thread = threading.Thread(target=self._read, name="command output", daemon=True)
        self._thread.start()

    def text(self) -> str:
        """What was read; a process that left the group and holds the stream open is not waited for."""
        self._thread.join(1.0)
        return bytes(self._kept).decode(errors="replace")

    def _read(self) -> None:
        with self._stream as stream:
            while chunk := os.read(stream.fileno(), 1 << 16):
                self._kept += chunk
                del self._kept[:-OUTPUT_LIMIT]
