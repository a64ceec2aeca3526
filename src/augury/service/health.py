"""Whether this process can take work, and what there is to know about its life so far.

Asks the store for a sign of life through its readers and its writer, each with a second to answer, and never asks
again what has not answered yet. Knows nothing about how this is shown.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio.to_thread

from augury.service.gate import Gate
from augury.store import gauges
from augury.store.database import Database

log = logging.getLogger(__name__)

ANSWER_SECONDS = 1.0
"""How long the store may take to answer."""
SPARE_BYTES = 100 * 2**20
"""Less room than this on the disk of the data folder, and nothing may be stored any more."""


@dataclass(slots=True, eq=False)
class Vitals:
    """What the engine of this process has to tell. Times are microseconds since the epoch."""

    node: str | None = None
    ready_at: int | None = None
    """When it could take work; None as long as it cannot."""
    recovered_predictions: int = 0
    """Predictions of an earlier process that were given back to the queue at the start."""
    recovered_processes: int = 0
    """Processes of an earlier process that were still there at the start, and were ended."""
    lease_lost_at: int | None = None


@dataclass(frozen=True, slots=True)
class Readiness:
    """What keeps the server from taking work, one sentence each; and the facts."""

    problems: tuple[str, ...]
    vitals: Vitals

    @property
    def ready(self) -> bool:
        """Nothing is in the way."""
        return not self.problems


@dataclass(eq=False)
class Health:
    """Looks whether this process can take work."""

    db: Database
    gate: Gate
    data: Path
    vitals: Vitals = field(default_factory=Vitals)
    spare: int = SPARE_BYTES
    _asked: dict[str, asyncio.Future[Any]] = field(default_factory=dict[str, asyncio.Future[Any]], repr=False)
    _said: tuple[str, ...] = field(default=(), repr=False)

    async def look(self) -> Readiness:
        """How it is now; what has changed is logged, too."""
        found: list[str] = []
        if self.gate.closed:
            found.append("The server is stopping.")
        elif self.vitals.ready_at is None:
            found.append("The engine is not ready yet.")
        found += await self._store()
        found += await self._disk()
        problems = tuple(found)
        if problems != self._said:
            self._said = problems
            if problems:
                log.warning("not ready", extra={"problems": list(problems)})
            else:
                log.info("ready again")
        return Readiness(problems, self.vitals)

    async def _store(self) -> list[str]:
        reads = self._ask("read", lambda: self.db.read_soon(gauges.answers))
        writes = self._ask("write", lambda: self.db.write_soon(lambda _: None, durable=False))
        await asyncio.wait((reads, writes), timeout=ANSWER_SECONDS)
        return [
            *_verdict(reads, "The database does not answer."),
            *_verdict(writes, "Nothing can be written to the database."),
        ]

    def _ask(self, what: str, ask: Callable[[], asyncio.Future[Any]]) -> asyncio.Future[Any]:
        asked = self._asked.get(what)
        if asked is None or asked.done():
            asked = self._asked[what] = ask()
        return asked

    async def _disk(self) -> list[str]:
        try:
            free = (await anyio.to_thread.run_sync(shutil.disk_usage, self.data)).free
        except OSError as error:
            return [f"The data folder cannot be looked at: {error.strerror}."]
        if free < self.spare:
            return [f"The disk of the data folder is nearly full: {free // 2**20} MiB are left."]
        return []


def _verdict(asked: asyncio.Future[Any], sentence: str) -> list[str]:
    if asked.done() and (asked.cancelled() or asked.exception() is None):
        return []
    return [sentence]
