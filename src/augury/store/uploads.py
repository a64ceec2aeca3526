"""Uploads as rows: what is to come, which parts have come, and what it became. Knows no clock and no bytes."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, bindparam, delete, or_, select, text, update

from augury.domain.file import FileId, StoredPart, Upload, UploadId
from augury.domain.ids import AccountId
from augury.store.connection import Connection, Query, Row
from augury.store.file_tables import upload_parts, uploads


def insert(c: Connection, upload: Upload) -> None:
    """Note an upload that begins."""
    c.change(
        _INSERT,
        id=upload.id,
        account_id=upload.account_id,
        name=upload.name,
        mime_type=upload.mime_type,
        size=upload.size,
        part_size=upload.part_size,
        handle=upload.handle,
        created_at=upload.created_at,
        expires_at=upload.expires_at,
    )


def get(c: Connection, upload_id: UploadId) -> Upload | None:
    """An upload; None where it was removed, or never was."""
    for row in c.run(_GET, id=upload_id):
        return _from_row(row)
    return None


def put_part(c: Connection, upload_id: UploadId, part: StoredPart, now: int) -> None:
    """Note a part that has come whole, in the place of an earlier one with its number."""
    c.change(_PUT_PART, upload_id=upload_id, number=part.number, size=part.size, etag=part.etag, stored_at=now)


def drop_part(c: Connection, upload_id: UploadId, number: int) -> None:
    """Forget a part that is being sent again: what is there is neither the old one nor the new one."""
    c.change(_DROP_PART, upload_id=upload_id, number=number)


def parts(c: Connection, upload_id: UploadId) -> Sequence[StoredPart]:
    """The parts that have come, in order."""
    return [StoredPart(*row) for row in c.run(_PARTS, upload_id=upload_id)]


def complete(c: Connection, upload_id: UploadId, file_id: FileId, expires_at: int) -> bool:
    """Note what an upload became; whether that was not known already."""
    return c.change(_COMPLETE, id=upload_id, file_id=file_id, expires_at=expires_at) == 1


def over(c: Connection, now: int, unfinished: int, limit: int) -> Sequence[Upload]:
    """Uploads to be removed: completed ones whose file's time is over, and others that expired before `unfinished`."""
    return [_from_row(row) for row in c.run(_OVER, now=now, unfinished=unfinished, limit=limit)]


def forget(c: Connection, upload_id: UploadId) -> None:
    """Delete an upload and its parts."""
    c.change(_FORGET_PARTS, upload_id=upload_id)
    c.change(_FORGET, id=upload_id)


def knows_handle(c: Connection, handle: str) -> bool:
    """Whether an upload has this name in the blob store."""
    return bool(c.run(_BY_HANDLE, handle=handle))


def _from_row(row: Row) -> Upload:
    id_, account, name, mime_type, size, part_size, handle, created, expires, file_id = row
    return Upload(
        id=UploadId(id_),
        account_id=AccountId(account),
        name=name,
        mime_type=mime_type,
        size=size,
        part_size=part_size,
        handle=handle,
        created_at=created,
        expires_at=expires,
        file_id=None if file_id is None else FileId(file_id),
    )


_COLUMNS = (
    uploads.c.id,
    uploads.c.account_id,
    uploads.c.name,
    uploads.c.mime_type,
    uploads.c.size,
    uploads.c.part_size,
    uploads.c.handle,
    uploads.c.created_at,
    uploads.c.expires_at,
    uploads.c.file_id,
)
_INSERT = Query(
    text(
        "INSERT INTO uploads (id, account_id, name, mime_type, size, part_size, handle, created_at, expires_at)"
        " VALUES (:id, :account_id, :name, :mime_type, :size, :part_size, :handle, :created_at, :expires_at)"
    )
)
_GET = Query(select(*_COLUMNS).where(uploads.c.id == bindparam("id")))
_PUT_PART = Query(
    text(
        "INSERT INTO upload_parts (upload_id, number, size, etag, stored_at)"
        " VALUES (:upload_id, :number, :size, :etag, :stored_at)"
        " ON CONFLICT (upload_id, number)"
        " DO UPDATE SET size = excluded.size, etag = excluded.etag, stored_at = excluded.stored_at"
    )
)
_DROP_PART = Query(
    delete(upload_parts).where(
        upload_parts.c.upload_id == bindparam("upload_id"), upload_parts.c.number == bindparam("number")
    )
)
_PARTS = Query(
    select(upload_parts.c.number, upload_parts.c.size, upload_parts.c.etag)
    .where(upload_parts.c.upload_id == bindparam("upload_id"))
    .order_by(upload_parts.c.number)
)
_COMPLETE = Query(
    update(uploads)
    .where(uploads.c.id == bindparam("id"), uploads.c.file_id.is_(None))
    .values(file_id=bindparam("file_id"), expires_at=bindparam("expires_at"))
)
_OVER = Query(
    select(*_COLUMNS)
    .where(
        or_(
            and_(uploads.c.file_id.is_not(None), uploads.c.expires_at <= bindparam("now")),
            and_(uploads.c.file_id.is_(None), uploads.c.expires_at <= bindparam("unfinished")),
        )
    )
    .order_by(uploads.c.expires_at)
    .limit(bindparam("limit"))
)
_FORGET_PARTS = Query(delete(upload_parts).where(upload_parts.c.upload_id == bindparam("upload_id")))
_FORGET = Query(delete(uploads).where(uploads.c.id == bindparam("id")))
_BY_HANDLE = Query(select(uploads.c.id).where(uploads.c.handle == bindparam("handle")))
