"""Transactions: grouped, isolated from each other, durable, and orderly at the end."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import anyio
import anyio.to_thread
import psycopg
import pytest
from sqlalchemy import func, select, text, update

from augury.domain.prediction import Status
from augury.store import migrate, predictions
from augury.store.connection import SQLITE, Connection, ConstraintViolated, Query, StorageError
from augury.store.database import Database, open_database
from augury.store.tables import accounts
from augury.store.tables import predictions as table
from tests.store import rows
from tests.store.rows import add, new, read
from tests.support.signals import until, until_async

pytestmark = pytest.mark.anyio

COUNT = Query(select(func.count()).select_from(table))


async def test_a_failing_write_does_not_fail_its_neighbours(db: Database) -> None:
    good, bad = [new() for _ in range(20)], new(status=Status.STARTED)
    stored = await add(db)

    with _held_up(db) as release:
        futures = [db.write_soon(_insert(one)) for one in good[:10]]
        failing = [
            db.write_soon(_insert(bad)),
            db.write_soon(_raises(KeyError("mine"))),
            db.write_soon(_raises(SystemExit(1))),
            db.write_soon(_insert(stored)),
        ]
        futures += [db.write_soon(_insert(one)) for one in good[10:]]
        release()
        results = await asyncio.wait_for(asyncio.wait([*futures, *failing]), 10)

    assert not results[1]
    assert [future.exception() for future in futures] == [None] * 20
    assert [type(future.exception()) for future in failing] == [
        ConstraintViolated,
        KeyError,
        StorageError,
        ConstraintViolated,
    ]
    assert await db.read(lambda c: c.run(COUNT)) == [(21,)]


async def test_a_write_that_fails_half_way_leaves_nothing(db: Database) -> None:
    one = new()

    def half(c: Connection) -> None:
        predictions.insert(c, one)
        raise LookupError("half way")

    with pytest.raises(LookupError):
        await db.write(half)
    assert await db.read(lambda c: c.run(COUNT)) == [(0,)]
    assert await read(db, await add(db))


@pytest.mark.parametrize("error", [StopIteration("odd"), SystemExit(1), KeyboardInterrupt()])
async def test_whatever_a_write_raises_the_next_one_works(db: Database, error: BaseException) -> None:
    with pytest.raises(StorageError):
        await db.write(_raises(error))
    with pytest.raises(StorageError):
        await db.read(_raises(error))

    assert await read(db, await add(db))


async def test_a_cancelled_caller_breaks_no_batch_and_its_write_still_happens(db: Database) -> None:
    abandoned, others = new(), [new() for _ in range(3)]
    futures: list[asyncio.Future[None]] = []

    with _held_up(db) as release:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(db.write, _insert(abandoned))
            futures += [db.write_soon(_insert(one)) for one in others]
            await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()
        release()
        for future in futures:
            await future

    async def stored() -> bool:
        return await db.read(lambda c: predictions.get(c, abandoned.id)) == abandoned

    await until_async(stored, "the abandoned write is there")


async def test_leaving_waits_for_the_writes_that_wait(migrated_url: str) -> None:
    waiting = [new() for _ in range(300)]
    async with open_database(migrated_url) as db:
        await db.write(rows.seed)
        futures = [db.write_soon(_insert(one)) for one in waiting]
    async with open_database(migrated_url) as again:
        assert await again.read(lambda c: c.run(COUNT)) == [(300,)]
    assert all(future.done() and future.exception() is None for future in futures)
    with pytest.raises(StorageError, match="closed"):
        await db.write(_insert(new()))


async def test_a_read_cannot_write(db: Database) -> None:
    with pytest.raises((sqlite3.OperationalError, psycopg.errors.ReadOnlySqlTransaction)):
        await db.read(_insert(new()))

    assert await db.read(lambda c: c.run(COUNT)) == [(0,)]


async def test_a_read_sees_one_moment(db: Database) -> None:
    seen, written = threading.Event(), threading.Event()

    def look(c: Connection) -> tuple[Any, Any]:
        before = c.run(COUNT)
        seen.set()
        assert written.wait(10)
        return before, c.run(COUNT)

    looking = asyncio.ensure_future(db.read(look))
    await anyio.to_thread.run_sync(seen.wait, 10)
    await add(db)
    written.set()

    assert await looking == ([(0,)], [(0,)])
    assert await db.read(lambda c: c.run(COUNT)) == [(1,)]


async def test_core_and_compiled_statements_share_the_transaction(db: Database) -> None:
    one = new()

    def both(c: Connection) -> int | None:
        predictions.insert(c, one)
        return c.execute(select(func.count()).select_from(table)).scalar()

    assert await db.write(both) == 1

    def undone(c: Connection) -> None:
        c.execute(update(accounts).values(bio="changed"))
        raise LookupError

    with pytest.raises(LookupError):
        await db.write(undone)
    assert await db.read(lambda c: c.execute(select(accounts.c.bio)).scalar()) is None


def test_an_expanding_list_is_refused_where_it_would_be_slow() -> None:
    query = Query(select(table.c.id).where(table.c.status.in_(["pending"])))

    with pytest.raises(ValueError, match="expanding"):
        query.compiled(SQLITE)


async def test_writes_that_wait_together_are_one_commit(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'augury.db'}"
    await anyio.to_thread.run_sync(migrate.upgrade, url)
    statements: list[str] = []
    async with open_database(url) as db:
        await db.write(rows.seed)
        await db.write(lambda c: _raw(c).set_trace_callback(statements.append))
        statements.clear()
        with _held_up(db) as release:
            futures = [db.write_soon(_insert(new())) for _ in range(100)]
            release()
            for future in futures:
                await future
        await db.write(lambda c: _raw(c).set_trace_callback(None))
        assert await db.read(lambda c: c.run(COUNT)) == [(100,)]

    assert 2 <= statements.count("COMMIT") <= 3, "the one that held the thread up, all others, and perhaps the last"
    assert statements.count("BEGIN IMMEDIATE") == statements.count("COMMIT") + 1


async def test_a_write_waits_for_the_lock_of_another_program(tmp_path: Path) -> None:
    path = tmp_path / "augury.db"
    await anyio.to_thread.run_sync(migrate.upgrade, f"sqlite:///{path}")
    async with open_database(f"sqlite:///{path}") as db:
        await db.write(rows.seed)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        futures = [db.write_soon(_insert(new())) for _ in range(3)]
        assert await db.read(lambda c: c.run(COUNT)) == [(0,)], "reads go on"
        assert not any(future.done() for future in futures)
        other.execute("COMMIT")
        other.close()
        for future in futures:
            await future


async def test_a_transaction_that_the_database_gave_up_fails_only_the_culprit(tmp_path: Path) -> None:
    """SQLite itself may roll everything back, savepoints and all: then each write gets its own transaction."""
    url = f"sqlite:///{tmp_path / 'augury.db'}"
    await anyio.to_thread.run_sync(migrate.upgrade, url)
    async with open_database(url) as db:
        await db.write(rows.seed)

        def gives_up(c: Connection) -> None:
            _raw(c).execute("ROLLBACK")
            raise sqlite3.OperationalError("disk I/O error")

        with _held_up(db) as release:
            before, after = new(), new()
            futures: list[asyncio.Future[Any]] = [
                db.write_soon(_insert(before)),
                db.write_soon(gives_up),
                db.write_soon(_insert(after)),
            ]
            release()
            await asyncio.wait(futures)

        assert [type(future.exception()) for future in futures] == [type(None), sqlite3.OperationalError, type(None)]
        assert (await read(db, before), await read(db, after)) == (before, after)


async def test_the_wal_stays_short_under_steady_writes(tmp_path: Path) -> None:
    path = tmp_path / "augury.db"
    await anyio.to_thread.run_sync(migrate.upgrade, f"sqlite:///{path}")
    big = '"' + "x" * 1_000_000 + '"'
    async with open_database(f"sqlite:///{path}", sqlite_sync="normal") as db:
        await db.write(rows.seed)
        largest = 0
        for _ in range(200):
            await add(db, input=big)
            largest = max(largest, (tmp_path / "augury.db-wal").stat().st_size)

    assert largest < 80 * 1024 * 1024
    assert path.stat().st_size > 190_000_000


async def test_serialization_failures_and_deadlocks_are_tried_again(migrated_postgres_url: str) -> None:
    async with _open_postgres(migrated_postgres_url) as db:
        tries: list[int] = []

        def deadlock_twice(c: Connection) -> int:
            predictions.insert(c, new())
            tries.append(1)
            if len(tries) < 3:
                c.execute(text("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END $$"))
            return len(tries)

        assert await db.write(deadlock_twice) == 3
        assert await db.read(lambda c: c.run(COUNT)) == [(1,)]


async def test_a_lost_connection_comes_back_and_the_write_is_done_once(migrated_postgres_url: str) -> None:
    async with _open_postgres(migrated_postgres_url) as db:
        tries: list[int] = []

        def lose_it(c: Connection) -> None:
            predictions.insert(c, new())
            tries.append(1)
            if len(tries) == 1:
                c.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

        await db.write(lose_it)

        assert len(tries) == 2
        assert await db.read(lambda c: c.run(COUNT)) == [(1,)]


async def test_connections_ended_while_idle_are_not_noticed_by_callers(migrated_postgres_url: str) -> None:
    async with _open_postgres(migrated_postgres_url) as db:
        with psycopg.connect(migrated_postgres_url, autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        made = [await add(db) for _ in range(20)]

        assert [await read(db, one) for one in made] == made


async def test_a_write_whose_connection_goes_in_the_commit_is_uncertain_and_not_repeated(postgres_url: str) -> None:
    """A deferred trigger ends the backend at COMMIT: nobody can know, so nothing is tried again."""
    await anyio.to_thread.run_sync(migrate.upgrade, postgres_url)
    async with _open_postgres(postgres_url) as db:
        await db.write(_ends_at_commit)
        tries: list[int] = []

        def once(c: Connection) -> None:
            tries.append(1)
            predictions.insert(c, new())

        with pytest.raises(StorageError) as raised:
            await db.write(once)

        assert raised.value.uncertain
        assert len(tries) == 1


@pytest.mark.parametrize("sync", ["full", "normal"])
def test_a_killed_process_loses_no_acknowledged_write(tmp_path: Path, sync: str) -> None:
    url = f"sqlite:///{tmp_path / 'augury.db'}"
    migrate.upgrade(url)
    acknowledged = tmp_path / "acknowledged"
    root = Path(__file__).parents[2]
    with acknowledged.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.store.writing_process", url, sync], stdout=output, cwd=root
        )
        try:
            until(lambda: acknowledged.stat().st_size > 37 * 500, "500 acknowledged writes", deadline=20)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()

    ids = [line for line in acknowledged.read_text().splitlines() if len(line) == 36]
    with sqlite3.connect(tmp_path / "augury.db") as connection:
        stored = {row[0] for row in connection.execute("SELECT id FROM predictions")}
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    assert len(ids) >= 500
    assert set(ids) <= stored


async def test_an_address_of_no_file_is_refused() -> None:
    with pytest.raises(ValueError, match="no file"):
        async with open_database("sqlite://"):
            pass


class _held_up:
    """Keeps every writer busy, so that what is queued meanwhile waits together; `release` lets go."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._go = threading.Event()

    def __enter__(self) -> Callable[[], None]:
        started = threading.Semaphore(0)
        writers = 1 if self._db.dialect == "sqlite" else 6

        def hold(_: Connection) -> None:
            started.release()
            assert self._go.wait(10)

        for _ in range(writers):
            self._db.write_soon(hold)
        for _ in range(writers):
            assert started.acquire(timeout=10)
        return self._go.set

    def __exit__(self, *_: object) -> None:
        self._go.set()


class _open_postgres:
    def __init__(self, url: str) -> None:
        self._url = url
        self._opening = open_database(url)

    async def __aenter__(self) -> Database:
        db = await self._opening.__aenter__()
        await db.write(rows.seed)
        return db

    async def __aexit__(self, *error: Any) -> None:
        await self._opening.__aexit__(*error)


def _insert(one: Any) -> Callable[[Connection], None]:
    return lambda c: predictions.insert(c, one)


def _raises(error: BaseException) -> Callable[[Connection], None]:
    def fail(_: Connection) -> None:
        raise error

    return fail


def _raw(c: Connection) -> sqlite3.Connection:
    return cast("sqlite3.Connection", c.execute(select(1)).connection.connection.driver_connection)


def _ends_at_commit(c: Connection) -> None:
    c.execute(
        text(
            "CREATE FUNCTION fall() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$"
        )
    )
    c.execute(
        text(
            "CREATE CONSTRAINT TRIGGER falls AFTER INSERT ON predictions DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION fall()"
        )
    )
