"""Lists of predictions are right however they are narrowed, and read along an index, whatever there is."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import insert

from augury.domain.ids import AccountId, ModelId, PredictionId
from augury.domain.prediction import Prediction, Status
from augury.store import browsing, predictions
from augury.store.browsing import Among
from augury.store.connection import Connection
from augury.store.database import Database
from augury.store.tables import accounts
from augury.store.tables import models as model_table
from augury.store.tables import versions as version_table
from tests.store import rows
from tests.store.plans import READ_WHOLE, plans_of
from tests.store.rows import ACCOUNT, ERROR, WORKER

pytestmark = pytest.mark.anyio

BOB = AccountId("account-2")
MODEL, OTHER = ModelId("model-1"), ModelId("model-2")
BEGIN = 1_700_000_000_000_000
MINUTE = 60_000_000
VERSIONS = {1: MODEL, 2: MODEL, 3: OTHER}


async def test_lists_are_right_however_they_are_narrowed(db: Database) -> None:
    made = await db.write(_fill)
    times = (None, BEGIN + 10 * MINUTE, BEGIN + 20 * MINUTE + 1)
    amongs = [
        Among(model, version, since, until)
        for model, version in ((None, None), (MODEL, None), (OTHER, None), (None, 1), (None, 3))
        for since, until in itertools.product(times, times)
    ]
    states: list[tuple[Status, ...]] = [
        (),
        (Status.SUCCEEDED,),
        (Status.FAILED, Status.ABANDONED),
        (Status.PENDING, Status.STARTED),
        (Status.STARTING, Status.CANCELLED, Status.SUCCEEDED),
    ]
    places = [None, made[0].id, made[17].id, made[-1].id]
    for account, among, statuses in itertools.product((ACCOUNT, BOB, None), amongs, states):
        wanted = [one.id for one in made if _fits(one, account, among, statuses)]
        for place in places:
            what = (account, among, statuses, place)
            older = await _page(db, account, among, statuses, before=place)
            assert older == [one for one in wanted if place is None or one < place][:4], what
            if place is not None:
                newer = await _page(db, account, among, statuses, after=place)
                assert newer == [one for one in wanted if one > place][-4:], what


NARROWED: dict[str, tuple[AccountId | None, Among, Sequence[Status], str]] = {
    "everybody's": (None, Among(), (), "predictions_1|predictions_pkey"),
    "everybody's of a time": (None, Among(since=BEGIN, until=BEGIN + 1), (), "predictions_1|predictions_pkey"),
    "everybody's that failed": (None, Among(), (Status.FAILED,), "predictions_wrong"),
    "everybody's that wait": (None, Among(), (Status.PENDING,), "predictions_queue"),
    "of a version": (None, Among(version_id=1), (), "predictions_ended_of_version"),
    "of a version, failed": (None, Among(version_id=1), (Status.FAILED,), "predictions_ended_of_version"),
    "of a version, of a time": (None, Among(None, 1, BEGIN, BEGIN + 1), (), "predictions_ended_of_version"),
    "of a version that wait": (None, Among(version_id=1), (Status.PENDING,), "predictions_queue"),
    "of a model": (None, Among(MODEL), (), "predictions_ended_of_version"),
    "of a model, succeeded": (None, Among(MODEL), (Status.SUCCEEDED,), "predictions_ended_of_version"),
    "own of a version": (ACCOUNT, Among(version_id=1), (Status.SUCCEEDED,), "predictions_ended_of_version"),
    "own of a model": (ACCOUNT, Among(MODEL), (Status.SUCCEEDED,), "predictions_ended_of_version"),
}


@pytest.mark.parametrize(("account", "among", "statuses", "index"), NARROWED.values(), ids=NARROWED.keys())
async def test_a_narrowed_list_is_read_along_an_index(
    db: Database, account: AccountId | None, among: Among, statuses: Sequence[Status], index: str
) -> None:
    def ask(c: Connection) -> None:
        browsing.page(c, account, statuses=statuses or None, before="z", after=None, limit=5, among=among)

    def ended(c: Connection) -> None:
        predictions.insert(c, rows.new(status=Status.SUCCEEDED, output="1", finished_at=1, id=PredictionId("0" * 36)))

    await db.write(ended)
    plans = await db.write(lambda c: plans_of(c, ask))

    listed = [one for one in plans if "predictions" in one]
    assert any(re.search(index, one) for one in listed), listed
    for plan in listed:
        if "predictions_queue" in plan or "predictions_assigned" in plan:
            # What waits or runs is found whole, and sorted.
            continue
        assert not READ_WHOLE.search(plan), plan


async def test_an_accounts_own_are_read_along_their_index_among_many_of_others(db: Database) -> None:
    def ask(c: Connection) -> None:
        browsing.page(c, ACCOUNT, statuses=None, before="z", after=None, limit=5, among=Among(since=BEGIN))

    def fill(c: Connection) -> None:
        c.execute(insert(accounts), {"id": BOB, "name": "bob", "admin": False, "created_at": 1})
        for number in range(400):
            id_ = PredictionId(f"{BEGIN // 1_000 + number:012x}".ljust(36, "0"))
            account = ACCOUNT if number == 0 else BOB
            predictions.insert(c, rows.new(id=id_, account_id=account, created_at=BEGIN, updated_at=BEGIN))

    await db.write(fill)
    plans = await db.write(lambda c: plans_of(c, ask))

    listed = [one for one in plans if "predictions" in one]
    assert any("predictions_by_account" in one for one in listed), listed
    assert not any(READ_WHOLE.search(one) for one in listed), listed


def _fits(one: Prediction, account: AccountId | None, among: Among, statuses: Sequence[Status]) -> bool:
    return (
        account in (None, one.account_id)
        and (not statuses or one.status in statuses)
        and among.model_id in (None, VERSIONS[one.version_id])
        and among.version_id in (None, one.version_id)
        and (among.since is None or one.created_at >= among.since)
        and (among.until is None or one.created_at < among.until)
    )


async def _page(
    db: Database, account: AccountId | None, among: Among, statuses: Sequence[Status], **place: str | None
) -> list[str]:
    places = {"before": place.get("before"), "after": place.get("after")}
    found = await db.read(
        lambda c: browsing.page(c, account, statuses=statuses or None, limit=4, among=among, **places)
    )
    return [one.id for one in found]


def _fill(c: Connection) -> list[Prediction]:
    """Predictions in all states, of three versions, a minute apart and a few milliseconds; newest first."""
    chance = random.Random(11)
    c.execute(insert(accounts), {"id": BOB, "name": "bob", "admin": False, "created_at": 1})
    row = {"id": OTHER, "account_id": BOB, "name": "other", "visibility": "public", "created_at": 1}
    c.execute(insert(model_table), row)
    c.execute(insert(version_table), rows.version_row(id=3, model_id=OTHER))
    made = [_one(chance, number) for number in range(84)]
    for one in made:
        predictions.insert(c, one)
    return sorted(made, key=lambda one: one.id, reverse=True)


def _one(chance: random.Random, number: int) -> Prediction:
    status = list(Status)[number % len(Status)]
    at = BEGIN + number // 3 * MINUTE + number % 3
    # Ids may be a little off, as they are made a moment before.
    millis = at // 1_000 - chance.randrange(3)
    id_ = f"{millis:012x}7{number:03x}8" + "0" * 15
    fields: dict[str, Any] = {"status": status, "created_at": at, "updated_at": at}
    fields |= {"account_id": chance.choice((ACCOUNT, BOB)), "version_id": chance.choice(tuple(VERSIONS))}
    if status is Status.STARTED or (status in (Status.PENDING, Status.STARTING) and chance.random() < 0.5):
        fields |= {"worker_id": WORKER, "attempt": 1}
    if status is Status.STARTED:
        fields["started_at"] = at
    if status in (Status.FAILED, Status.ABANDONED):
        fields["error"] = ERROR
    if status is Status.SUCCEEDED:
        fields["output"] = "1"
    if status not in (Status.PENDING, Status.STARTING, Status.STARTED):
        fields["finished_at"] = at + 5
    return rows.new(id=PredictionId(f"{id_[:8]}-{id_[8:12]}-{id_[12:16]}-{id_[16:20]}-{id_[20:]}"), **fields)
