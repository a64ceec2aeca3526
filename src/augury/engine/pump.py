"""One write at a time, and what came meanwhile with the next: batches grow by themselves where the store is slow.

The first of a quiet while is written at once, so nothing is ever late for the sake of a batch. A write that fails is
tried again for a few seconds. Knows nothing about what is written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar

Batch = TypeVar("Batch")
Result = TypeVar("Result")

TRIES = 5
FIRST_PAUSE = 0.1


class Pump(Generic[Batch, Result]):
    """Writes what `take` gives until it gives None. Use from the event loop only.

    `write` is told whether this batch may have been written before; `broken` is called where it cannot be written.
    """

    def __init__(
        self,
        take: Callable[[], Batch | None],
        write: Callable[[Batch, bool], asyncio.Future[Result]],
        done: Callable[[Batch, Result], None],
        broken: Callable[[Batch, BaseException], None],
    ) -> None:
        self._take = take
        self._write = write
        self._done = done
        self._broken = broken
        self._loop = asyncio.get_running_loop()
        self._busy = False
        self._scheduled = False
        self._then: Callable[[], None] | None = None
        self._tries = 0

    def more(self) -> None:
        """There is something to be taken."""
        if not (self._busy or self._scheduled or self._then is not None):
            # Not at once: what came in the same piece from the socket is one batch.
            self._scheduled = True
            self._loop.call_soon(self._next)

    def stop(self, then: Callable[[], None]) -> None:
        """Take nothing more, and call `then` when no write is under way."""
        self._then = then
        if not self._busy:
            then()

    def _next(self) -> None:
        self._scheduled = False
        if self._busy or self._then is not None:
            return
        batch = self._take()
        if batch is not None:
            self._busy = True
            self._start(batch, again=False)

    def _start(self, batch: Batch, *, again: bool) -> None:
        self._write(batch, again).add_done_callback(partial(self._written, batch))

    def _written(self, batch: Batch, future: asyncio.Future[Result]) -> None:
        error = asyncio.CancelledError() if future.cancelled() else future.exception()
        if error is not None:
            self._tries += 1
            if self._tries < TRIES:
                pause = FIRST_PAUSE * 3.0 ** (self._tries - 1)
                self._loop.call_later(pause, partial(self._start, batch, again=True))
                return
            self._broken(batch, error)
        else:
            self._done(batch, future.result())
        self._tries = 0
        self._busy = False
        if self._then is not None:
            self._then()
        else:
            self.more()
