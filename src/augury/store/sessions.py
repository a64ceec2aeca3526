"""Sessions, and the codes that they are had for, as rows: they are tokens of other kinds.

Made and found as those in `users`. Knows no clock, and not how long anything is worth something.
"""

from __future__ import annotations

from sqlalchemy import bindparam, delete, literal_column, select
from sqlalchemy import update as sql_update

from augury.domain.ids import AccountId
from augury.store.connection import Connection, Query
from augury.store.tables import tokens


def end(c: Connection, wanted: str, now: int) -> bool:
    """Make a session, or a code, worthless; False where it was that already. Of two at once, one gets True."""
    return c.change(_END, wanted=wanted, now=now) == 1


def end_all(c: Connection, account_id: AccountId, now: int) -> int:
    """Make every session and code of an account worthless; how many those were."""
    return c.change(_END_ALL, wanted=account_id, now=now)


def forget_ended(c: Connection, before: int, most: int) -> int:
    """Delete up to `most` sessions and codes that were worth something until before a time; how many they were."""
    return c.change(_FORGET, before=before, most=most)


# As the index has it, word for word, without which neither database takes it.
_PASSING = tokens.c.kind != literal_column("'token'")
_END = Query(
    sql_update(tokens)
    .where(tokens.c.id == bindparam("wanted"), _PASSING, tokens.c.revoked_at.is_(None))
    .values(revoked_at=bindparam("now"))
)
_END_ALL = Query(
    sql_update(tokens)
    .where(tokens.c.account_id == bindparam("wanted"), _PASSING, tokens.c.revoked_at.is_(None))
    .values(revoked_at=bindparam("now"))
)
_ended = (
    select(tokens.c.id)
    .where(_PASSING, (tokens.c.expires_at < bindparam("before")) | (tokens.c.revoked_at < bindparam("before")))
    .limit(bindparam("most"))
)
_FORGET = Query(delete(tokens).where(tokens.c.id.in_(_ended)))
