"""What is counted of the last minutes is what a look at every row gives, and no row is read for it."""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable

import pytest
from sqlalchemy import delete

from augury.domain.account import ALL_SCOPES, Caller
from augury.domain.errors import Forbidden, InvalidRequest
from augury.domain.ids import PredictionId, WorkerId
from augury.domain.jsontext import JsonText
from augury.domain.logline import Line
from augury.domain.prediction import Prediction, Status
from augury.service.statistics import REMEMBERED, Figures, Minute, Statistics
from augury.store import logs, predictions, statistics, versions, workers
from augury.store.connection import Connection
from augury.store.database import Database
from augury.store.statistics import MINUTE, Counted, Times
from augury.store.tables import predictions as table
from tests.store import rows
from tests.store.plans import plans_of
from tests.store.rows import ACCOUNT, ERROR, NODE, OTHER_VERSION, VERSION, WORKER

pytestmark = pytest.mark.anyio

NOW = 28_333_333 * MINUTE + 20_000_000
ADMIN = Caller(ACCOUNT, "alice", admin=True, token_id="token", scopes=ALL_SCOPES)


async def test_every_number_is_what_a_look_at_each_row_gives(db: Database) -> None:
    made = await db.write(_fill)
    figures = await Statistics(db, lambda: NOW).read(ADMIN, 30)

    first = NOW // MINUTE - 29
    assert [one.at for one in figures.minutes] == [(first + number) * MINUTE for number in range(30)]
    assert (figures.since, figures.until, figures.complete) == (first * MINUTE, NOW, True)
    for minute in figures.minutes:
        _check_minute(minute, made)
    since = [one for one in made if (one.finished_at or 0) >= figures.since]
    for of_model in figures.models:
        version = of_model.model.version_number
        _check_counted(of_model.counted, [one for one in since if one.version_id == version])
        created = [one for one in made if one.version_id == version and one.created_at >= figures.since]
        assert of_model.created == len(created)
    assert [one.model.version_number for one in figures.models] == [VERSION, OTHER_VERSION]
    active = [one for one in made if not one.finished]
    assert figures.queue.active == Counter(one.status for one in active)
    assert figures.queue.oldest_at == min(one.created_at for one in active if one.status is not Status.STARTED)


async def test_where_nothing_happened_every_minute_is_there_and_empty(db: Database) -> None:
    figures = await Statistics(db, lambda: NOW).read(ADMIN, 3)
    assert figures.minutes == [Minute(MINUTE * (NOW // MINUTE - back), 0, Counted(), 0) for back in (2, 1, 0)]
    assert (figures.models, figures.broken, figures.queue.active, figures.queue.oldest_at) == ([], [], {}, None)


@pytest.mark.parametrize("created_long_ago", [False, True], ids=["created of late", "created long ago"])
async def test_of_more_than_can_be_read_the_newest_whole_minutes_are_counted(
    db: Database, created_long_ago: bool
) -> None:
    def fill(c: Connection) -> None:
        for number in range(40):
            at = NOW - number * 30_000_000
            _insert(c, _one(number, at - (10**10 if created_long_ago else 1_000_000), Status.SUCCEEDED, at))

    await db.write(fill)
    reached = await db.read(lambda c: statistics.reach(c, NOW - 30 * MINUTE, 9))
    inside = [NOW - number * 30_000_000 for number in range(40) if NOW - number * 30_000_000 >= reached]
    assert len(inside) in (8, 9)
    assert await db.read(lambda c: statistics.reach(c, NOW - 30 * MINUTE, 50)) == NOW - 30 * MINUTE


async def test_what_was_cut_says_so_and_begins_with_a_whole_minute(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(c: Connection) -> None:
        for number in range(40):
            at = NOW - number * 30_000_000
            _insert(c, _one(number, at - 1_000_000, Status.SUCCEEDED, at))

    await db.write(fill)
    monkeypatch.setattr(statistics.reach, "__defaults__", (9,))
    figures = await Statistics(db, lambda: NOW).read(ADMIN, 30)
    assert not figures.complete
    assert figures.since == figures.minutes[0].at == (NOW // MINUTE - 4) * MINUTE
    assert [sum(one.counted.ended.values()) for one in figures.minutes] == [2, 2, 2, 2, 1]
    assert sum(one.created for one in figures.models) <= 9


async def test_a_broken_version_is_told_of_with_its_sentence_and_the_lines_of_its_last_try(db: Database) -> None:
    def fill(c: Connection) -> None:
        for number, worker in enumerate((WORKER, "worker-2")):
            workers.insert_worker(
                c,
                WorkerId(worker),
                node_id=NODE,
                version_id=VERSION,
                revision=1,
                slots=1,
                created_at=NOW + number,
            )
            logs.append_setup(
                c, WorkerId(worker), VERSION, [Line(NOW, "stdout", f"{worker} {one}") for one in range(60)]
            )
        versions.mark_broken(c, VERSION, 1, {"message": "No weights.", "logs": []}, NOW - 5)

    await db.write(fill)
    (broken,) = (await Statistics(db, lambda: NOW).read(ADMIN, 1)).broken
    assert (broken.model, broken.reason, broken.since) == (rows.REF, "No weights.", NOW - 5)
    assert [line.text for line in broken.lines] == [f"worker-2 {one}" for one in range(10, 60)]


async def test_it_is_read_once_in_a_while_however_many_ask_and_by_admins_alone(db: Database) -> None:
    clock = [NOW]
    service = Statistics(db, lambda: clock[0])
    first = await service.read(ADMIN, 5)
    await db.write(lambda c: _insert(c, _one(1, NOW - 10, Status.SUCCEEDED, NOW - 5)))
    assert await service.read(ADMIN, 5) is first
    assert _ended(await service.read(ADMIN, 6)) == 1
    clock[0] += REMEMBERED + 1
    assert _ended(await service.read(ADMIN, 5)) == 1
    for minutes in (0, 181, -1):
        with pytest.raises(InvalidRequest):
            await service.read(ADMIN, minutes)
    with pytest.raises(Forbidden, match="statistics"):
        await service.read(Caller(ACCOUNT, "alice", admin=False, token_id="token", scopes=ALL_SCOPES), 5)


ASKED: dict[str, tuple[Callable[[Connection], object], str]] = {
    "how far": (lambda c: statistics.reach(c, 1), "predictions_ended_at|predictions_1|predictions_pkey"),
    "what ended": (lambda c: statistics.ended(c, 1), "predictions_ended_at"),
    "what left": (lambda c: statistics.left(c, 1), "predictions_ended_at"),
    "what was created": (lambda c: statistics.created(c, 1, 2), "predictions_1|predictions_pkey"),
    "created of a version": (
        lambda c: statistics.created_of(c, VERSION, 1),
        "predictions_ended_of_version|predictions_queue|predictions_assigned",
    ),
    "the queue": (statistics.queue, "predictions_queue|predictions_assigned"),
    "what is broken": (lambda c: statistics.broken(c, 5, 5), "versions_broken"),
}


@pytest.mark.parametrize(("ask", "index"), ASKED.values(), ids=ASKED.keys())
async def test_statistics_are_read_from_indexes(db: Database, ask: Callable[[Connection], object], index: str) -> None:
    plans = await db.write(lambda c: plans_of(c, ask))
    assert plans
    for plan in plans:
        assert re.search(index, plan), plan
        assert not re.search(r"SCAN predictions$|Seq Scan on (predictions|versions)", plan, re.MULTILINE), plan
        if db.dialect == "sqlite" and "predictions_ended_at" in plan:
            assert "COVERING INDEX predictions_ended_at" in plan, plan


def _check_minute(minute: Minute, made: list[Prediction]) -> None:
    end = minute.at + MINUTE
    _check_counted(minute.counted, [one for one in made if minute.at <= (one.finished_at or 0) < end])
    assert minute.created == len([one for one in made if minute.at <= one.created_at < end])
    waiting = [
        one
        for one in made
        if one.created_at < end and (one.started_at or one.finished_at or NOW + MINUTE) >= min(end, NOW)
    ]
    assert minute.queued == len(waiting)


def _check_counted(counted: Counted, ended: list[Prediction]) -> None:
    assert counted.ended == Counter(one.status for one in ended)
    assert counted.queue_time == _times(one.started_at - one.created_at for one in ended if one.started_at is not None)
    assert counted.run_time == _times(one.execution_time for one in ended if one.execution_time is not None)


def _times(values: Iterable[int]) -> Times | None:
    ranked = sorted(values)
    if not ranked:
        return None
    return Times(*(ranked[math.ceil(len(ranked) * one / 100) - 1] for one in (50, 95)))


def _ended(figures: Figures) -> int:
    return sum(sum(one.counted.ended.values()) for one in figures.minutes)


def _fill(c: Connection) -> list[Prediction]:
    chance = random.Random(5)
    c.execute(delete(table))
    made: list[Prediction] = []
    for number in range(400):
        created = NOW - chance.randrange(45 * MINUTE)
        status = chance.choice(tuple(Status))
        ended = min(NOW - 1, created + chance.randrange(1, 20 * MINUTE))
        one = _one(number, created, status, ended, chance)
        _insert(c, one)
        made.append(one)
    return made


def _one(number: int, created: int, status: Status, ended: int, chance: random.Random | None = None) -> Prediction:
    chance = chance or random.Random(number)
    # Ids tell milliseconds: times that are compared with them have no more.
    created = created // 1_000 * 1_000
    id_ = f"{created // 1_000:012x}7{number:03x}8" + "0" * 15
    begun = chance.randrange(created, max(created + 1, ended))
    fields: dict[str, object] = {}
    if status is Status.STARTED:
        fields = {"worker_id": WORKER, "attempt": 1, "started_at": begun}
    elif status in (Status.PENDING, Status.STARTING):
        fields = {"worker_id": WORKER, "attempt": 1} if chance.random() < 0.3 else {}
    else:
        fields = {"finished_at": ended, "output": JsonText("1") if status is Status.SUCCEEDED else None}
        if status in (Status.SUCCEEDED, Status.FAILED):
            fields |= {"started_at": begun, "execution_time": ended - begun}
        if status in (Status.FAILED, Status.ABANDONED):
            fields["error"] = ERROR
    return rows.new(
        id=PredictionId(f"{id_[:8]}-{id_[8:12]}-{id_[12:16]}-{id_[16:20]}-{id_[20:]}"),
        version_id=VERSION if chance.random() < 0.7 else OTHER_VERSION,
        created_at=created,
        updated_at=created,
        status=status,
        **fields,
    )


def _insert(c: Connection, one: Prediction) -> None:
    predictions.insert(c, one)
