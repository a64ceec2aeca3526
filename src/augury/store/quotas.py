"""How many predictions wait, counted so that nobody else who counts the same can add one in between.

Knows no limits and no clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Text, bindparam, func, literal, literal_column, select

from augury.domain.ids import AccountId
from augury.store.connection import Connection, Query
from augury.store.tables import predictions


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many there are, up to the number that was asked for, and the id of the oldest."""

    count: int
    oldest: str | None


def of_version(c: Connection, version_id: int, most: int) -> Waiting:
    """Predictions of a version that wait for a worker."""
    _alone(c, f"version {version_id}")
    return _counted(c, _OF_VERSION, version_id, most)


def of_account(c: Connection, account_id: AccountId, most: int) -> Waiting:
    """Predictions of an account that wait for a worker."""
    _alone(c, f"account {account_id}")
    return _counted(c, _OF_ACCOUNT, account_id, most)


def _alone(c: Connection, what: str) -> None:
    """SQLite has one writer. Elsewhere others who count the same wait until this transaction has ended."""
    if c.dialect == "postgresql":
        c.run(_LOCK, what=f"augury queue of {what}")


def _counted(c: Connection, query: Query, of: int | str, most: int) -> Waiting:
    ((count, oldest),) = c.run(query, of=of, most=most)
    return Waiting(count, oldest)


def _query(of: ColumnElement[bool]) -> Query:
    queued: ColumnElement[Any] = literal_column(
        "predictions.status IN ('pending', 'starting') AND predictions.worker_id IS NULL"
    )
    some = select(predictions.c.id).where(of, queued).limit(bindparam("most")).subquery()
    oldest = select(func.min(predictions.c.id)).where(of, queued).scalar_subquery()
    return Query(select(func.count(), oldest).select_from(some))


_OF_VERSION = _query(predictions.c.version_id == bindparam("of"))
_OF_ACCOUNT = _query(predictions.c.account_id == bindparam("of"))
_LOCK = Query(select(literal(1), func.pg_advisory_xact_lock(func.hashtextextended(bindparam("what", type_=Text), 0))))
