"""What an event loop has sent while the engine was not reading: kept in order, and written by a thread.

A loop must never wait for the socket, as all its predictions would wait with it. While the socket has room, a message
is written at once and no thread exists. Those who can wait do so until theirs is written. Knows nothing about messages.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from queue import SimpleQueue
from typing import Callable, List, Tuple

_DIRECT = 80 << 10
"""Bytes that a socket with room takes without blocking."""
_ROOM = 112 << 10
"""Bytes that may be written, one frame after another, until it must be asked again whether there is room."""
_OVERHEAD = 1 << 10
"""Bytes that the kernel counts for a frame besides its own."""
_MOST = 16 << 20
"""Bytes pending from which on everybody waits: what is not read must not fill the memory."""

_Waiter = Tuple[int, asyncio.AbstractEventLoop, "asyncio.Future[None]"]
"""What must have been written until then."""


class Outbox:
    """put() may be called from every thread; `write` blocks, `has_room` says whether a small write would not."""

    def __init__(self, write: Callable[[bytes], None], has_room: Callable[[], bool]) -> None:
        self._write = write
        self._has_room = has_room
        self._lock = threading.RLock()
        self._frames: SimpleQueue[bytes] = SimpleQueue()
        self._given = 0
        self._taken = 0
        self._room = 0
        self._written = threading.Condition()
        self._waiters: List[_Waiter] = []
        self._thread: threading.Thread | None = None

    @property
    def pending(self) -> int:
        """Bytes that wait for the engine."""
        return self._given - self._taken

    def put(self, frame: bytes) -> None:
        """Write a frame after those before it: now, or as soon as the engine reads."""
        with self._lock:
            if not self.pending and len(frame) <= _DIRECT and self._admits(len(frame) + _OVERHEAD):
                self._write(frame)
                return
            self._room = 0
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="augury-writer", daemon=True)
                self._thread.start()
            self._given += len(frame)
            self._frames.put(frame)
        if self.pending > _MOST:
            with self._written:
                self._written.wait_for(lambda: self.pending <= _MOST)

    def wait(self) -> None:
        """Return when what has been put so far is written."""
        last = self._given
        if self._taken < last:
            with self._written:
                self._written.wait_for(lambda: self._taken >= last)

    async def wait_async(self) -> None:
        """The same for a task: the loop goes on meanwhile. Gives way to other tasks in any case."""
        last = self._given
        if self._taken >= last:
            await asyncio.sleep(0)
            return
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._waiters.append((last, loop, future))
        self._wake()  # It may have been written in this instant, when nobody saw yet who waits.
        await future

    def _admits(self, size: int) -> bool:
        # Asking costs as much as writing, and what had room for much has room for what is less.
        if self._room < size:
            if not self._has_room():
                return False
            self._room = _ROOM
        self._room -= size
        return True

    def _work(self) -> None:
        while True:
            frame = self._frames.get()
            self._write(frame)
            with self._lock:
                self._taken += len(frame)
                if self._frames.empty():
                    # A model's alarm that raised inside put() may have left a frame counted that was never there.
                    self._taken = self._given
            with self._written:
                self._written.notify_all()
            for last, loop, _ in list(self._waiters):
                if last <= self._taken:
                    with contextlib.suppress(RuntimeError):  # The loop is closed: nobody waits in it.
                        loop.call_soon_threadsafe(self._wake)
                    break

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            last, _, future = waiter
            if last > self._taken:
                self._waiters.append(waiter)
            elif not future.done():
                future.set_result(None)
