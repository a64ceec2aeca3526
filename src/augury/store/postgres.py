"""A connection to PostgreSQL that comes back after it was lost.

Knows nothing about threads: whoever uses a session uses it from one thread at a time.
"""

from __future__ import annotations

import logging
import threading

import psycopg
import sqlalchemy
from sqlalchemy.dialects.postgresql import psycopg as postgresql_psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from augury.store.connection import Connection, Cursor, Driver, StorageError

log = logging.getLogger(__name__)


def _refers(error: Exception) -> bool:
    return isinstance(error, psycopg.errors.ForeignKeyViolation | psycopg.errors.RestrictViolation)


POSTGRES = Driver("postgresql", postgresql_psycopg.dialect(), psycopg.IntegrityError, psycopg.DataError, _refers)

_CONNECT_SECONDS = 10
_PAUSES = (0.0, 0.1, 0.5, 1.0, 2.0)
"""Seconds before each attempt to connect again."""


class PostgresSession:
    """One connection. Reading ones see one snapshot a transaction, and cannot write."""

    def __init__(self, url: str, *, writes: bool) -> None:
        self._url = url.replace("postgresql+psycopg:", "postgresql:", 1)
        self._writes = writes
        self._closing = threading.Event()
        self._connect()

    def begin(self, *, durable: bool = True) -> None:
        """Connect again if the connection was lost; the driver itself begins with the first statement."""
        if self.raw.closed:
            self._reconnect()

    def commit(self) -> None:
        """Commit; raises StorageError with `uncertain` when the connection was lost in the middle of it."""
        try:
            self.raw.commit()
        except psycopg.OperationalError as error:
            if self.raw.closed:
                raise StorageError(f"the connection was lost during a commit: {error}", uncertain=True) from error
            raise

    def rollback(self) -> None:
        """End the transaction, if one is open."""
        if not self.raw.closed:
            try:
                self.raw.rollback()
            except psycopg.Error:
                self.raw.close()
        if self.raw.closed:
            self._core.invalidate()

    def retryable(self, error: BaseException) -> bool:
        """Whether the transaction surely was not committed and may succeed when tried again."""
        if isinstance(error, StorageError):
            return False
        cause = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(cause, psycopg.errors.SerializationFailure | psycopg.errors.DeadlockDetected):
            return True
        return isinstance(cause, psycopg.OperationalError) and self.raw.closed

    def close(self) -> None:
        """Close the connection."""
        self._closing.set()
        if not self._core.invalidated:
            self._core.invalidate()
        self.raw.close()

    def _reconnect(self) -> None:
        for pause in _PAUSES:
            self._closing.wait(pause)
            try:
                self._connect()
            except psycopg.OperationalError as error:
                log.warning("no connection to the database", extra={"error": str(error)})
            else:
                log.info("connected to the database again")
                return
        raise StorageError("the database cannot be reached")

    def _connect(self) -> None:
        raw = psycopg.connect(self._url, connect_timeout=_CONNECT_SECONDS, prepare_threshold=2)
        if self._writes:
            raw.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        else:
            raw.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            raw.read_only = True
        engine = sqlalchemy.create_engine("postgresql+psycopg://", creator=lambda: raw, poolclass=NullPool)
        self.raw = raw
        self._core = engine.connect()
        raw.rollback()
        cursor: Cursor = raw.cursor()
        self.connection = Connection(POSTGRES, cursor, self._core)
