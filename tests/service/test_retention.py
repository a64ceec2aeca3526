"""What is old goes, in time and in order; what has not ended, or is young, stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from augury.domain.account import Caller
from augury.domain.jsontext import JsonText
from augury.domain.model import Version
from augury.domain.prediction import Prediction, Status
from augury.service.retention import Keep, Retention
from augury.store import predictions as rows
from augury.store import removal
from augury.store.connection import Connection
from augury.store.database import Database
from augury.store.tables import deliveries, events, logs, webhooks
from tests.service.house import House

pytestmark = pytest.mark.anyio

DAY = 86_400.0


@pytest.fixture
async def version(house: House, ada: Caller) -> Version:
    await house.model(ada, "echo")
    return await house.version(ada, "echo")


async def ended(house: House, ada: Caller, version: Version, size: int = 2, **fields: object) -> Prediction:
    now = house.clock.now()
    output = JsonText('"' + "x" * size + '"')
    return await house.prediction(
        ada, version, status=Status.SUCCEEDED, output=output, created_at=now, finished_at=now, **fields
    )


async def stored(db: Database, one: Prediction) -> Prediction | None:
    return await db.read(lambda c: rows.get(c, one.id))


async def has_contents(db: Database, one: Prediction) -> bool:
    found = await stored(db, one)
    return found is not None and found.input is not None


async def count(db: Database, table: object) -> int:
    def ask(c: Connection) -> int:
        return int(c.execute(select(func.count()).select_from(table)).scalar_one())  # pyright: ignore[reportArgumentType]

    return await db.read(ask)


async def test_contents_go_at_their_age_and_what_is_younger_or_active_stays(
    house: House, ada: Caller, version: Version
) -> None:
    retention = Retention(house.db, house.clock.now, Keep(DAY, retention=100))
    old, queued = await ended(house, ada, version), await house.prediction(ada, version)
    house.clock.pass_seconds(60)
    young = await ended(house, ada, version)
    await retention.sweep()
    assert await has_contents(house.db, old)
    house.clock.pass_seconds(60)
    await retention.sweep()
    assert [await has_contents(house.db, one) for one in (old, queued, young)] == [False, True, True]
    assert (await stored(house.db, old)) is not None
    house.clock.pass_seconds(60)
    await retention.sweep()
    assert [await has_contents(house.db, one) for one in (old, queued, young)] == [False, True, False]


async def test_what_ended_long_after_it_was_passed_is_not_forgotten(
    house: House, ada: Caller, version: Version
) -> None:
    retention = Retention(house.db, house.clock.now, Keep(DAY, retention=100))
    slow = await house.prediction(ada, version)
    for _ in range(3):
        house.clock.pass_seconds(200)
        await ended(house, ada, version)
        await retention.sweep()
    now = house.clock.now()

    def fail(c: Connection) -> None:
        from sqlalchemy import update

        from augury.store.tables import predictions

        values = {"status": "failed", "error": "{}", "finished_at": now}
        c.execute(update(predictions).where(predictions.c.id == slow.id).values(values))

    await house.db.write(fail)
    house.clock.pass_seconds(50)
    await retention.sweep()
    assert await has_contents(house.db, slow)
    house.clock.pass_seconds(60)
    await retention.sweep()
    assert not await has_contents(house.db, slow)


async def test_more_than_one_look_and_more_lines_than_one_transaction_deletes_go(
    house: House, ada: Caller, version: Version
) -> None:
    many = [await ended(house, ada, version) for _ in range(1_200)]

    def write(c: Connection) -> None:
        c.execute(insert(events), [{"prediction_id": many[0].id, "number": n, "data": "1"} for n in range(2, 5_002)])
        lines = [
            {"prediction_id": many[1].id, "number": n, "attempt": 1, "time": 1, "stream": "stdout", "text": "x"}
            for n in range(1, 3_001)
        ]
        c.execute(insert(logs), lines)

    await house.db.write(write)
    house.clock.pass_seconds(200)
    retention = Retention(house.db, house.clock.now, Keep(DAY, retention=100))
    assert await retention.sweep() == len(many)
    assert (await count(house.db, events), await count(house.db, logs)) == (0, 0)
    assert not any([await has_contents(house.db, one) for one in many[::100]])
    assert await retention.sweep() == 0


async def test_what_a_removal_that_was_cut_off_left_is_deleted_after_the_next_start(
    house: House, ada: Caller, version: Version
) -> None:
    one = await ended(house, ada, version)
    now = house.clock.now()

    def cut_off(c: Connection) -> None:
        c.execute(insert(events), {"prediction_id": one.id, "number": 2, "data": "1"})
        assert removal.remove_head(c, one.id, now)

    await house.db.write(cut_off)
    house.clock.pass_seconds(200)
    await Retention(house.db, house.clock.now, Keep(DAY, retention=100)).sweep()
    assert await count(house.db, events) == 0


async def test_an_open_delivery_keeps_a_prediction_for_three_days_at_most(
    house: House, ada: Caller, version: Version
) -> None:
    one = await ended(house, ada, version, webhook=True)

    def tell(c: Connection) -> None:
        c.execute(insert(webhooks), {"prediction_id": one.id, "url": "http://a", "secret": "s", "receiver": "http://a"})
        delivery = {"id": f"{one.id}.1", "prediction_id": one.id, "number": 1, "receiver": "http://a"}
        state = {"status": "succeeded", "changed_at": 1, "state": "due", "attempts": 0, "due_at": 1}
        c.execute(insert(deliveries), delivery | state)

    await house.db.write(tell)
    retention = Retention(house.db, house.clock.now, Keep(DAY, retention=100))
    house.clock.pass_seconds(2 * DAY)
    await retention.sweep()
    assert await has_contents(house.db, one)
    house.clock.pass_seconds(1.1 * DAY)
    await retention.sweep()
    assert not await has_contents(house.db, one)
    assert await count(house.db, webhooks) == 0
    state = select(deliveries.c.state, deliveries.c.due_at)
    assert await house.db.read(lambda c: [tuple(row) for row in c.execute(state)]) == [("superseded", None)]


async def test_a_record_goes_at_its_own_age_and_one_that_is_active_never(
    house: House, ada: Caller, version: Version
) -> None:
    retention = Retention(house.db, house.clock.now, Keep(DAY, retention=10, records=1_000))
    old, queued = await ended(house, ada, version), await house.prediction(ada, version)
    house.clock.pass_seconds(500)
    await retention.sweep()
    assert await stored(house.db, old) is not None
    house.clock.pass_seconds(600)
    await retention.sweep()
    assert await stored(house.db, old) is None
    assert await has_contents(house.db, queued)


async def test_zero_keeps_for_ever(house: House, ada: Caller, version: Version) -> None:
    one = await ended(house, ada, version)
    house.clock.pass_seconds(10_000 * DAY)
    await Retention(house.db, house.clock.now, Keep(DAY)).sweep()
    assert await has_contents(house.db, one)


async def test_over_the_size_what_is_oldest_goes_and_no_more_than_has_to(
    house: House, ada: Caller, version: Version
) -> None:
    import random

    # What cannot be compressed, so that both databases take it as it is.
    noise = "".join(
        random.Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", k=20_000)
    )
    made = [
        await house.prediction(
            ada, version, status=Status.SUCCEEDED, output=JsonText(f'"{noise}"'),
            created_at=house.clock.now(), finished_at=house.clock.now(),
        )
        for _ in range(200)
    ]  # fmt: skip
    house.clock.pass_seconds(120)
    fresh = await ended(house, ada, version, 20_000)
    used = await house.db.read(removal.used_bytes)
    limit = used // 2
    await Retention(house.db, house.clock.now, Keep(DAY, size=limit)).sweep()
    left = [await has_contents(house.db, one) for one in made]
    assert left == sorted(left), "the oldest went first"
    assert 40 < sum(left) < 160
    assert await has_contents(house.db, fresh)
    assert await house.db.read(removal.used_bytes) <= limit


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_the_file_and_its_wal_stay_flat_under_a_steady_load(
    house: House, ada: Caller, version: Version, tmp_path: Path
) -> None:
    retention = Retention(house.db, house.clock.now, Keep(DAY, retention=2, records=4))
    sizes: list[int] = []
    for _ in range(10):
        for _ in range(500):
            await ended(house, ada, version, 2_000)
        house.clock.pass_seconds(3)
        await retention.sweep()
        sizes.append(await house.db.read(removal.size))
    assert sizes[-1] <= sizes[3] * 1.1, sizes
    assert (tmp_path / "augury.db-wal").stat().st_size < 70 * 2**20
