"""The tests' own tools: a PostgreSQL of their own, and waiting for a condition."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import anyio
import psycopg
import pytest

from tests.support import order, postgres
from tests.support.signals import NotInTime, until, until_async


def test_each_postgres_database_is_new_and_empty(postgres_server: postgres.Postgres) -> None:
    for _ in range(2):
        with postgres_server.database() as url, psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE once (n int)")
            connection.commit()


def test_a_database_that_somebody_is_still_connected_to_is_dropped(postgres_server: postgres.Postgres) -> None:
    with postgres_server.database() as url:
        connection = psycopg.connect(url)
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
    connection.close()


def test_a_postgres_that_was_left_through_an_error_is_gone_with_its_folder() -> None:
    class OnPurposeError(Exception):
        pass

    seen: list[tuple[str, str]] = []

    def fail_inside() -> None:
        with postgres.running() as server:
            with psycopg.connect(server.url()) as connection:
                row = connection.execute("SELECT current_setting('data_directory')").fetchone()
            assert row is not None
            seen.append((server.url(), row[0]))
            raise OnPurposeError

    with pytest.raises(OnPurposeError):
        fail_inside()
    [(url, folder)] = seen
    assert not Path(folder).parent.exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url, connect_timeout=2)


def test_a_postgres_whose_tests_were_killed_dies_with_them() -> None:
    script = """
        import sys
        from tests.support import order, postgres
        with postgres.running() as server:
            print(server.url(), flush=True)
            sys.stdin.read()
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        with psycopg.connect(url) as connection:
            row = connection.execute("SELECT current_setting('data_directory')").fetchone()
        process.kill()
    assert row is not None
    data = Path(row[0])
    until(lambda: not (data / "postmaster.pid").exists(), "the server has ended")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url, connect_timeout=2)
    shutil.rmtree(data.parent)


def test_the_database_of_each_kind_has_a_url_of_its_own(database_url: str, tmp_path: Path) -> None:
    if database_url.startswith("sqlite:///"):
        assert Path(database_url.removeprefix("sqlite:///")).parent == tmp_path
    else:
        with psycopg.connect(database_url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


def test_until_gives_the_value_that_ended_the_waiting() -> None:
    seen: list[int] = []
    timer = threading.Timer(0.02, seen.append, [7])
    timer.start()
    assert until(lambda: seen, "a number arrives", deadline=5) == [7]
    timer.join()


def test_until_says_what_did_not_happen() -> None:
    with pytest.raises(NotInTime, match=r"the moon rises: not within 0\.02 s \(last: 0\)"):
        until(lambda: 0, "the moon rises", deadline=0.02)


@pytest.mark.anyio
async def test_until_async_leaves_the_loop_to_those_who_make_it_true() -> None:
    done = anyio.Event()

    async def finish() -> None:
        await anyio.lowlevel.checkpoint()
        done.set()

    async def is_done() -> bool:
        return done.is_set()

    async with anyio.create_task_group() as group:
        group.start_soon(finish)
        assert await until_async(done.is_set, "it is done", deadline=5)
        assert await until_async(is_done, "it is done", deadline=5)
    with pytest.raises(NotInTime):
        await until_async(lambda: False, deadline=0.02)


@pytest.mark.anyio
async def test_async_tests_run_on_the_loop_of_the_server() -> None:
    assert type(asyncio.get_running_loop()).__module__.startswith("uvloop")


def test_what_takes_longest_begins_first_and_then_what_has_most_tests() -> None:
    first, second = order.LONGEST[:2]
    assert order.of_files(["a.py", "b.py", "b.py", second, first]) == [first, second, "b.py", "a.py"]


@pytest.mark.parametrize("name", order.LONGEST)
def test_what_takes_longest_is_there(name: str) -> None:
    assert (Path(__file__).parent / name).is_file()
