"""Workers as subprocesses on this machine, each in a process group of its own.

The environment is a short list of what any program needs, never the server's own: no secret can leak by it.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import anyio
import anyio.abc
import anyio.to_thread

from augury.domain.ids import WorkerId
from augury.engine.launcher import Launch

MARK = "AUGURY_WORKER_ID"
"""The variable by which a worker's processes are recognised, whatever became of their parents."""

PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR")
"""What a worker's environment takes over from that of whoever starts it; nothing else gets through."""


@dataclass(frozen=True)
class LocalProcess:
    """A subprocess in its own session."""

    _process: anyio.abc.Process
    channel: socket.socket
    output: int
    _alive: list[int]
    """The end of a pipe that the process lives by; empty once it is gone."""

    @property
    def pid(self) -> int:
        """The process id, which is also its process group's."""
        return self._process.pid

    async def wait(self) -> int:
        """The exit code, or minus the signal."""
        code = await self._process.wait()
        while self._alive:
            os.close(self._alive.pop())
        return code

    def kill(self) -> None:
        """SIGKILL to the group: also to children that outlive the worker itself."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return


@dataclass(frozen=True)
class LocalLauncher:
    """Starts workers here. `runtime` holds the few files of ours that a worker loads; `base` is its environment."""

    runtime: Path
    base: Mapping[str, str]

    async def launch(self, launch: Launch) -> LocalProcess:
        """Start a runner that talks on an inherited socket."""
        ours, theirs = socket.socketpair()
        output, theirs_output = os.pipe()
        # Never written to: the kernel ends the group when our end closes, even while C code holds it up.
        theirs_alive, alive = os.pipe()
        try:
            ours.setblocking(False)
            flags = ["-I", "-S"] if launch.no_site else ["-I"]
            spill = launch.home / "spill"
            main = self.runtime / "augury" / "runner" / "__main__.py"
            process = await anyio.open_process(
                [str(launch.python), *flags, str(main), str(theirs.fileno()), str(spill)],
                stdin=theirs_alive,
                stdout=theirs_output,
                stderr=subprocess.STDOUT,
                cwd=launch.folder,
                env=self._environment(launch),
                start_new_session=True,
                pass_fds=[theirs.fileno()],
            )
        except BaseException:
            ours.close()
            os.close(alive)
            os.close(output)
            raise
        finally:
            theirs.close()
            os.close(theirs_alive)
            os.close(theirs_output)
        return LocalProcess(process, ours, output, [alive])

    async def reap(self, worker_ids: set[WorkerId]) -> int:
        """Kill every process on this machine that carries the mark of one of these workers."""
        return await anyio.to_thread.run_sync(_reap, worker_ids)

    def _environment(self, launch: Launch) -> dict[str, str]:
        home = str(launch.home / "home")
        return {
            **launch.variables,
            **self.base,
            "HOME": home,
            "TMPDIR": str(launch.home / "scratch"),
            "PYTHONUNBUFFERED": "1",
            MARK: launch.worker_id,
        }


def _reap(worker_ids: set[WorkerId]) -> int:
    marks = {f"{MARK}={worker_id}".encode() for worker_id in worker_ids}
    killed = 0
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            variables = (entry / "environ").read_bytes().split(b"\0")
            if marks.isdisjoint(variables):
                continue
            os.kill(int(entry.name), signal.SIGKILL)
        except OSError:
            # It ended meanwhile, or belongs to somebody else.
            continue
        killed += 1
    return killed
