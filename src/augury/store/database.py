"""Opens a database and runs functions in its transactions, off the event loop but for a small write that is alone.

SQLite: one writer thread drains everything that waits into one transaction and answers after the commit with one
wake-up of the loop; where one of them raises, each gets a savepoint of its own. PostgreSQL: each write is a transaction
of its own, several at a time. Reads run on reader threads, each in one snapshot. Knows no table.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Protocol, TypeVar, cast

import anyio
import anyio.to_thread

from augury.store.connection import Connection, DialectName, StorageError
from augury.store.folder import DataFolderInUse, lock_data_folder
from augury.store.sqlite import SqliteSession, Sync, sqlite_path

__all__ = ["DataFolderInUse", "Database", "lock_data_folder", "open_database"]

log = logging.getLogger(__name__)

T = TypeVar("T")

READERS = 3
POSTGRES_WRITERS = 6
BATCH = 512
"""The most writes that one commit answers."""
_ATTEMPTS = 5
_IDLE_SECONDS = 0.05
"""How long nothing has to be written before the writer tidies up behind itself."""
_SLOW_SECONDS = 0.02
"""A direct write that takes longer shows that the disk is busy."""
_REST_SECONDS = 1.0
_TIDY_ROWS = 2_000
"""Rows changed by direct writes after which the writer thread is told, for it keeps the WAL short."""
_TIDY_SECONDS = 2 * _IDLE_SECONDS
"""After this it has copied most of it, and the rest is copied directly: it never sees a WAL that stands still."""


@dataclass(slots=True)
class _Job:
    """A function that waits for a transaction, and then what came of it."""

    fn: Callable[[Connection], Any]
    future: asyncio.Future[Any]
    durable: bool = True
    result: Any = None
    error: BaseException | None = None


_Waiting = SimpleQueue["_Job | None"]


class _Session(Protocol):
    @property
    def connection(self) -> Connection: ...
    def begin(self, *, durable: bool = True) -> None: ...
    def commit(self) -> None: ...
    def rollback(self) -> None: ...
    def retryable(self, error: BaseException) -> bool: ...
    def close(self) -> None: ...


class Direct:
    """Writes on the event loop itself, through a connection of its own that never waits for another writer.

    A disk that is slow once is left to the writer thread for a while: nothing may hold up the loop.
    """

    def __init__(self, session: SqliteSession, tidy: Callable[[int], None]) -> None:
        self._session = session
        self._tidy = tidy
        self._not_before = 0.0
        self._tidied = 0
        self._rest_at: float | None = None

    def write(self, job: _Job) -> bool:
        """Do it, and settle its future; False, and nothing done, where that has to be left to the writer thread."""
        began = time.monotonic()
        if began < self._not_before:
            return False
        try:
            _transact(self._session, job)
        except Exception:  # noqa: BLE001 - nothing was done, so the writer thread does it, or finds the same error
            return False
        took = time.monotonic() - began
        if took > _SLOW_SECONDS:
            self._not_before = began + _REST_SECONDS
        try:
            self._keep_wal_short(began)
        except Exception:
            # It is written, whatever becomes of the WAL.
            log.exception("checkpoint failed")
        job.future.set_result(job.result)
        return True

    def _keep_wal_short(self, now: float) -> None:
        if self._rest_at is not None:
            if now >= self._rest_at:
                self._rest_at = None
                self._session.copy_rest()
        elif (changed := self._session.changed - self._tidied) >= _TIDY_ROWS:
            self._tidied += changed
            self._rest_at = now + _TIDY_SECONDS
            self._tidy(changed)

    def take_news(self) -> Sequence[str]:
        """What the last write had to tell."""
        return _take_news(self._session)

    def flush(self) -> None:
        """Make durable what was committed so far. From any thread."""
        self._session.flush()

    def close(self) -> None:
        """Close the connection."""
        self._session.close()


class Database:
    """Transactions for the event loop that opened it."""

    def __init__(
        self,
        dialect: DialectName,
        loop: asyncio.AbstractEventLoop,
        writes: _Waiting,
        reads: _Waiting,
        direct: Direct | None = None,
    ) -> None:
        self.dialect: DialectName = dialect
        self._loop = loop
        # As in Notifier: what the writer's thread causes on the loop belongs there.
        self._context = contextvars.copy_context()
        self._writes = writes
        self._reads = reads
        self._direct = direct
        self._flush = None if direct is None else direct.flush
        self._closed = False
        self.tell: Callable[[str], None] | None = None
        """Called on the event loop with each of the news that a committed write had for others."""

    async def read(self, fn: Callable[[Connection], T]) -> T:
        """Run `fn` in one snapshot; it can change nothing."""
        return await self._put(self._reads, fn)

    def read_soon(self, fn: Callable[[Connection], T]) -> asyncio.Future[T]:
        """As `read`, without a coroutine."""
        return self._put(self._reads, fn)

    async def write(self, fn: Callable[[Connection], T]) -> T:
        """Run `fn` in a transaction and return after the commit; what it raises undoes it alone.

        A cancelled caller's write still happens. `fn` may be run again if its transaction failed, so it has no effect
        but on the connection. Raises StorageError when the database fails.
        """
        return await self._put(self._writes, fn)

    def write_soon(
        self, fn: Callable[[Connection], T], *, alone: bool = False, durable: bool = True
    ) -> asyncio.Future[T]:
        """As `write`, without a coroutine: the future is done after the commit.

        What is not `durable` is committed and survives the process, but on SQLite a power cut only after a later
        durable write or `flush`: for what nobody is told of before.

        `alone`: the caller knows of nothing else that goes on here. Then a small write may be done at once, on the
        event loop itself: waking a thread and being woken by it takes longer than the statement.
        """
        if alone and self._direct is not None and not self._closed and self._writes.empty():
            future: asyncio.Future[T] = self._loop.create_future()
            if self._direct.write(_Job(fn, future, durable)):
                self._spread(self._direct.take_news())
                return future
        return self._put(self._writes, fn, durable)

    async def flush(self) -> None:
        """Make durable what was committed so far."""
        if self._flush is not None:
            await anyio.to_thread.run_sync(self._flush)

    def _put(self, queue: _Waiting, fn: Callable[[Connection], T], durable: bool = True) -> asyncio.Future[T]:
        future: asyncio.Future[T] = self._loop.create_future()
        if self._closed:
            future.set_exception(StorageError("the database is closed"))
        else:
            queue.put(_Job(fn, future, durable))
        return future

    def refuse(self) -> None:
        """Take nothing more; what waits is still done."""
        self._closed = True

    def answer(self, jobs: list[_Job], news: Sequence[str]) -> None:
        """Settle the futures of what was done, and tell its news. From any thread."""
        try:
            self._loop.call_soon_threadsafe(self._resolve, jobs, news, context=self._context.copy())
        except RuntimeError:
            log.warning("the loop ended before its writes", extra={"size": len(jobs)})

    def _resolve(self, jobs: list[_Job], news: Sequence[str]) -> None:
        _settle(jobs)
        self._spread(news)

    def _spread(self, news: Sequence[str]) -> None:
        if news and self.tell is not None:
            for one in dict.fromkeys(news):
                self.tell(one)


@asynccontextmanager
async def open_database(url: str, *, sqlite_sync: Sync = "full") -> AsyncGenerator[Database]:
    """Open the database that a `sqlite:///path` or `postgresql://...` names; leaving waits for what is queued."""
    loop = asyncio.get_running_loop()
    writes, reads = _Waiting(), _Waiting()
    dialect: DialectName = "sqlite" if url.startswith("sqlite:") else "postgresql"
    threads: list[threading.Thread] = []
    writers, readers = await anyio.to_thread.run_sync(_sessions, url, sqlite_sync)
    direct = None if dialect != "sqlite" else _direct(url, sqlite_sync, writers, writes, loop)
    database = Database(dialect, loop, writes, reads, direct)
    try:
        for number, session in enumerate(writers):
            target = _write_batches if isinstance(session, SqliteSession) else _transact_each
            threads.append(_thread(f"store-writer-{number}", target, session, writes, database))
        for number, session in enumerate(readers):
            threads.append(_thread(f"store-reader-{number}", _transact_each, session, reads, database))
        yield database
    finally:
        database.refuse()
        for waiting, sessions in ((writes, writers), (reads, readers)):
            for _ in sessions:
                waiting.put(None)
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(_join, threads)
        if direct is not None:
            direct.close()


def _direct(
    url: str, sync: Sync, writers: Sequence[_Session], writes: _Waiting, loop: asyncio.AbstractEventLoop
) -> Direct:
    writer = cast("SqliteSession", writers[0])

    def tidy(rows: int) -> None:
        writes.put(_Job(lambda _: writer.note(rows), loop.create_future()))

    return Direct(SqliteSession(sqlite_path(url), sync, writes=True, patient=False), tidy)


def _sessions(url: str, sync: Sync) -> tuple[Sequence[_Session], Sequence[_Session]]:
    """Connect for each writer and each reader, or not at all."""
    sqlite = url.startswith("sqlite:")
    path = sqlite_path(url) if sqlite else ""
    with ExitStack() as opened:

        def connect(*, writes: bool) -> _Session:
            session = SqliteSession(path, sync, writes=writes) if sqlite else _postgres(url, writes=writes)
            opened.callback(session.close)
            return session

        # The writer comes first: it makes the file and its WAL.
        writers = [connect(writes=True) for _ in range(1 if sqlite else POSTGRES_WRITERS)]
        readers = [connect(writes=False) for _ in range(READERS)]
        opened.pop_all()
        return writers, readers


def _postgres(url: str, *, writes: bool) -> _Session:
    # Only now: a server on SQLite need not load what it never uses.
    from augury.store.postgres import PostgresSession

    return PostgresSession(url, writes=writes)


def _thread(
    name: str, target: Callable[..., None], session: _Session, waiting: _Waiting, database: Database
) -> threading.Thread:
    thread = threading.Thread(target=target, args=(session, waiting, database), name=name, daemon=True)
    thread.start()
    return thread


def _join(threads: Sequence[threading.Thread]) -> None:
    for thread in threads:
        thread.join()


def _transact_each(session: _Session, waiting: _Waiting, database: Database) -> None:
    """A thread's life: one transaction for each job, until told to end."""
    while (job := waiting.get()) is not None:
        try:
            _transact(session, job)
        except BaseException as error:  # noqa: BLE001 - the job's caller hears of it, and the thread has to live on
            job.error = error
        database.answer([job], _take_news(session))
    session.close()


def _transact(session: _Session, job: _Job) -> None:
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            session.begin(durable=job.durable)
            job.result = job.fn(session.connection)
            session.commit()
        except BaseException as error:
            session.rollback()
            if attempt == _ATTEMPTS or not session.retryable(error):
                raise
            log.warning("transaction tried again", extra={"attempt": attempt, "error": str(error)})
        else:
            return


def _write_batches(session: SqliteSession, waiting: _Waiting, database: Database) -> None:
    """The SQLite writer's life: everything that waits becomes one transaction, until told to end."""
    ended = False
    while not ended:
        batch, ended = _drain(waiting, session)
        if not batch:
            continue
        try:
            _commit(session, batch)
        except BaseException as error:  # noqa: BLE001 - the callers hear of it, and the thread has to live on
            _fail(batch, error)
        database.answer(batch, _take_news(session))
        _tidy(session, idle=False)
    session.close()


def _drain(waiting: _Waiting, session: SqliteSession) -> tuple[list[_Job], bool]:
    """Wait for a write and take all that came with it; True when told to end."""
    batch: list[_Job] = []
    try:
        job = waiting.get(timeout=_IDLE_SECONDS)
    except Empty:
        _tidy(session, idle=True)
        job = waiting.get()
    while job is not None:
        batch.append(job)
        if len(batch) >= BATCH:
            return batch, False
        try:
            job = waiting.get_nowait()
        except Empty:
            return batch, False
    return batch, True


def _commit(session: SqliteSession, batch: list[_Job]) -> None:
    # Savepoints are left out at first: each is two more calls into SQLite, and after each call this thread has to
    # win the interpreter back from the event loop.
    if len(batch) > 1 and (_commit_plainly(session, batch) or _commit_apart(session, batch)):
        return
    # Alone, or the transaction as a whole failed: then each gets its own, so that only the culprit fails.
    for job in batch:
        job.result = job.error = None
        try:
            _transact(session, job)
        except BaseException as error:  # noqa: BLE001 - its caller hears of it, and the others go on
            job.error = error


def _commit_plainly(session: SqliteSession, batch: list[_Job]) -> bool:
    """One transaction; False, and nothing done, as soon as one of them raises."""
    try:
        session.begin(durable=any(job.durable for job in batch))
        for job in batch:
            job.result = job.fn(session.connection)
        session.commit()
    except BaseException:  # noqa: BLE001 - whatever it was, who raised it is found out by doing them apart
        session.rollback()
        return False
    return True


def _commit_apart(session: SqliteSession, batch: list[_Job]) -> bool:
    """One transaction in which each has a savepoint, so that what one raises undoes it alone."""
    cursor, connection = session.cursor, session.connection
    try:
        session.begin()
        for job in batch:
            cursor.execute("SAVEPOINT one")
            try:
                job.result, job.error = job.fn(connection), None
            except BaseException as error:  # noqa: BLE001 - its caller hears of it, and the others go on
                job.error = error
                cursor.execute("ROLLBACK TO one")
            cursor.execute("RELEASE one")
        session.commit()
    except Exception as error:  # noqa: BLE001 - whatever it was, each write is tried alone
        log.warning("a batch of writes failed and is done one by one", extra={"error": str(error), "size": len(batch)})
        session.rollback()
        return False
    return True


def _tidy(session: SqliteSession, *, idle: bool) -> None:
    try:
        session.tidy(idle=idle)
    except Exception:
        log.exception("checkpoint failed")


def _fail(batch: Sequence[_Job], error: BaseException) -> None:
    for job in batch:
        job.error = job.error or error


def _take_news(session: _Session) -> Sequence[str]:
    news = session.connection.news
    if not news:
        return ()
    session.connection.news = []
    return news


def _settle(jobs: list[_Job]) -> None:
    for job in jobs:
        # A cancelled caller's future is done already.
        if job.future.done():
            continue
        if job.error is None:
            job.future.set_result(job.result)
        else:
            job.future.set_exception(_raisable(job.error))


def _raisable(error: BaseException) -> Exception:
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    return cast("Exception", StorageError(f"a transaction ended in {error!r}"))
