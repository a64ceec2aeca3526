"""Blobs that come in parts, each as one file that its parts are written into where they belong.

    begin -> a file of the whole size, with nothing in it -> parts, in any order, several at once -> renamed by local.py

No byte is copied when the parts are put together. Each part is hashed on its way and flushed to the disk before it
counts. Within one process the same part is written by one request at a time: the one that came last.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import secrets
from collections.abc import AsyncGenerator, AsyncIterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio
from anyio import CancelScope, to_thread

from augury.blobs.base import BlobNotFound, BlobStat, Superseded

BATCH = 512 << 10
"""Bytes that are gathered until a thread writes them: of each part that is coming, twice as many are in memory."""
THREADS = 8
"""How many parts are written at once; the others wait for a moment."""
_HANDLE = re.compile(r"[0-9a-f]{32}")


@dataclass(eq=False)
class _Sender:
    """Who is sending a part."""

    scope: CancelScope = field(default_factory=CancelScope)
    gone: anyio.Event = field(default_factory=anyio.Event)


class Parts:
    """The unfinished blobs of one folder. Use from one event loop."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._senders: dict[tuple[str, int], _Sender] = {}
        self._threads = ThreadPoolExecutor(THREADS, "augury-parts")

    def begin(self, size: int) -> str:
        """A new file of this size; its handle. Blocks."""
        self._folder.mkdir(parents=True, exist_ok=True)
        handle = secrets.token_hex(16)
        with self.path(handle).open("xb") as file:
            file.truncate(size)
        return handle

    def path(self, handle: str) -> Path:
        """Where the file is; raises BlobNotFound for what is no handle."""
        if _HANDLE.fullmatch(handle) is None:
            raise BlobNotFound(handle)
        return self._folder / handle

    def drop(self, handle: str) -> None:
        """Remove it. Blocks."""
        self.path(handle).unlink(missing_ok=True)

    def all(self) -> list[BlobStat]:
        """Every one that is there. Blocks."""
        try:
            entries = [entry for entry in os.scandir(self._folder) if entry.is_file(follow_symlinks=False)]
        except FileNotFoundError:
            return []
        return [BlobStat(entry.name, entry.stat().st_size, entry.stat().st_mtime_ns // 1000) for entry in entries]

    async def put(self, handle: str, number: int, offset: int, source: AsyncIterable[bytes]) -> str:
        """Write a part; its etag. Raises Superseded where it was sent once more meanwhile, and BlobNotFound."""
        async with self._alone(handle, number):
            descriptor = await to_thread.run_sync(_open, self.path(handle), handle)
            writer = _Writer(descriptor, offset)
            loop = asyncio.get_running_loop()
            writing: asyncio.Future[None] | None = None
            chunks: list[bytes] = []
            size = 0
            try:
                async for chunk in source:
                    chunks.append(chunk)
                    size += len(chunk)
                    if size < BATCH:
                        continue
                    if writing is not None:
                        await asyncio.shield(writing)
                    # Written in a thread, while the next is being gathered.
                    writing = loop.run_in_executor(self._threads, writer.write, chunks)
                    chunks, size = [], 0
                if writing is not None:
                    await asyncio.shield(writing)
                writing = loop.run_in_executor(self._threads, writer.finish, chunks)
                await asyncio.shield(writing)
                return writer.etag
            finally:
                # Not closed before its thread is done: another file could get its number.
                if writing is not None:
                    with CancelScope(shield=True):
                        await asyncio.wait((writing,))
                os.close(descriptor)

    async def stop(self, handle: str) -> None:
        """Stop whoever is sending a part of it: they get Superseded."""
        for (sent, _), sender in list(self._senders.items()):
            if sent == handle:
                sender.scope.cancel()
                await sender.gone.wait()

    @asynccontextmanager
    async def _alone(self, handle: str, number: int) -> AsyncGenerator[None]:
        """Be the only one who sends this part: whoever did before is stopped."""
        key = handle, number
        me = _Sender()
        while (before := self._senders.get(key)) is not None:
            before.scope.cancel()
            await before.gone.wait()
        self._senders[key] = me
        try:
            with me.scope:
                yield
        finally:
            del self._senders[key]
            me.gone.set()
        if me.scope.cancelled_caught:
            raise Superseded(f"part {number}")


class _Writer:
    """Writes one part in order and hashes it; used by one thread at a time."""

    def __init__(self, descriptor: int, offset: int) -> None:
        self._descriptor = descriptor
        self._offset = offset
        # Four times as fast as MD5 on today's processors.
        self._hash = hashlib.sha256()

    @property
    def etag(self) -> str:
        return f'"{self._hash.hexdigest()}"'

    def write(self, chunks: list[bytes]) -> None:
        for chunk in chunks:
            self._hash.update(chunk)
            view = memoryview(chunk)
            while view:
                written = os.pwrite(self._descriptor, view, self._offset)
                self._offset += written
                view = view[written:]

    def finish(self, chunks: list[bytes]) -> None:
        self.write(chunks)
        os.fdatasync(self._descriptor)


def _open(path: Path, handle: str) -> int:
    try:
        return os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise BlobNotFound(handle) from None
