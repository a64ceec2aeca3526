"""A model's files as one file, and back.

    project --pack--> a gzipped tar, named by its SHA-256 --unpack--> a folder with the same files

The same files give the same bytes, whatever their times, owners and order on disk. What `unpack` reads may come from
anyone: nothing in it reaches outside the folder, and it cannot fill the disk or the memory. Both work in constant
memory and leave a whole result or none. Knows nothing about what the files mean.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import secrets
import shutil
import tarfile
import zlib
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, cast

from augury.packaging.contents import Item, contents
from augury.packaging.errors import BundleError
from augury.packaging.project import Project

__all__ = ["Bundle", "BundleError", "Limits", "clear_partial", "digest_of", "pack", "unpack"]

_CHUNK = 1 << 20
_LEVEL = 6
_SAMPLE = 1 << 18
_HEADER_LIMIT = 1 << 16
"""Bytes of a long name or an extended header: tarfile would hold any size in memory."""
_PARTIAL = ".partial-"


@dataclass(frozen=True)
class Bundle:
    """A packed model."""

    digest: str
    """ "sha256:" and the hexadecimal digest of the packed file."""
    size: int
    """Bytes of the packed file."""
    files: int


@dataclass(frozen=True)
class Limits:
    """What one bundle may hold, unpacked."""

    files: int = 100_000
    file_bytes: int = 16 << 30
    total_bytes: int = 32 << 30


def pack(project: Project, out: Path, limits: Limits = Limits()) -> Bundle:
    """Write the project's files to `out`, replacing it whole; raises BundleError."""
    items = contents(project, exclude=out)
    _refuse_over(items, limits)
    out.parent.mkdir(parents=True, exist_ok=True)
    with _replacing(out) as stream:
        hashing = _HashingWriter(stream)
        with (
            contextlib.closing(_Compressor(hashing)) as compressor,
            tarfile.open(fileobj=cast("IO[bytes]", compressor), mode="w", format=tarfile.PAX_FORMAT) as tar,
        ):
            for item in items:
                _add(tar, item, compressor)
        return Bundle(digest=f"sha256:{hashing.sha256.hexdigest()}", size=hashing.size, files=len(items))


def unpack(path: Path, folder: Path, limits: Limits = Limits()) -> Path:
    """Make `folder` with the files of the bundle at `path`; nothing happens where it is there already.

    The files are read-only. Raises BundleError for a bundle that is damaged, over a limit or up to no good.
    """
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = folder.parent / f"{_PARTIAL}{secrets.token_hex(8)}"
    try:
        partial.mkdir(mode=0o755)
        with _reading(path, limits) as tar:
            _Unpacking(partial, limits).extract(tar)
        with contextlib.suppress(OSError):  # another has been faster
            partial.rename(folder)
        if not folder.is_dir():
            raise BundleError(f"{folder} cannot be made")
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder


def digest_of(path: Path) -> str:
    """ "sha256:" and the hexadecimal digest of a file."""
    with path.open("rb") as stream:
        return f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"


def clear_partial(parent: Path) -> None:
    """Remove what an `unpack` into `parent` left that was killed; only while none is running there."""
    for left in parent.glob(f"{_PARTIAL}*"):
        shutil.rmtree(left, ignore_errors=True)


def _refuse_over(items: list[Item], limits: Limits) -> None:
    if not items:
        raise BundleError("there is no file to pack")
    if len(items) > limits.files:
        hint = "leave some out with a .auguryignore"
        raise BundleError(f"{len(items):,} files are over the limit of {limits.files:,}", hint=hint)
    total = 0
    for item in items:
        total += item.size
        if item.size > limits.file_bytes:
            message = f"{item.size:,} bytes are over the limit of {limits.file_bytes:,} for one file"
            raise BundleError(message, file=item.name, hint="leave it out with a .auguryignore")
    if total > limits.total_bytes:
        hint = "leave some out with a .auguryignore"
        raise BundleError(f"the files have {total:,} bytes, over the limit of {limits.total_bytes:,}", hint=hint)


def _add(tar: tarfile.TarFile, item: Item, compressor: _Compressor) -> None:
    info = tarfile.TarInfo(item.name)
    if item.link is not None:
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, item.link, 0o777
        tar.addfile(info)
        return
    info.size, info.mode = item.size, 0o755 if item.executable else 0o644
    try:
        with item.path.open("rb") as stream:
            compressor.set_level(_LEVEL if _shrinks(stream, item.size) else 0)
            tar.addfile(info, stream)
            if stream.read(1):
                raise BundleError("grew while it was being packed", file=item.name)
    except OSError as error:
        message = error.strerror or "shrank while it was being packed"
        raise BundleError(f"cannot be packed: {message}", file=item.name) from None


def _shrinks(stream: BinaryIO, size: int) -> bool:
    """Whether compressing is worth its time: weights and pictures hardly get smaller, and there is much of them."""
    if size <= _SAMPLE:
        return True
    stream.seek((size - _SAMPLE) // 2)  # not the first bytes: many formats begin with a header in plain text
    sample = stream.read(_SAMPLE)
    stream.seek(0)
    return len(zlib.compress(sample, 1)) < 0.8 * len(sample)


class _Compressor:
    """Gzip as a row of members, each with a level of its own; every reader of gzip reads them as one."""

    def __init__(self, out: _HashingWriter) -> None:
        self._out = out
        self._level = _LEVEL
        self._member: gzip.GzipFile | None = None
        self._position = 0

    def set_level(self, level: int) -> None:
        """Compress what comes next with `level`."""
        if level != self._level:
            self.close()
            self._level = level

    def write(self, data: bytes) -> int:
        if self._member is None:
            self._member = gzip.GzipFile(
                filename="", mode="wb", compresslevel=self._level, fileobj=cast("IO[bytes]", self._out), mtime=0
            )
        self._position += len(data)
        return self._member.write(data)

    def tell(self) -> int:
        return self._position

    def close(self) -> None:
        if self._member is not None:
            self._member.close()
            self._member = None


class _HashingWriter:
    """Passes on what is written, and keeps its digest and size."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.sha256 = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        self.sha256.update(data)
        self.size += len(data)
        return self._stream.write(data)

    def flush(self) -> None:
        self._stream.flush()


@contextlib.contextmanager
def _replacing(out: Path) -> Generator[BinaryIO]:
    """A file that takes the place of `out` when all went well, and is gone otherwise."""
    partial = out.with_name(f"{_PARTIAL}{secrets.token_hex(8)}")
    try:
        with partial.open("xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)


@contextlib.contextmanager
def _reading(path: Path, limits: Limits) -> Generator[tarfile.TarFile]:
    try:
        with path.open("rb") as stream, gzip.GzipFile(fileobj=stream, mode="rb") as plain:
            # Headers count too: a bundle of a million empty files, or of one endless header, ends here.
            bounded = _BoundedReader(plain, limits.total_bytes + 2048 * limits.files)
            with tarfile.open(
                fileobj=cast("IO[bytes]", bounded), mode="r|", tarinfo=_BoundedInfo, bufsize=_CHUNK
            ) as tar:
                yield tar
            while bounded.read(_CHUNK):
                pass  # the checksum stands at the end
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BundleError(f"the bundle is damaged: {error}") from None


class _BoundedReader:
    """Passes on what is read, up to a number of bytes."""

    def __init__(self, stream: gzip.GzipFile, left: int) -> None:
        self._stream = stream
        self._left = left

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise BundleError("the bundle is over the limit of what one may hold, unpacked")
        return data


class _BoundedInfo(tarfile.TarInfo):
    """A header that refuses kinds no bundle has before anything is read or kept for them."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _BoundedInfo:
        info = super().frombuf(buf, encoding, errors)
        extended = (tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)
        if info.type in extended:
            if not 0 <= info.size <= _HEADER_LIMIT:
                raise BundleError("the bundle has a header of more than 65,536 bytes")
        elif info.type not in (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE):
            raise BundleError("holds something other than files, folders and links", file=_printable(info.name))
        return info


class _Unpacking:
    """One bundle on its way into a folder that nobody else knows yet."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._folder = folder
        self._limits = limits
        self._total = 0
        self._files: set[PurePosixPath] = set()
        self._folders = {PurePosixPath()}
        self._links: dict[PurePosixPath, str] = {}

    def extract(self, tar: tarfile.TarFile) -> None:
        """Write every file, then the links: until then no name can lead anywhere but into the folder."""
        for count, info in enumerate(tar, 1):
            if count > self._limits.files:
                raise BundleError(f"the bundle holds more than {self._limits.files:,} files")
            self._extract_one(tar, info)
        for path, target in self._links.items():
            self._check_link(path, target)
            self._parent(path)
            (self._folder / path).symlink_to(target)

    def _extract_one(self, tar: tarfile.TarFile, info: tarfile.TarInfo) -> None:
        if info.isdir() and PurePosixPath(info.name) == PurePosixPath():
            return  # the folder itself, as tar writes it
        path = _safe_path(info.name)
        if info.isdir():
            self._make(path)
        elif path in self._files or path in self._links or path in self._folders:
            raise BundleError("is in the bundle twice", file=str(path))
        elif info.issym():
            self._links[path] = info.linkname
        else:
            self._write(tar, info, path)

    def _write(self, tar: tarfile.TarFile, info: tarfile.TarInfo, path: PurePosixPath) -> None:
        self._total += max(info.size, 0)
        if not 0 <= info.size <= self._limits.file_bytes:
            raise BundleError(f"is over the limit of {self._limits.file_bytes:,} bytes", file=str(path))
        if self._total > self._limits.total_bytes:
            raise BundleError(f"the bundle holds more than {self._limits.total_bytes:,} bytes, unpacked")
        stream = tar.extractfile(info)
        if stream is None or info.sparse is not None:
            raise BundleError("is no plain file", file=str(path))
        self._parent(path)
        mode = 0o555 if info.mode & 0o100 else 0o444
        with (self._folder / path).open("xb") as out:
            shutil.copyfileobj(stream, out, _CHUNK)
            out.flush()
            os.fchmod(out.fileno(), mode)
            os.fsync(out.fileno())
        self._files.add(path)

    def _parent(self, path: PurePosixPath) -> None:
        if path.parent not in self._folders:
            self._make(path.parent)

    def _make(self, path: PurePosixPath) -> None:
        for folder in (*reversed(path.parents), path):
            if folder in self._folders:
                continue
            if folder in self._files or folder in self._links:
                raise BundleError("is in the bundle as a file and as a folder", file=str(folder))
            if len(self._folders) > self._limits.files:
                raise BundleError(f"the bundle holds more than {self._limits.files:,} folders")
            (self._folder / folder).mkdir(mode=0o755)
            self._folders.add(folder)

    def _check_link(self, path: PurePosixPath, target: str) -> None:
        """Links lead to a file or folder of the bundle itself, never to another link or outside."""
        if path in self._folders:
            raise BundleError("is in the bundle as a link and as a folder", file=str(path))
        # Only a plain target is what it looks like: in "link/../x" the link decides where ".." leads.
        plain = not target.startswith("/") and target == os.path.normpath(target)
        where = PurePosixPath(os.path.normpath(path.parent / target)) if plain else None
        if where not in self._files and where not in self._folders:
            raise BundleError(f"links to {_printable(target)}, which is not in the bundle", file=str(path))


def _safe_path(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name or not _encodable(name):
        raise BundleError("the bundle holds a name that is not allowed", file=_printable(name))
    if len(os.fsencode(name)) > 1024 or any(len(os.fsencode(part)) > 255 for part in path.parts):
        raise BundleError("the bundle holds a name that is too long", file=_printable(name))
    return path


def _encodable(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _printable(name: str) -> str:
    return name[:200].encode("ascii", "backslashreplace").decode()
