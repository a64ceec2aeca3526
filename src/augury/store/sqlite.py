"""A SQLite file in WAL mode: how it is opened, and how its WAL is kept short.

Whoever uses a session uses it from one thread at a time; the one thread of this module copies the WAL beside them.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, cast

import sqlalchemy
from sqlalchemy import event
from sqlalchemy.pool import NullPool

from augury.store.connection import SQLITE, Connection, refuse_nul

log = logging.getLogger(__name__)

Sync = Literal["full", "normal"]

_BUSY_MILLIS = 5_000
_CHECKPOINT_MILLIS = 20
_CHECKPOINT_ROWS = 2_000
"""Changed rows after which the WAL is copied into the file although writes are waiting.

Soon enough that the WAL begins anew within the blocks it already has: flushing what overwrites them takes about half
as long as flushing what makes a file longer.
"""
_LOOK_EVERY = 8
_WAL_LIMIT = 64 * 1024 * 1024
"""Bytes of WAL at which the writer waits for readers, shortly, to begin it anew."""


class SqliteSession:
    """One connection to the file; transactions are begun and ended by hand."""

    def __init__(self, path: str, sync: Sync, *, writes: bool, patient: bool = True) -> None:
        """`patient` ones wait for another writer, and see to the WAL."""
        self._path = path
        self._sync = sync.upper()
        self._busy_millis = _BUSY_MILLIS if patient else 0
        self._durable = True
        self._begin = "BEGIN IMMEDIATE" if writes else "BEGIN"
        self.raw = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512)
        for pragma in _pragmas(sync, writes=writes, patient=patient):
            self.raw.execute(f"PRAGMA {pragma}").fetchall()
        self.cursor = self.raw.cursor()
        self._core = _core(self.raw)
        self.connection = Connection(SQLITE, self.cursor, self._core)
        self._checkpointed = self.raw.total_changes
        self._elsewhere = 0
        self._looks = 0
        self._copier = Copier(path) if writes and patient else None

    def begin(self, *, durable: bool = True) -> None:
        """Open a transaction; a writing one takes the file's lock at once.

        One that is not `durable` survives the process and not a power cut, until `flush` or a durable one follows.
        """
        if durable != self._durable:
            self._durable = durable
            self.cursor.execute(f"PRAGMA synchronous={self._sync if durable else 'NORMAL'}")
        self.cursor.execute(self._begin)

    def flush(self) -> None:
        """Make durable what was committed: by any connection, for all of them write to the same WAL."""
        if self._sync != "FULL":
            return
        with suppress(FileNotFoundError):
            file = os.open(f"{self._path}-wal", os.O_RDWR)
            try:
                os.fdatasync(file)
            finally:
                os.close(file)

    def commit(self) -> None:
        """Make the transaction durable, as `synchronous` says."""
        self.cursor.execute("COMMIT")

    def rollback(self) -> None:
        """End the transaction, if one is open."""
        if self.raw.in_transaction:
            self.cursor.execute("ROLLBACK")

    def retryable(self, error: BaseException) -> bool:
        """Whether trying the transaction again may succeed: the busy timeout has already waited."""
        return False

    @property
    def changed(self) -> int:
        """How many rows this session has changed in all."""
        return self.raw.total_changes

    def note(self, rows: int) -> None:
        """Another session of this process has changed so many rows."""
        self._elsewhere += rows

    def tidy(self, *, idle: bool) -> None:
        """Copy the WAL into the file where it is time. Between transactions only, by the writer.

        Most of it is copied beside the writes, by a thread of its own; what came in meanwhile is little, and copied
        here, for only a WAL that was copied to its end begins anew.
        """
        copier = self._copier
        if copier is None or copier.busy:
            return
        changed = self.raw.total_changes + self._elsewhere - self._checkpointed
        if copier.take_done():
            self._checkpoint("PASSIVE")
        elif self._is_big():
            self._checkpoint("TRUNCATE")
        elif idle and changed:
            self._checkpoint("PASSIVE")
        elif changed >= _CHECKPOINT_ROWS:
            self._checkpointed += changed
            copier.start()

    def copy_rest(self) -> None:
        """Copy what little of the WAL is left, so that it begins anew with the next write."""
        self._checkpoint("PASSIVE")

    def _is_big(self) -> bool:
        """Whether few big rows have made the WAL long; looked at now and then, for looking takes a while, too."""
        self._looks = (self._looks + 1) % _LOOK_EVERY
        return self._looks == 0 and _size(f"{self._path}-wal") > _WAL_LIMIT

    def close(self) -> None:
        """Close the connection; the last one removes the WAL."""
        if self._copier is not None:
            self._copier.close()
        self._core.close()
        self.raw.close()

    def _checkpoint(self, mode: str) -> None:
        self._checkpointed = self.raw.total_changes + self._elsewhere
        # A reader may hold the WAL for long; then it grows a little and the next round tries again.
        self.raw.execute(f"PRAGMA busy_timeout={_CHECKPOINT_MILLIS}").fetchall()
        try:
            self.raw.execute(f"PRAGMA wal_checkpoint({mode})").fetchall()
        finally:
            self.raw.execute(f"PRAGMA busy_timeout={self._busy_millis}").fetchall()


class Copier:
    """A thread that copies the WAL into the file while the writer goes on writing."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._wanted = threading.Event()
        self._ended = False
        self.busy = False
        self._done = False
        self._thread = threading.Thread(target=self._run, name="store-copier", daemon=True)
        self._thread.start()

    def start(self) -> None:
        """Copy what is in the WAL now."""
        self.busy = True
        self._wanted.set()

    def take_done(self) -> bool:
        """Whether a copy has ended since the last time this was asked."""
        done, self._done = self._done, False
        return done

    def close(self) -> None:
        """End the thread."""
        self._ended = True
        self._wanted.set()
        self._thread.join()

    def _run(self) -> None:
        raw = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        try:
            while self._wanted.wait() and not self._ended:
                self._wanted.clear()
                try:
                    raw.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
                except sqlite3.Error:
                    # Nothing is lost: the writer's own turn copies everything.
                    log.exception("checkpoint failed")
                self._done = True
                self.busy = False
        finally:
            raw.close()


def sqlite_path(url: str) -> str:
    """The file that a `sqlite:///path` names; raises ValueError for one in memory, which threads cannot share."""
    path = sqlalchemy.make_url(url).database
    if not path or path == ":memory:":
        raise ValueError(f"{url} names no file: use sqlite:///path/to/augury.db")
    return str(Path(path).absolute())


def _pragmas(sync: Sync, *, writes: bool, patient: bool) -> tuple[str, ...]:
    return (
        f"busy_timeout={_BUSY_MILLIS if patient else 0}",
        "journal_mode=WAL",
        "foreign_keys=ON",
        f"synchronous={sync.upper()}",
        "wal_autocheckpoint=0",
        f"journal_size_limit={_WAL_LIMIT}",
        "cache_size=-16000",
        "temp_store=MEMORY",
        f"query_only={'OFF' if writes else 'ON'}",
    )


def _core(raw: sqlite3.Connection) -> sqlalchemy.Connection:
    engine = sqlalchemy.create_engine("sqlite://", creator=lambda: raw, poolclass=NullPool)
    event.listen(engine, "before_cursor_execute", _refuse_nul)
    return engine.connect()


def _refuse_nul(_core: Any, _cursor: Any, _statement: str, parameters: Any, _context: Any, many: bool) -> None:
    for row in cast("Sequence[Sequence[Any]]", parameters if many else (parameters,)):
        refuse_nul(dict(enumerate(row)))


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0
