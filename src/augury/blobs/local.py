"""Bytes by key in a folder of this machine.

    bundles/sha256/ab12…  is kept in  <root>/bundles/sha256/~5e/ab12…

A blob that comes in parts is one file in `.parts` until it is complete (`parts.py`).
Written beside its place, flushed to the disk, then renamed: a reader sees the whole blob or none, and so does whoever
looks after a power cut. The folder whose name begins with ~ keeps any one folder small. Knows nothing about what the
bytes mean.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import shutil
import stat
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from anyio import CancelScope, to_thread

from augury.blobs.base import BlobNotFound, BlobStat, check_key
from augury.blobs.parts import Parts

_CHUNK = 1 << 20
_INCOMING = ".incoming"
"""No key begins with a dot."""
_PARTS = ".parts"


class LocalBlobs:
    """Blobs below one folder, which several processes may share."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()
        self._parts = Parts(self._root / _PARTS)

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

    async def take(self, key: str, source: Path) -> BlobStat:
        """See Blobs."""
        return await to_thread.run_sync(self._take, key, self._place(key), source)

    def local(self, key: str) -> Path | None:
        """See Blobs."""
        return self._place(key)

    async def begin(self, key: str, size: int) -> str:
        """See Blobs."""
        check_key(key)
        return await to_thread.run_sync(self._parts.begin, size)

    async def put_part(self, key: str, handle: str, number: int, offset: int, source: AsyncIterable[bytes]) -> str:
        """See Blobs."""
        check_key(key)
        return await self._parts.put(handle, number, offset, source)

    async def complete(self, key: str, handle: str, etags: Sequence[str]) -> BlobStat:
        """See Blobs."""
        await self._parts.stop(handle)
        return await to_thread.run_sync(self._complete, key, self._place(key), handle)

    async def abort(self, key: str, handle: str) -> None:
        """See Blobs."""
        await self._parts.stop(handle)
        await to_thread.run_sync(self._parts.drop, handle)

    async def begun(self) -> AsyncIterator[BlobStat]:
        """See Blobs."""
        for one in await to_thread.run_sync(self._parts.all):
            yield one

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

    def _take(self, key: str, place: Path, source: Path) -> BlobStat:
        folder = self._root / _INCOMING
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / secrets.token_hex(16)
        try:
            source.rename(partial)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            copied = self._put_file(key, place, source)
            source.unlink(missing_ok=True)
            return copied
        # Looked at where nobody else can put another thing in its place.
        if not stat.S_ISREG(partial.lstat().st_mode):
            partial.unlink(missing_ok=True)
            raise OSError(f"{source.name} is no ordinary file")
        os.utime(partial)
        try:
            with partial.open("rb") as stream:
                return self._settle(key, place, partial, stream)
        except OSError:
            # Back where it was, for another try; unless only the folder's flush failed, and it is in its place.
            with contextlib.suppress(FileNotFoundError):
                partial.rename(source)
            raise

    def _complete(self, key: str, place: Path, handle: str) -> BlobStat:
        whole = self._parts.path(handle)
        try:
            with whole.open("rb") as stream:
                os.utime(stream.fileno())
                return self._settle(key, place, whole, stream)
        except FileNotFoundError:
            # Completed before, or by somebody else in this moment, who may not have flushed its name yet.
            found = _stat(key, place)
            _flush_folder(place.parent)
            return found

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
