"""Every list is read along an index from its place on, however much there is: nothing is read whole, nothing sorted."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from augury.domain.ids import ModelId
from augury.domain.prediction import Status
from augury.store import browsing, categories, deliveries, files, listings, logbook, predictions, users, versions
from augury.store.connection import Connection
from augury.store.database import open_database
from augury.store.listings import Listing
from tests.store import rows
from tests.store.plans import READ_WHOLE, plans_of
from tests.store.rows import ACCOUNT

pytestmark = pytest.mark.anyio

ONE = rows.new()
MODEL = ModelId("model-1")
Ask = Callable[[Connection], Any]


def _models(listing: Listing, *, backward: bool = False) -> Ask:
    return lambda c: listings.page(c, listing, position=(1, "a"), backward=backward, limit=5)


def _predictions(*statuses: Status) -> Ask:
    return lambda c: browsing.page(c, ACCOUNT, statuses=statuses or None, before="z", after=None, limit=5)


LISTS: dict[str, tuple[Ask, str]] = {
    "models": (_models(Listing()), "models_by_age"),
    "models, newest first": (_models(Listing(descending=True), backward=True), "models_by_age"),
    "models by count": (_models(Listing(by_count=True, descending=True)), "models_by_count"),
    "models that ran": (_models(Listing(by_count=True, used=True)), "models_by_count"),
    "models of an owner": (_models(Listing(account_id=ACCOUNT)), "models_of_owner_by_age"),
    "models of an owner by count": (
        _models(Listing(account_id=ACCOUNT, by_count=True, descending=True, used=True)),
        "models_of_owner_by_count",
    ),
    "own models": (_models(Listing(listed=False, account_id=ACCOUNT)), "models_of_account"),
    "versions": (
        lambda c: versions.page(c, MODEL, position=5, backward=False, limit=5),
        "sqlite_autoindex_versions_1|versions_model_id_number_key",
    ),
    "uploaded files": (
        lambda c: files.uploaded(c, ACCOUNT, before="z", after=None, limit=5),
        "files_uploaded",
    ),
    "uploaded files, backward": (
        lambda c: files.uploaded(c, ACCOUNT, before=None, after="a", limit=5),
        "files_uploaded",
    ),
    "categories": (
        lambda c: categories.page(c, position="a", backward=False, limit=5),
        "sqlite_autoindex_categories_1|categories_pkey",
    ),
    "users": (
        lambda c: users.page(c, position=(1, "a"), backward=False, descending=False, limit=5),
        "accounts_age",
    ),
    "predictions": (_predictions(), "predictions_by_account"),
    "predictions that failed": (
        _predictions(Status.FAILED, Status.ABANDONED),
        "predictions_gone_wrong|predictions_wrong",
    ),
    "deliveries": (
        lambda c: deliveries.page(c, ONE.id, after=1, before=None, limit=5),
        "sqlite_autoindex_deliveries_2|deliveries_prediction_id_number_key",
    ),
    "lines": (lambda c: logbook.of_runs(c, ONE, after=5, limit=5), "PRIMARY KEY|logs_pkey"),
    "lines of setups": (lambda c: logbook.of_setups(c, ONE, after=5, limit=5), "setup_logs_by_version"),
}
FEW = {"fresh_counts", "counted_versions", "fresh_models"}
"""What ran since counts were folded is read whole, and sorted."""


@pytest.mark.parametrize(("ask", "index"), LISTS.values(), ids=LISTS.keys())
async def test_a_list_is_read_along_an_index(migrated_url: str, ask: Ask, index: str) -> None:
    async with open_database(migrated_url) as db:
        await db.write(rows.seed)
        await db.write(lambda c: predictions.insert(c, ONE))
        plans = await db.write(lambda c: plans_of(c, ask))
    # Beside the list: what ran of late, and the categories of the few models of a page.
    of_the_list = [one for one in plans if "fresh_models" not in one and "model_categories" not in one]
    assert any(re.search(index, one) for one in of_the_list), plans
    for plan in of_the_list:
        read = [one.group() for one in READ_WHOLE.finditer(plan) if not FEW & {one.group(1), one.group(2)}]
        assert not read, plan
