"""Files that are kept: fetched by their links, put aside for predictions, removed when their time is over.

    outputs:  put aside by the engine -> keep (bytes) -> a row, written with the item or the end that mentions it
    removal:  expires_at has passed -> sweep: the bytes, then the row; and bytes that no row knows of

Bytes come before rows and go before them, so that a row never promises what is not there. Knows nothing about HTTP.
"""

from __future__ import annotations

import contextlib
import errno
import logging
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID, uuid4, uuid5

import anyio
import anyio.lowlevel

from augury.blobs.base import Blobs
from augury.domain.account import Caller
from augury.domain.errors import Forbidden, Gone, NotFound, Problem, Unavailable
from augury.domain.file import FileId, StoredFile
from augury.domain.ids import PredictionId
from augury.domain.paging import Cursor, Page
from augury.service.file_inputs import FileInput, data_problems
from augury.service.links import FileLink, Links
from augury.store import files as rows
from augury.store import uploads
from augury.store.database import Database

log = logging.getLogger(__name__)

LocalFiles = dict[str, list[str]]
"""Links of ours that lead to files of this machine: path, name and content type."""
PREFIX = "files/"
INTERVAL = 600.0
"""Seconds between two sweeps."""
_BATCH = 200
_STRAY_SECONDS = 86_400.0
"""How long bytes may be there without a row: what is just being stored, or was when its server died."""
_STRAY_INTERVAL = 86_400.0


@dataclass(frozen=True, slots=True)
class Opened:
    """A file to be read; `path` is None where its bytes are not on this machine."""

    file: StoredFile
    path: Path | None


@dataclass(frozen=True)
class Files:
    """The use cases of files. `now` is in microseconds since the epoch."""

    db: Database
    blobs: Blobs
    links: Links
    now: Callable[[], int]
    upload_ttl: float = 3600.0
    """Seconds after which an upload that has expired is removed."""
    _stray: list[int] = field(default_factory=lambda: [0], repr=False)
    """When bytes without a row were looked for last."""

    async def open(self, file_id: str, name: str, expires: str | None, signature: str | None) -> Opened:
        """The file that a link leads to; raises Forbidden for a link that is not ours or expired, and Gone."""
        return await self._opened(self.links.check_file(file_id, name, expires, signature))

    async def get(self, caller: Caller, file_id: str) -> StoredFile:
        """What the caller has uploaded; raises NotFound for anything else, and for what is over."""
        file = await self.db.read(lambda c: rows.get(c, FileId(file_id.lower())))
        theirs = file is not None and file.prediction_id is None and file.account_id == caller.account_id
        if file is None or not theirs or (file.expires_at is not None and file.expires_at <= self.now()):
            raise NotFound(f"There is no file {file_id[:64]}, or it is not yours.", code="file_not_found")
        return file

    async def page(self, caller: Caller, *, cursor: str | None = None, page_size: int = 25) -> Page[StoredFile]:
        """What the caller has uploaded and is still there, newest first."""
        place = Cursor() if cursor is None else Cursor.parse(cursor)
        found = await self.db.read(
            lambda c: rows.uploaded(
                c, caller.account_id, before=place.before_text(), after=place.after_text(), limit=page_size + 1
            )
        )
        page = place.page(found, page_size, lambda one: one.id)
        now = self.now()
        return replace(page, items=[one for one in page.items if one.expires_at is None or one.expires_at > now])

    async def remove(self, caller: Caller, file_id: str) -> None:
        """Remove what the caller has uploaded, its links with it; raises NotFound."""
        await self._remove(await self.get(caller, file_id))

    async def own(self, urls: Sequence[str]) -> Mapping[str, Opened | Forbidden | Gone]:
        """What those of the URLs lead to that are links of ours: a file, or why not."""
        found: dict[str, Opened | Forbidden | Gone] = {}
        for url in urls:
            try:
                link = self.links.own_file(url)
                if link is not None:
                    found[url] = await self._opened(link)
            except (Forbidden, Gone) as error:
                found[url] = error
        return found

    async def look(self, found: Sequence[FileInput]) -> tuple[list[Problem], LocalFiles]:
        """What is wrong with the files of an input, as far as can be told, and those of ours that are here."""
        problems = data_problems(found)
        own = await self.own([one.text for one in found if one.text.startswith(self.links.base)])
        local: LocalFiles = {}
        for one in found:
            there = own.get(one.text)
            if isinstance(there, Opened):
                problem = one.problem(there.file.mime_type, there.file.size)
                if problem is None and there.path is not None:
                    local[one.text] = [str(there.path), there.file.name, there.file.mime_type]
            else:
                problem = (
                    None if there is None else Problem(one.loc, there.message, "file_link", None, {"code": there.code})
                )
            if problem is not None:
                problems.append(problem)
        return problems, local

    async def keep(self, blob: str, source: Path) -> int:
        """Move a file into the store; how many bytes it has. Raises OSError."""
        return (await self.blobs.take(blob, source)).size

    async def discard(self, blob: str) -> None:
        """Remove bytes that no row will know of."""
        await self.blobs.delete(blob)

    async def remove_of(self, prediction_id: PredictionId) -> None:
        """Remove the bytes of a prediction's files whose rows have expired."""
        now = self.now()
        found = await self.db.read(lambda c: rows.of_prediction(c, prediction_id))
        for one in found:
            if one.expires_at is not None and one.expires_at <= now:
                await self._remove(one)

    async def sweep(self) -> int:
        """Remove what is over; returns how many files and uploads that were."""
        now = self.now()
        total = 0
        while found := await self.db.read(lambda c: rows.expired(c, now, _BATCH)):
            for one in found:
                await self._remove(one)
            total += len(found)
        unfinished = now - int(self.upload_ttl * 1e6)
        while over := await self.db.read(lambda c: uploads.over(c, now, unfinished, _BATCH)):
            for one in over:
                await self.blobs.abort(blob_key(one.id), one.handle)
                await self.db.write_soon(lambda c, one=one: uploads.forget(c, one.id), durable=False)
            total += len(over)
        if now - self._stray[0] >= _STRAY_INTERVAL * 1e6:
            self._stray[0] = now
            total += await self._remove_strays(now - int(_STRAY_SECONDS * 1e6))
        return total

    async def _opened(self, link: FileLink) -> Opened:
        file = await self.db.read(lambda c: rows.get(c, link.id))
        if file is None or file.name != link.name or (file.expires_at is not None and file.expires_at <= self.now()):
            raise Gone(
                "The file was removed, with its prediction's contents or because its time was over.",
                code="file_removed",
            )
        return Opened(file, self.blobs.local(file.blob))

    async def _remove(self, file: StoredFile) -> None:
        await self.blobs.delete(file.blob)
        await self.db.write_soon(lambda c: rows.forget(c, file.id), durable=False)

    async def _remove_strays(self, before: int) -> int:
        """Remove bytes from before this time that no row knows of: their server died between the two."""
        total = 0
        async for one in self.blobs.list(PREFIX):
            if one.modified < before and not await self.db.read(lambda c, one=one: rows.knows_blob(c, one.key)):
                await self.blobs.delete(one.key)
                total += 1
            await anyio.lowlevel.checkpoint()
        async for one in self.blobs.begun():
            if one.modified < before and not await self.db.read(lambda c, one=one: uploads.knows_handle(c, one.key)):
                await self.blobs.abort(f"{PREFIX}{one.key}", one.key)
                total += 1
        if total:
            log.info("removed bytes that nothing knows of", extra={"count": total})
        return total


def blob_key(name: str) -> str:
    """Where the bytes with this name are kept."""
    return PREFIX + name


def new_blob() -> str:
    """A new place for the bytes of an output."""
    return blob_key(uuid4().hex)


@contextlib.contextmanager
def storing(what: str) -> Generator[None]:
    """Answer a full disk as what it is: nothing was stored, and later there may be room."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        log.exception("no room left")
        raise Unavailable(f"There is no room for {what} on the server's disk.", code="storage_full") from None


def output_id(prediction_id: PredictionId, number: int) -> FileId:
    """The id of a prediction's file by its number: the same in each attempt, so that a stream repeats itself."""
    return FileId(str(uuid5(UUID(prediction_id), str(number))))
