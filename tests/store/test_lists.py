"""Lists are right whatever index they are read by, and counts are exact whatever goes on beside them."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Sequence
from typing import Any

import anyio
import anyio.to_thread
import pytest
from sqlalchemy import delete, func, insert, select

from augury.domain.ids import AccountId, ModelId
from augury.domain.model import Category, Model
from augury.domain.prediction import Prediction, Status
from augury.store import browsing, categories, counts, listings, models, predictions, search, users
from augury.store.connection import Connection, ConstraintViolated
from augury.store.database import Database, open_database
from augury.store.listings import Listing
from augury.store.tables import accounts
from augury.store.tables import models as model_table
from augury.store.tables import predictions as prediction_table
from augury.store.tables import versions as version_table
from tests.store import rows
from tests.store.rows import ACCOUNT, ERROR, NOW, WORKER

pytestmark = pytest.mark.anyio

BOB = AccountId("account-2")


async def test_predictions_of_any_states_are_listed_in_order_from_any_place(db: Database) -> None:
    await db.write(lambda c: c.execute(insert(accounts), _account(BOB, "bob")))
    made = [_in_state(status, number) for number, status in enumerate([*Status] * 4)]

    def store(c: Connection) -> None:
        for one in made:
            predictions.insert(c, one)

    await db.write(store)
    mine = sorted((one for one in made if one.account_id == ACCOUNT), key=lambda one: one.id, reverse=True)
    places = [None, mine[0].id, mine[7].id, mine[-1].id, "0", "z"]
    for size in (0, 1, 2, 3, len(Status)):
        for statuses in itertools.combinations(Status, size):
            wanted = [one.id for one in mine if one.status in statuses]
            for place in places:
                older = await _page(db, statuses, before=place)
                assert older == [one for one in wanted if place is None or one < place][:3], (statuses, place)
                if place is not None:
                    newer = await _page(db, statuses, after=place)
                    assert newer == [one for one in wanted if one > place][-3:], (statuses, place)


async def test_models_are_listed_by_exact_counts_before_and_after_these_are_folded(db: Database) -> None:
    chance = random.Random(7)
    await db.write(lambda c: _catalogue(c, chance))
    for step in range(6):
        for listing in _listings():
            await _check_walk(db, listing)
        if step % 3 == 2:
            await db.write(counts.fold)
        await db.write(lambda c: _run_some(c, chance))


async def _check_walk(db: Database, listing: Listing) -> None:
    """Both ways through the list, in pages, it is what is there."""
    whole = await db.read(lambda c: listings.page(c, listing, position=None, backward=False, limit=1_000))
    assert [one.id for one in whole] == [one.id for one in await db.read(lambda c: _expected(c, listing))], listing

    def key(one: Model) -> tuple[int, str]:
        return (one.predictions_count if listing.by_count else one.created_at), one.id

    walked: list[Model] = []
    while len(walked) < len(whole):
        position = key(walked[-1]) if walked else None
        page = await db.read(
            lambda c, position=position: listings.page(c, listing, position=position, backward=False, limit=5)
        )
        assert page
        walked += page
    assert walked == whole
    if len(whole) > 6:
        back = await db.read(lambda c: listings.page(c, listing, position=key(whole[6]), backward=True, limit=5))
        assert back == whole[1:6]


async def test_a_count_is_exact_while_predictions_are_made_folded_and_removed(db: Database) -> None:
    async def create(number: int) -> None:
        one = rows.new(version_id=1 + number % 2)
        await db.write(lambda c: predictions.insert(c, one))

    async def fold_always(done: anyio.Event) -> None:
        seen = 0
        while not done.is_set():
            await db.write(counts.fold)
            now = await _count(db)
            assert seen <= now <= 200
            seen = now

    folded = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(fold_always, folded)
        tasks.start_soon(fold_always, folded)
        async with anyio.create_task_group() as creating:
            for number in range(200):
                creating.start_soon(create, number)
        folded.set()
    assert await _count(db) == 200
    await db.write(lambda c: c.execute(delete(prediction_table)))
    assert await _count(db) == 200
    while await db.read(counts.unfolded):
        await db.write(counts.fold)
    assert await _count(db) == 200


async def test_creates_of_one_model_do_not_wait_for_each_other_and_folding_waits_for_none(
    migrated_postgres_url: str,
) -> None:
    held, release = threading.Event(), threading.Event()

    def hold(c: Connection) -> None:
        predictions.insert(c, rows.new())
        held.set()
        release.wait(20)

    async with open_database(migrated_postgres_url) as db:
        await db.write(rows.seed)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(db.write, hold)
            await anyio.to_thread.run_sync(held.wait, 20)
            try:
                with anyio.fail_after(10):
                    for _ in range(12):
                        await rows.add(db)
                    await db.write(counts.fold)
                    assert await _count(db) == 12
            finally:
                release.set()
        assert await _count(db) == 13


async def test_a_prediction_that_is_not_stored_is_not_counted(db: Database) -> None:
    one = await rows.add(db)
    with pytest.raises(ConstraintViolated):
        await db.write(lambda c: predictions.insert(c, one))

    def undone(c: Connection) -> None:
        predictions.insert(c, rows.new())
        raise RuntimeError("undone")

    with pytest.raises(RuntimeError, match="undone"):
        await db.write(undone)
    assert await _count(db) == 1


async def test_what_is_found_follows_changes_of_owner_and_model_at_the_same_time(db: Database) -> None:
    model = ModelId("model-1")
    await db.write(lambda c: search.refresh_model(c, model))

    async def rename(number: int) -> None:
        await db.write(lambda c: users.update(c, ACCOUNT, {"name": f"alice{number}"}, NOW))

    async def describe(number: int) -> None:
        await db.write(lambda c: models.update(c, model, {"description": f"word{number}"}, NOW))

    for number in range(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(rename, number)
            tasks.start_soon(describe, number)
        words = (f"alice{number}", f"word{number}")
        owner = search.private_to(ACCOUNT)
        found = await db.read(lambda c, words=words, owner=owner: search.find(c, words, [owner]))
        assert [one.subject for one in found] == [model], words


async def _page(db: Database, statuses: Sequence[Status], **place: Any) -> list[str]:
    places: dict[str, Any] = {"before": None, "after": None} | place
    wanted = statuses or None
    found = await db.read(lambda c: browsing.page(c, ACCOUNT, statuses=wanted, limit=3, **places))
    return [one.id for one in found] if statuses else []


async def _count(db: Database) -> int:
    found = await db.read(lambda c: models.get(c, ModelId("model-1")))
    assert found is not None
    return found.predictions_count


def _in_state(status: Status, number: int) -> Prediction:
    fields: dict[str, Any] = {"status": status, "account_id": ACCOUNT if number % 5 else BOB}
    if status is Status.STARTED or (status in (Status.PENDING, Status.STARTING) and number % 2):
        fields |= {"worker_id": WORKER, "attempt": 1}
    if status is Status.STARTED:
        fields["started_at"] = NOW
    if status in (Status.FAILED, Status.ABANDONED):
        fields["error"] = ERROR
    if status is Status.SUCCEEDED:
        fields["output"] = "1"
    if status not in (Status.PENDING, Status.STARTING, Status.STARTED):
        fields["finished_at"] = NOW
    return rows.new(**fields)


def _account(account_id: AccountId, name: str) -> dict[str, Any]:
    return {"id": account_id, "name": name, "admin": False, "created_at": 1}


def _catalogue(c: Connection, chance: random.Random) -> None:
    c.execute(insert(accounts), _account(BOB, "bob"))
    for slug in ("many", "few"):
        categories.insert(c, Category(slug, slug, "", 1))
    for number in range(30):
        model_id = ModelId(f"m-{chance.random():.6f}")
        row = {
            "id": model_id,
            "account_id": BOB if number % 3 else ACCOUNT,
            "name": f"m{number}",
            "visibility": "private" if number % 4 == 1 else "public",
            "created_at": NOW + number // 2,
            "deleted_at": NOW if number % 7 == 6 else None,
        }
        c.execute(insert(model_table), row)
        for version in (1, 2):
            key = 100 + 2 * number + version
            c.execute(insert(version_table), rows.version_row(id=key, model_id=model_id, number=version))
        slugs = [slug for slug, share in (("many", 2), ("few", 9)) if number % share == 0]
        categories.put(c, model_id, slugs)
    _run_some(c, chance)


def _run_some(c: Connection, chance: random.Random) -> None:
    for _ in range(8):
        predictions.insert(c, rows.new(version_id=101 + chance.randrange(40)))


def _listings() -> list[Listing]:
    return [
        Listing(listed, account, by_count, descending, used and by_count, slugs)
        for listed, account in ((True, None), (True, BOB), (False, BOB))
        for by_count, descending, used in (
            (False, False, False),
            (False, True, False),
            (True, True, False),
            (True, True, True),
            (True, False, True),
        )
        for slugs in ((), ("many",), ("few", "none"), ("many", "few"), ("none",))
    ]


def _expected(c: Connection, listing: Listing) -> list[Model]:
    """By looking at each model, and counting its predictions."""
    counted: dict[str, int] = dict(map(tuple, c.execute(_COUNTED)))
    ids = [row[0] for row in c.execute(model_table.select().with_only_columns(model_table.c.id))]
    found = models.get_each(c, ids)
    assert all(one.predictions_count == counted.get(one.id, 0) for one in found)
    wanted = [
        one
        for one in found
        if (not listing.listed or one.visibility != "private")
        and listing.account_id in (None, one.account_id)
        and not (listing.used and not one.predictions_count)
        and (not listing.categories or {category.slug for category in one.categories} & set(listing.categories))
    ]
    return sorted(
        wanted,
        key=lambda one: (one.predictions_count if listing.by_count else one.created_at, one.id),
        reverse=listing.descending,
    )


_COUNTED = (
    select(version_table.c.model_id, func.count())
    .join_from(prediction_table, version_table, version_table.c.id == prediction_table.c.version_id)
    .group_by(version_table.c.model_id)
)
