"""Files as rows: what is kept, whose it is, and until when. Knows no clock; the bytes are in `blobs`."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, select, text, update

from augury.domain.file import FileId, StoredFile
from augury.domain.ids import AccountId, PredictionId
from augury.store.connection import Connection, Query, Row
from augury.store.file_tables import files


def insert(c: Connection, file: StoredFile) -> bool:
    """Note a file whose bytes are stored; whether it was not known already."""
    changed = c.change(
        _INSERT,
        id=file.id,
        account_id=file.account_id,
        prediction_id=file.prediction_id,
        blob=file.blob,
        name=file.name,
        mime_type=file.mime_type,
        size=file.size,
        etag=file.etag,
        created_at=file.created_at,
        expires_at=file.expires_at,
    )
    return changed == 1


def get(c: Connection, file_id: FileId) -> StoredFile | None:
    """A file; None where it was removed, or never was."""
    for row in c.run(_GET, id=file_id):
        return _from_row(row)
    return None


def of_prediction(c: Connection, prediction_id: PredictionId) -> Sequence[StoredFile]:
    """What a prediction put out as files."""
    return [_from_row(row) for row in c.run(_OF_PREDICTION, wanted=prediction_id)]


def uploaded(
    c: Connection, account_id: AccountId, *, before: str | None, after: str | None, limit: int
) -> Sequence[StoredFile]:
    """What an account has uploaded, newest first: the `limit` next older than `before`, or next newer than `after`."""
    if after is not None:
        return [_from_row(row) for row in c.run(_NEWER, wanted=account_id, after=after, limit=limit)][::-1]
    return [_from_row(row) for row in c.run(_OLDER, wanted=account_id, before=before or _LAST, limit=limit)]


def expire_of_prediction(c: Connection, prediction_id: PredictionId, now: int) -> int:
    """Let what a prediction put out be gone from now on; how many files that were."""
    return c.change(EXPIRE, wanted=prediction_id, now=now)


def expired(c: Connection, now: int, limit: int) -> Sequence[StoredFile]:
    """Files whose time is over, those of the longest ago first."""
    return [_from_row(row) for row in c.run(_EXPIRED, now=now, limit=limit)]


def forget(c: Connection, file_id: FileId) -> bool:
    """Delete a file's row, whose bytes are gone; whether there was one."""
    return c.change(_DELETE, id=file_id) == 1


def knows_blob(c: Connection, blob: str) -> bool:
    """Whether a file has its bytes under this key."""
    return bool(c.run(_BY_BLOB, blob=blob))


def _from_row(row: Row) -> StoredFile:
    id_, account, prediction, blob, name, mime_type, size, etag, created, expires = row
    return StoredFile(
        id=FileId(id_),
        account_id=AccountId(account),
        prediction_id=None if prediction is None else PredictionId(prediction),
        blob=blob,
        name=name,
        mime_type=mime_type,
        size=size,
        etag=etag,
        created_at=created,
        expires_at=expires,
    )


_COLUMNS = (
    files.c.id,
    files.c.account_id,
    files.c.prediction_id,
    files.c.blob,
    files.c.name,
    files.c.mime_type,
    files.c.size,
    files.c.etag,
    files.c.created_at,
    files.c.expires_at,
)
_INSERT = Query(
    text(
        "INSERT INTO files (id, account_id, prediction_id, blob, name, mime_type, size, etag, created_at, expires_at)"
        " VALUES (:id, :account_id, :prediction_id, :blob, :name, :mime_type, :size, :etag, :created_at, :expires_at)"
        " ON CONFLICT (id) DO NOTHING"
    )
)
_GET = Query(select(*_COLUMNS).where(files.c.id == bindparam("id")))
_OF_PREDICTION = Query(select(*_COLUMNS).where(files.c.prediction_id == bindparam("wanted")).order_by(files.c.id))
EXPIRE = Query(update(files).where(files.c.prediction_id == bindparam("wanted")).values(expires_at=bindparam("now")))
_UPLOADED = select(*_COLUMNS).where(files.c.account_id == bindparam("wanted"), files.c.prediction_id.is_(None))
_LAST = "g"
"""What comes behind every id, which are hexadecimal."""
_OLDER = Query(_UPLOADED.where(files.c.id < bindparam("before")).order_by(files.c.id.desc()).limit(bindparam("limit")))
_NEWER = Query(_UPLOADED.where(files.c.id > bindparam("after")).order_by(files.c.id).limit(bindparam("limit")))
_EXPIRED = Query(
    select(*_COLUMNS)
    .where(files.c.expires_at <= bindparam("now"))
    .order_by(files.c.expires_at)
    .limit(bindparam("limit"))
)
_DELETE = Query(delete(files).where(files.c.id == bindparam("id")))
_BY_BLOB = Query(select(files.c.id).where(files.c.blob == bindparam("blob")))
