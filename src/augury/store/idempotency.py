"""Idempotency keys: which request a key was first used for, and what that made.

Knows nothing about requests: a body is a hash here, and what was made is the text of an id.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, delete, select, text, tuple_

from augury.store.connection import Connection, Query
from augury.store.tables import idempotency_keys


@dataclass(frozen=True, slots=True)
class Remembered:
    """The first use of a key: the SHA-256 of its body, what kind of thing it made, and which."""

    body_hash: str
    kind: str
    resource: str
    created_at: int


def remember(
    c: Connection, token_id: str, key: str, body_hash: str, kind: str, resource: str, now: int
) -> Remembered | None:
    """The earlier use of this token's key; None if there was none, and from now on this is it.

    Of two transactions that come together, the second waits for the end of the first.
    """
    if c.change(_STORE, token_id=token_id, key=key, body_hash=body_hash, kind=kind, resource=resource, created_at=now):
        return None
    rows = c.run(_FIND, token_id=token_id, key=key)
    # Gone between the two statements means that it was forgotten for its age just now: then this use is the first.
    return Remembered(*rows[0]) if rows else remember(c, token_id, key, body_hash, kind, resource, now)


def forget_before(c: Connection, time: int, most: int = 1_000_000) -> int:
    """Forget up to `most` keys first used before a time, in microseconds since the epoch; how many they were."""
    return c.change(_FORGET, time=time, most=most)


_STORE = Query(
    text(
        "INSERT INTO idempotency_keys (token_id, key, body_hash, kind, resource, created_at)"
        " VALUES (:token_id, :key, :body_hash, :kind, :resource, :created_at) ON CONFLICT DO NOTHING"
    )
)
_FIND = Query(
    select(
        idempotency_keys.c.body_hash,
        idempotency_keys.c.kind,
        idempotency_keys.c.resource,
        idempotency_keys.c.created_at,
    ).where(idempotency_keys.c.token_id == bindparam("token_id"), idempotency_keys.c.key == bindparam("key"))
)
_KEY = (idempotency_keys.c.token_id, idempotency_keys.c.key)
_old = select(*_KEY).where(idempotency_keys.c.created_at < bindparam("time")).limit(bindparam("most"))
_FORGET = Query(delete(idempotency_keys).where(tuple_(*_KEY).in_(_old)))
