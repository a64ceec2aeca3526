"""Which bundles are stored, by digest, and who brought each first. The bytes are in `blobs`."""

from __future__ import annotations

from sqlalchemy import bindparam, select, text

from augury.domain.ids import AccountId
from augury.store.connection import Connection, Query
from augury.store.tables import bundles


def size(c: Connection, digest: str) -> int | None:
    """Bytes of a bundle; None where there is none with that digest."""
    rows = c.run(_SIZE, digest=digest)
    return rows[0][0] if rows else None


def add(c: Connection, digest: str, account_id: AccountId, bytes_: int, now: int) -> None:
    """Note a bundle that is stored; nothing happens where it is known already."""
    c.change(_INSERT, digest=digest, account_id=account_id, size=bytes_, created_at=now)


_SIZE = Query(select(bundles.c.size).where(bundles.c.digest == bindparam("digest")))
_INSERT = Query(
    text(
        "INSERT INTO bundles (digest, account_id, size, created_at)"
        " VALUES (:digest, :account_id, :size, :created_at) ON CONFLICT DO NOTHING"
    )
)
