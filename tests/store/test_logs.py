"""Lines are numbered over all attempts; those of a setup are shown to whoever waited for it, and to nobody else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import update

from augury.domain.ids import WorkerId
from augury.domain.logline import Line, LogLine, Phase
from augury.domain.prediction import Prediction
from augury.store import logbook, logs, workers
from augury.store.database import Database
from augury.store.tables import workers as workers_table
from tests.store.rows import NOW, OTHER_VERSION, VERSION, WORKER, add, add_worker, new

pytestmark = pytest.mark.anyio

SECOND = 1_000_000


def lines(*names: object) -> list[Line]:
    return [Line(NOW + n, "stdout", str(name)) for n, name in enumerate(names)]


async def test_lines_go_on_where_an_earlier_attempt_left_off(db: Database) -> None:
    one, other = await add(db), await add(db)
    await db.write(lambda c: logs.append(c, one.id, 1, lines("a", "b")))
    await db.write(lambda c: logs.append(c, other.id, 1, lines("x")))
    await db.write(lambda c: logs.append(c, one.id, 2, lines("c")))
    await db.write(lambda c: logs.append(c, one.id, 2, []))

    found = await db.read(lambda c: logbook.of_runs(c, one, after=0, limit=10))
    assert found == [
        LogLine(Phase.RUN, 1, 1, NOW, "stdout", "a"),
        LogLine(Phase.RUN, 2, 1, NOW + 1, "stdout", "b"),
        LogLine(Phase.RUN, 3, 2, NOW, "stdout", "c"),
    ]
    assert await db.read(lambda c: logbook.of_runs(c, other, after=1, limit=10)) == []


async def test_lines_are_read_in_both_directions_from_any_place(db: Database) -> None:
    one = await add(db)
    await db.write(lambda c: logs.append(c, one.id, 1, lines(*range(1, 11))))

    after = await db.read(lambda c: logbook.of_runs(c, one, after=3, limit=4))
    before = await db.read(lambda c: logbook.of_runs_before(c, one, before=8, limit=4))
    assert [line.number for line in after] == [4, 5, 6, 7]
    assert [line.number for line in before] == [7, 6, 5, 4]


async def test_characters_that_a_database_cannot_keep_are_replaced_and_the_rest_stays(db: Database) -> None:
    one = await add(db)
    await add_worker(db)
    wild = [Line(NOW, "stderr", "a\0b"), Line(NOW, "stderr", "c\ud800d"), Line(NOW, "stderr", "\u2028\x85\r😀")]
    await db.write(lambda c: logs.append(c, one.id, 1, wild))
    await db.write(lambda c: logs.append_setup(c, WORKER, VERSION, wild))

    for read in (logbook.of_runs, logbook.of_setups):
        found = [line.text for line in await db.read(lambda c, read=read: read(c, one, after=0, limit=9))]
        assert found == ["a\ufffdb", "c\ufffdd", "\u2028\x85\r😀"]


async def test_setup_lines_are_read_in_order_and_in_both_directions(db: Database) -> None:
    one = await add(db)
    await add_worker(db)
    await db.write(lambda c: logs.append_setup(c, WORKER, VERSION, lines(*range(5))))

    after = await db.read(lambda c: logbook.of_setups(c, one, after=0, limit=9))
    assert [line.text for line in after] == ["0", "1", "2", "3", "4"]
    assert {(line.phase, line.attempt, line.stream) for line in after} == {(Phase.SETUP, 0, "stdout")}
    middle = after[2].number
    rest = await db.read(lambda c: logbook.of_setups(c, one, after=middle, limit=1))
    before = await db.read(lambda c: logbook.of_setups_before(c, one, before=middle, limit=9))
    assert [line.text for line in rest] == ["3"]
    assert [line.text for line in before] == ["1", "0"]


# In seconds; of the worker: when it began, was ready, and ended.
@pytest.mark.parametrize(
    ("created", "started", "worker", "shown"),
    [
        pytest.param(15, None, (10, None, None), True, id="still being set up, and waited for"),
        pytest.param(5, None, (10, None, None), True, id="set up because of it"),
        pytest.param(15, 20, (10, 20, None), True, id="was waited for to its end"),
        pytest.param(25, 26, (10, 20, None), False, id="had been ready before: warm"),
        pytest.param(25, None, (10, 20, None), False, id="had been ready before, and busy"),
        pytest.param(15, 16, (17, None, None), False, id="began after it had been started elsewhere"),
        pytest.param(15, 16, (10, 20, None), True, id="began before it was started elsewhere"),
        pytest.param(25, None, (10, None, 20), False, id="had failed before it was there"),
        pytest.param(15, None, (10, None, 20), True, id="failed while it waited"),
        pytest.param(25, 26, (10, 20, 30), False, id="was ready before, and has ended since"),
    ],
)
async def test_the_lines_of_a_setup_belong_to_what_waited_for_it(
    db: Database, created: int, started: int | None, worker: tuple[int, int | None, int | None], shown: bool
) -> None:
    one = new(created_at=created * SECOND, started_at=None if started is None else started * SECOND)
    await _worker(db, WORKER, *worker)
    await db.write(lambda c: logs.append_setup(c, WORKER, VERSION, lines("hello")))

    assert await _setups(db, one) == (["hello"] if shown else [])
    assert await _setups(db, replace(one, version_id=OTHER_VERSION)) == []


async def test_what_waited_for_two_setups_has_the_lines_of_both_in_the_order_of_writing(db: Database) -> None:
    failed, second, early, late = (WorkerId(name) for name in ("failed", "second", "early", "late"))
    one = new(created_at=15 * SECOND, started_at=40 * SECOND)
    await _worker(db, early, 1, None, 2)
    await _worker(db, failed, 10, None, 20)
    await _worker(db, second, 30, 40, None)
    await _worker(db, late, 50, None, None)
    for worker_id, text in ((early, "0"), (failed, "1"), (second, "2"), (failed, "3"), (second, "4"), (late, "5")):
        await db.write(lambda c, worker_id=worker_id, text=text: logs.append_setup(c, worker_id, VERSION, lines(text)))

    assert await _setups(db, one) == ["1", "2", "3", "4"]


async def test_what_ended_without_a_start_shows_the_setups_up_to_its_end(db: Database) -> None:
    one = new(created_at=15 * SECOND, finished_at=16 * SECOND)
    for worker_id, began in ((WorkerId("seen"), 16), (WorkerId("unseen"), 17)):
        await _worker(db, worker_id, began, None, None)
        await db.write(lambda c, worker_id=worker_id: logs.append_setup(c, worker_id, VERSION, lines(worker_id)))

    assert await _setups(db, one) == ["seen"]


async def _setups(db: Database, one: Prediction) -> list[str]:
    """The lines of setups that a prediction shows, read in both directions."""
    found = await db.read(lambda c: logbook.of_setups(c, one, after=0, limit=99))
    back = await db.read(lambda c: logbook.of_setups_before(c, one, before=2**62, limit=99))
    assert back == found[::-1]
    return [line.text for line in found]


async def _worker(db: Database, worker_id: WorkerId, began: int, ready: int | None, ended: int | None) -> None:
    """A worker with this life, in seconds."""
    await add_worker(db, worker_id)
    await db.write(
        lambda c: c.execute(
            update(workers_table).where(workers_table.c.id == worker_id).values(created_at=began * SECOND)
        )
    )
    if ready is not None:
        await db.write(lambda c: workers.set_ready(c, worker_id, pid=1, slots=1, ready_at=ready * SECOND))
    if ended is not None:
        await db.write(lambda c: workers.end_worker(c, worker_id, reason="crashed", ended_at=ended * SECOND))
