"""Uploads: begun, sent part by part to signed links, completed into a file that can be fetched by one.

    create -> links of the parts -> put_part (any order, again if need be) -> complete -> the file's link

A part counts once it is on the disk and its etag in the store. Completing checks everything first, so that it changes
nothing where something is missing. Knows nothing about HTTP.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from augury.blobs.base import BlobNotFound, Blobs, Superseded
from augury.domain.account import Caller
from augury.domain.errors import Conflict, Gone, InvalidRequest, NotFound, Problem, TooLarge
from augury.domain.file import (
    FileId,
    StoredFile,
    StoredPart,
    Upload,
    UploadId,
    fitting_part_size,
    is_media_type,
    safe_name,
)
from augury.domain.ids import IdSource
from augury.service import once
from augury.service.files import blob_key, storing
from augury.service.links import Links
from augury.service.once import Idempotency
from augury.store import files, uploads
from augury.store.connection import Connection
from augury.store.database import Database

log = logging.getLogger(__name__)

_PROBLEMS = 50


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """Sizes in bytes, times in seconds."""

    part_size: int = 16 << 20
    max_size: int = 50 << 30
    part_ttl: float = 3600.0
    """How long parts may be sent; completing may take as long again."""
    file_ttl: float = 86_400.0
    """How long an uploaded file is kept."""


@dataclass(frozen=True)
class Uploads:
    """The use cases of uploads. Use from the event loop only; `now` is in microseconds since the epoch."""

    db: Database
    blobs: Blobs
    links: Links
    ids: IdSource
    now: Callable[[], int]
    limits: UploadLimits = field(default_factory=UploadLimits)
    _completing: Counter[UploadId] = field(default_factory=Counter[UploadId], repr=False)
    """What is being completed: no part of it may begin to change."""

    async def create(
        self,
        caller: Caller,
        *,
        size: int,
        mime_type: str,
        name: str | None = None,
        idempotency: Idempotency | None = None,
    ) -> Upload:
        """Begin an upload of exactly `size` bytes; raises InvalidRequest, and TooLarge over the limit."""
        self._check(size, mime_type)
        now = self.now()
        upload_id = UploadId(self.ids.next())
        with storing("the upload"):
            handle = await self.blobs.begin(blob_key(upload_id), size)
        kind = mime_type.lower()
        upload = Upload(
            id=upload_id,
            account_id=caller.account_id,
            name=safe_name(name or "", kind),
            mime_type=kind,
            size=size,
            part_size=fitting_part_size(size, self.limits.part_size),
            handle=handle,
            created_at=now,
            expires_at=now + int(self.limits.part_ttl * 1e6),
        )

        def insert(c: Connection) -> None:
            once.first_time(c, idempotency, "upload", upload.id, now)
            uploads.insert(c, upload)

        try:
            await self.db.write(insert)
        except once.Repeated as repeated:
            await self.blobs.abort(blob_key(upload_id), handle)
            return await self._found(UploadId(repeated.resource))
        return upload

    def part_links(self, upload: Upload) -> list[str]:
        """Where its parts are put, in order."""
        return [self.links.part(upload.id, number, upload.expires_at) for number in range(1, upload.parts + 1)]

    async def put_part(self, upload_id: str, number: int, size: int | None, chunks: AsyncIterator[bytes]) -> str:
        """Take in a part by a link that was accepted; its etag, in quotes.

        `size` is what the request says it has. Raises InvalidRequest for one of the wrong size, Gone for an upload that
        is over, and Conflict for one that is complete or where the part was sent once more meanwhile.
        """
        upload = await self._found(UploadId(upload_id))
        if not 1 <= number <= upload.parts:
            raise NotFound(f"The upload has no part {number}.", code="upload_not_found")
        _check_length(upload, number, size)
        if upload.file_id is not None:
            raise _completed()
        # Until it is there whole, it is neither the old one nor the new one.
        await self.db.write_soon(lambda c: uploads.drop_part(c, upload.id, number))
        if self._completing[upload.id]:
            raise _completed()
        try:
            with storing(f"part {number}"):
                etag = await self.blobs.put_part(
                    blob_key(upload.id), upload.handle, number, upload.offset(number), chunks
                )
        except Superseded:
            raise Conflict(f"Part {number} was sent once more, or the upload ended.", code="part_superseded") from None
        except BlobNotFound:
            raise _over() from None
        part = StoredPart(number, upload.length(number), etag)
        now = self.now()
        await self.db.write_soon(lambda c: uploads.put_part(c, upload.id, part, now))
        return etag

    async def complete(self, caller: Caller, upload_id: str, etags: Sequence[str]) -> str:
        """Make a file of an upload whose parts have these etags, in order; the link to it. Again: the same answer.

        Raises NotFound for what is not the caller's, Gone for what is over, and InvalidRequest with each difference;
        then nothing has changed.
        """
        upload = await self.db.read(lambda c: uploads.get(c, UploadId(upload_id.lower())))
        if upload is None or upload.account_id != caller.account_id:
            raise NotFound(
                "There is no such upload, or it is not yours.",
                code="upload_not_found",
                hint="Uploads are forgotten some time after they have expired: begin anew.",
            )
        now = self.now()
        if now >= self._ends(upload):
            raise _over()
        if upload.file_id is not None:
            return self.links.file(upload.file_id, upload.name, upload.expires_at)
        self._completing[upload.id] += 1
        try:
            # Looked at only now: a part that is being sent again is not among them.
            stored = await self.db.read(lambda c: uploads.parts(c, upload.id))
            if problems := _differences(upload, stored, etags):
                raise InvalidRequest(problems[:_PROBLEMS])
            expires_at = await self._finish(upload, etags, now)
        finally:
            self._completing[upload.id] -= 1
            if not self._completing[upload.id]:
                del self._completing[upload.id]
        log.info("upload completed", extra={"upload": upload.id, "size": upload.size, "parts": upload.parts})
        return self.links.file(FileId(upload.id), upload.name, expires_at)

    async def _finish(self, upload: Upload, etags: Sequence[str], now: int) -> int:
        """Bytes first, then the rows; until when the file is kept."""
        try:
            with storing("the upload"):
                await self.blobs.complete(blob_key(upload.id), upload.handle, etags)
        except BlobNotFound:
            raise _over() from None
        file = StoredFile(
            id=FileId(upload.id),
            account_id=upload.account_id,
            prediction_id=None,
            blob=blob_key(upload.id),
            name=upload.name,
            mime_type=upload.mime_type,
            size=upload.size,
            etag=f'"{upload.id}"',
            created_at=now,
            # Links count in seconds.
            expires_at=(now // 1_000_000 + int(self.limits.file_ttl)) * 1_000_000,
        )

        def write(c: Connection) -> int:
            if uploads.complete(c, upload.id, file.id, file.expires_at or 0):
                files.insert(c, file)
            known = uploads.get(c, upload.id)
            return file.expires_at or 0 if known is None else known.expires_at

        return await self.db.write(write)

    async def _found(self, upload_id: UploadId) -> Upload:
        found = await self.db.read(lambda c: uploads.get(c, upload_id))
        if found is None or self.now() >= self._ends(found):
            raise _over()
        return found

    def _ends(self, upload: Upload) -> int:
        if upload.file_id is not None:
            return upload.expires_at
        return upload.expires_at + int(self.limits.part_ttl * 1e6)

    def _check(self, size: int, mime_type: str) -> None:
        if size < 0:
            raise InvalidRequest.at(
                "body", "size", msg="A file has 0 bytes or more.", type="greater_than_equal", input=size, ge=0
            )
        if size > self.limits.max_size:
            raise TooLarge(
                f"The file is over the limit of {self.limits.max_size:,} bytes.",
                code="file_too_large",
                hint="Whoever runs this server can raise the limit: the setting is max_file.",
            )
        if not is_media_type(mime_type):
            raise InvalidRequest.at(
                "body",
                "mime_type",
                msg="A media type is of the form image/png, without parameters.",
                type="media_type",
                input=mime_type[:200],
            )


def _check_length(upload: Upload, number: int, size: int | None) -> None:
    expected = upload.length(number)
    if size is None:
        raise InvalidRequest.at(
            "header",
            "Content-Length",
            msg="A part says how long it is before it comes: it is not sent in chunks.",
            type="missing",
            expected=expected,
        )
    if size != expected:
        raise InvalidRequest.at(
            "header",
            "Content-Length",
            msg=f"Part {number} of this upload has {expected} bytes, not {size}.",
            type="part_size",
            input=size,
            expected=expected,
        )


def _differences(upload: Upload, stored: Sequence[StoredPart], etags: Sequence[str]) -> list[Problem]:
    """Everything that keeps an upload from being complete."""
    place = ("body", "etags")
    have = {one.number: one for one in stored}
    problems: list[Problem] = []
    if len(etags) != upload.parts:
        msg = f"The upload has {upload.parts} parts, and {len(etags)} etags were given."
        problems.append(Problem(place, msg, "parts_count", len(etags), {"expected": upload.parts}))
    for number in range(1, upload.parts + 1):
        part = have.get(number)
        at = (*place, number - 1)
        if part is None:
            problems.append(Problem(at, f"Part {number} has not come.", "part_missing", None, {"part": number}))
        elif part.size != upload.length(number):
            context = {"part": number, "expected": upload.length(number)}
            problems.append(Problem(at, f"Part {number} has {part.size} bytes.", "part_size", part.size, context))
        elif number <= len(etags) and etags[number - 1] != part.etag:
            msg = f"Part {number} has another etag: other bytes have come than were meant, or the order is another."
            problems.append(
                Problem(at, msg, "etag_mismatch", etags[number - 1][:200], {"part": number, "expected": part.etag})
            )
    return problems


def _completed() -> Conflict:
    return Conflict("The upload is complete: its parts cannot change any more.", code="upload_completed")


def _over() -> Gone:
    return Gone(
        "The upload is over: its time has passed, and what had come of it is removed.",
        code="upload_expired",
        hint="Begin a new one with POST /v1/uploads.",
    )
