"""What keeps bytes by key: the few operations that a folder and an S3 bucket both have.

A blob is written whole or not at all, and replaced whole. Keys are names joined by slashes, such as
`bundles/sha256/ab12…`. Knows nothing about what the bytes mean or who may see them.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterable, AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

KEY_LIMIT = 900
"""Characters of the longest key; S3 stops at 1,024 bytes, prefix included."""

_KEY_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}")
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")


class BlobNotFound(Exception):
    """There is no blob under this key."""


class InvalidKey(ValueError):
    """The key could not be kept everywhere: a part is empty, too long or has a character that is not allowed."""


class Superseded(Exception):
    """The same part is being sent once more: what came before does not count."""


@dataclass(frozen=True)
class BlobStat:
    """What is known about a blob without reading it."""

    key: str
    size: int
    """Bytes."""
    modified: int
    """Microseconds since the epoch, UTC."""


class Blobs(Protocol):
    """A place for bytes; every method raises InvalidKey for a key that check_key refuses."""

    async def put(self, key: str, source: Path | AsyncIterable[bytes]) -> BlobStat:
        """Keep a file's bytes, or chunks as they come, under `key`; visible and durable when this returns.

        An error from `source`, or being cancelled, leaves what was there before.
        """
        ...

    def open(self, key: str, *, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """The blob's bytes in chunks, from byte `start`, at most `length` of them; raises BlobNotFound at the first."""
        ...

    async def take(self, key: str, source: Path) -> BlobStat:
        """Keep a file under `key` and let `source` be gone: moved where that can be done, else copied.

        Visible and durable when this returns. Raises OSError where `source` is no ordinary file.
        """
        ...

    def local(self, key: str) -> Path | None:
        """Where a file of this machine has the blob's bytes, if there is one; None where they are elsewhere."""
        ...

    async def begin(self, key: str, size: int) -> str:
        """Begin a blob of this size that comes in parts; the handle that names it from now on."""
        ...

    async def put_part(self, key: str, handle: str, number: int, offset: int, source: AsyncIterable[bytes]) -> str:
        """Keep a part (numbers from 1; `offset` is where it begins) and return its etag, in quotes.

        A part may be put again, whole; one that is still coming then raises Superseded. Raises BlobNotFound for a
        handle that is gone.
        """
        ...

    async def complete(self, key: str, handle: str, etags: Sequence[str]) -> BlobStat:
        """Make one blob of its parts, which were put with these etags; again is no error. Raises BlobNotFound."""
        ...

    async def abort(self, key: str, handle: str) -> None:
        """Let go of the parts of a blob that was not completed; nothing happens where there are none."""
        ...

    def begun(self) -> AsyncIterator[BlobStat]:
        """Every blob that was begun and not completed: its handle as `key`, and when something came last."""
        ...

    async def stat(self, key: str) -> BlobStat:
        """Size and time of a blob; raises BlobNotFound."""
        ...

    async def exists(self, key: str) -> bool:
        """Whether there is a blob under `key`."""
        ...

    async def delete(self, key: str) -> None:
        """Remove a blob; nothing happens where there is none."""
        ...

    def list(self, prefix: str = "") -> AsyncIterator[BlobStat]:
        """Every blob whose key begins with `prefix`, in the order of their keys."""
        ...


def check_key(key: str) -> tuple[str, ...]:
    """The parts of a key; raises InvalidKey."""
    parts = tuple(key.split("/"))
    if len(key) > KEY_LIMIT or not all(_KEY_PART.fullmatch(part) for part in parts):
        raise InvalidKey(f"{key[:200]!r} is no key for a blob")
    return parts


def bundle_key(digest: str) -> str:
    """Where the bundle with this digest ("sha256:…") is kept; raises InvalidKey for anything else."""
    match = _DIGEST.fullmatch(digest)
    if match is None:
        raise InvalidKey(f"{digest[:200]!r} is no digest: sha256: and 64 hexadecimal digits in lower case")
    return f"bundles/sha256/{match[1]}"
