"""Bytes by key in a folder of this machine.

    bundles/sha256/ab12…  is kept in  <root>/bundles/sha256/~5e/ab12…

Written beside its place, flushed to the disk, then renamed: a reader sees the whole blob or none, and so does whoever
looks after a power cut. The folder whose name begins with ~ keeps any one folder small. Knows nothing about what the
bytes mean.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from anyio import CancelScope, to_thread

from augury.blobs.base import BlobNotFound, BlobStat, check_key

_CHUNK = 1 << 20
_INCOMING = ".incoming"
"""No key begins with a dot."""


class LocalBlobs:
    """Blobs below one folder, which several processes may share."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()

    async def put(self, key: str, source: Path | AsyncIterable[bytes]) -> BlobStat:
        """See Blobs."""
        place = self._place(key)
        if isinstance(source, Path):
            return await to_thread.run_sync(self._put_file, key, place, source)
        partial, stream = await to_thread.run_sync(self._incoming)
        try:
            async for chunk in source:
                await to_thread.run_sync(stream.write, chunk)
            return await to_thread.run_sync(self._settle, key, place, partial, stream)
        finally:
            with CancelScope(shield=True):
                await to_thread.run_sync(_discard, partial, stream)

    async def open(self, key: str, *, start: int = 0, length: int | None = None) -> AsyncGenerator[bytes]:
        """See Blobs."""
        stream = await to_thread.run_sync(_open, self._place(key), key, start)
        try:
            left = length
            while left is None or left > 0:
                chunk = await to_thread.run_sync(stream.read, _CHUNK if left is None else min(left, _CHUNK))
                if not chunk:
                    return
                left = None if left is None else left - len(chunk)
                yield chunk
        finally:
            stream.close()

    async def stat(self, key: str) -> BlobStat:
        """See Blobs."""
        return await to_thread.run_sync(_stat, key, self._place(key))

    async def exists(self, key: str) -> bool:
        """See Blobs."""
        return await to_thread.run_sync(self._place(key).is_file)

    async def delete(self, key: str) -> None:
        """See Blobs."""
        place = self._place(key)
        await to_thread.run_sync(lambda: place.unlink(missing_ok=True))

    async def list(self, prefix: str = "") -> AsyncIterator[BlobStat]:
        """See Blobs."""
        for key in await to_thread.run_sync(self._keys, prefix):
            with contextlib.suppress(BlobNotFound):  # removed meanwhile
                yield await self.stat(key)

    def clear_incoming(self) -> None:
        """Remove what was being written by a process that was killed; only while nobody writes."""
        shutil.rmtree(self._root / _INCOMING, ignore_errors=True)

    def _place(self, key: str) -> Path:
        *folders, name = check_key(key)
        shard = hashlib.sha256(name.encode()).hexdigest()[:2]
        return self._root.joinpath(*folders, f"~{shard}", name)

    def _incoming(self) -> tuple[Path, BinaryIO]:
        folder = self._root / _INCOMING
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / secrets.token_hex(16)
        return partial, partial.open("xb")

    def _put_file(self, key: str, place: Path, source: Path) -> BlobStat:
        with source.open("rb") as original:
            partial, stream = self._incoming()
            try:
                shutil.copyfileobj(original, stream, _CHUNK)
                return self._settle(key, place, partial, stream)
            finally:
                _discard(partial, stream)

    def _settle(self, key: str, place: Path, partial: Path, stream: BinaryIO) -> BlobStat:
        stream.flush()
        os.fsync(stream.fileno())
        stream.close()
        made = [folder for folder in place.parents if not folder.exists()]
        place.parent.mkdir(parents=True, exist_ok=True)
        partial.replace(place)
        # A name is on the disk once its folder is.
        for folder in (place.parent, *(folder.parent for folder in made)):
            _flush_folder(folder)
        return _stat(key, place)

    def _keys(self, prefix: str) -> Sequence[str]:
        whole, _, _ = prefix.rpartition("/")
        if whole:
            check_key(whole)
        return sorted(key for key in self._keys_in(self._root / whole, whole) if key.startswith(prefix))

    def _keys_in(self, folder: Path, path: str) -> Iterator[str]:
        try:
            entries = list(os.scandir(folder))
        except (FileNotFoundError, NotADirectoryError):
            return
        for entry in entries:
            if entry.name.startswith("."):
                continue
            inner = path if entry.name.startswith("~") else f"{path}/{entry.name}".lstrip("/")
            if entry.is_dir(follow_symlinks=False):
                yield from self._keys_in(Path(entry.path), inner)
            else:
                yield inner


def _open(place: Path, key: str, start: int) -> BinaryIO:
    try:
        stream = place.open("rb")
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise BlobNotFound(key) from None
    stream.seek(start)
    return stream


def _stat(key: str, place: Path) -> BlobStat:
    try:
        status = place.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise BlobNotFound(key) from None
    return BlobStat(key, status.st_size, status.st_mtime_ns // 1000)


def _discard(partial: Path, stream: BinaryIO) -> None:
    stream.close()
    partial.unlink(missing_ok=True)


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
