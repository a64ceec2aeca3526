"""A key is first used once, however many use it at the same time."""

from __future__ import annotations

import anyio
import pytest

from augury.store import browsing, idempotency, predictions
from augury.store.connection import Connection
from augury.store.database import Database
from augury.store.idempotency import Remembered
from tests.store.rows import NOW, new, read

pytestmark = pytest.mark.anyio


async def test_the_second_use_of_a_key_finds_the_first(db: Database) -> None:
    first = await db.write(lambda c: idempotency.remember(c, "token", "key", "hash-1", "prediction", "id-1", NOW))
    second = await db.write(lambda c: idempotency.remember(c, "token", "key", "hash-2", "prediction", "id-2", NOW + 1))

    assert first is None
    assert second == Remembered("hash-1", "prediction", "id-1", NOW)


async def test_keys_of_different_tokens_are_different(db: Database) -> None:
    for token, key in [("one", "key"), ("two", "key"), ("one", "other")]:
        assert await db.write(lambda c, t=token, k=key: idempotency.remember(c, t, k, "h", "k", "r", NOW)) is None


async def test_twenty_at_once_make_one_prediction(db: Database) -> None:
    made = [new() for _ in range(20)]
    earlier: list[Remembered | None] = []

    async def create(number: int) -> None:
        one = made[number]

        def work(c: Connection) -> Remembered | None:
            known = idempotency.remember(c, "token", "key", "hash", "prediction", one.id, NOW)
            if known is None:
                predictions.insert(c, one)
            return known

        earlier.append(await db.write(work))

    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(create, number)

    assert earlier.count(None) == 1
    (resource,) = {one.resource for one in earlier if one is not None}
    (winner,) = [one for one in made if one.id == resource]
    assert await read(db, winner) == winner
    stored = await db.read(
        lambda c: browsing.page(c, winner.account_id, statuses=None, before=None, after=None, limit=9)
    )
    assert len(stored) == 1


async def test_a_use_whose_transaction_failed_was_none(db: Database) -> None:
    def fails(c: Connection) -> None:
        idempotency.remember(c, "token", "key", "hash", "prediction", "id-1", NOW)
        raise LookupError

    with pytest.raises(LookupError):
        await db.write(fails)
    assert await db.write(lambda c: idempotency.remember(c, "token", "key", "hash", "k", "id-2", NOW)) is None


async def test_old_keys_are_forgotten_and_young_ones_are_not(db: Database) -> None:
    for key, time in (("old", NOW - 1), ("young", NOW)):
        await db.write(lambda c, k=key, t=time: idempotency.remember(c, "token", k, "h", "k", "r", t))

    assert await db.write(lambda c: idempotency.forget_before(c, NOW)) == 1
    assert await db.write(lambda c: idempotency.remember(c, "token", "old", "h", "k", "new", NOW)) is None
    assert await db.write(lambda c: idempotency.remember(c, "token", "young", "h", "k", "new", NOW)) is not None
