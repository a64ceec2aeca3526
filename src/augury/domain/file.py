"""Files that the platform keeps, and uploads that become some: their parts, their names. Knows no store and no HTTP."""

from __future__ import annotations

import mimetypes
import re
from dataclasses import dataclass
from typing import NewType

from augury.domain.ids import AccountId, PredictionId

FileId = NewType("FileId", str)
UploadId = NewType("UploadId", str)

UNKNOWN_TYPE = "application/octet-stream"
MOST_PARTS = 1_000
"""Parts of the biggest upload; what is bigger gets bigger parts."""
LONGEST_NAME = 200
"""Bytes of a file's name."""
_MIB = 1 << 20
_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,127}/[A-Za-z0-9!#$&^_.+-]{1,127}")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file whose bytes are in the blob store under `blob`. Times are microseconds since the epoch."""

    id: FileId
    account_id: AccountId
    prediction_id: PredictionId | None
    """Of an output; None of what was uploaded."""
    blob: str
    name: str
    mime_type: str
    size: int
    etag: str
    created_at: int
    expires_at: int | None
    """From when on it is gone; None: as long as its prediction keeps its contents."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way in. Times are microseconds since the epoch."""

    id: UploadId
    account_id: AccountId
    name: str
    mime_type: str
    size: int
    part_size: int
    """Bytes of each part but the last, which has the rest."""
    handle: str
    """What names it to the blob store."""
    created_at: int
    expires_at: int
    """Until when parts may be sent; of a completed one, until when its file is kept."""
    file_id: FileId | None = None
    """What it became."""

    @property
    def parts(self) -> int:
        """How many parts it has: one at least, also of an empty file."""
        return part_count(self.size, self.part_size)

    def offset(self, number: int) -> int:
        """Where in the file the part with this number (from 1) begins."""
        return (number - 1) * self.part_size

    def length(self, number: int) -> int:
        """How many bytes the part with this number has."""
        return min(self.part_size, self.size - self.offset(number))


@dataclass(frozen=True, slots=True)
class StoredPart:
    """A part that has come whole."""

    number: int
    size: int
    etag: str


def part_count(size: int, part_size: int) -> int:
    """How many parts of this size a file has."""
    return max(1, -(-size // part_size)) if part_size else 1


def fitting_part_size(size: int, usual: int) -> int:
    """The size of a file's parts: the usual one, or so big that there are not too many, or the file's own."""
    if size <= usual:
        return size
    least = -(-size // MOST_PARTS)
    return usual if least <= usual else -(-least // _MIB) * _MIB


def is_media_type(text: str) -> bool:
    """Whether it is a media type without parameters, such as image/png."""
    return _TYPE.fullmatch(text) is not None


def safe_name(wanted: str, mime_type: str) -> str:
    """A file name for links and headers, from what somebody called a file; its extension told by its type if need be.

    Never empty, without slashes and control characters, and at most LONGEST_NAME bytes long.
    """
    name = re.sub(r"[\x00-\x1f\x7f/\\]+", "_", wanted.replace("\\", "/").rpartition("/")[2]).strip(" .")
    name = name.encode("utf-8", "replace").decode() or "file"
    stem, dot, extension = name.rpartition(".")
    if not dot or not stem:
        stem, extension = name, ""
    ending = f".{extension}"[:32] if extension else (mimetypes.guess_extension(mime_type) or "")
    while len((stem + ending).encode()) > LONGEST_NAME:
        stem = stem[:-1]
    return (stem or "file") + ending
