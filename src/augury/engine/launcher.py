"""How a worker's process comes to be: the seam between the engine and where workers run."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from augury.domain.ids import WorkerId


@dataclass(frozen=True, slots=True)
class Launch:
    """What is to be started. `home` is the worker's own folder: scratch and spill folders are made in it."""

    worker_id: WorkerId
    python: Path
    no_site: bool
    folder: Path
    home: Path
    variables: Mapping[str, str] = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Values among those of the variables that must not be seen in what the worker says."""


class Process(Protocol):
    """A started worker process."""

    @property
    def pid(self) -> int:
        """The process id, which is also its process group's."""
        ...

    @property
    def channel(self) -> socket.socket:
        """Our end of the connection; non-blocking."""
        ...

    @property
    def output(self) -> int:
        """The reading end of the pipe that the process and its children write stdout and stderr to; the taker's."""
        ...

    async def wait(self) -> int:
        """The exit code, or minus the signal that ended it."""
        ...

    def kill(self) -> None:
        """End the whole process group now."""
        ...


class Launcher(Protocol):
    """Starts workers somewhere."""

    async def launch(self, launch: Launch) -> Process:
        """Start a process; raises OSError where that is impossible."""
        ...

    async def reap(self, worker_ids: set[WorkerId]) -> int:
        """End whatever is left of workers that an earlier engine on this machine started; returns how many."""
        ...
