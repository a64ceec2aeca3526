"""How often a model ran: added up beside everything else, and never forgotten."""

from __future__ import annotations

import pytest

from augury.domain.account import Caller
from augury.service.execution import Execution
from augury.service.hints import Hints
from augury.service.settled import Settled
from augury.store import counts
from tests.service.house import House
from tests.support.sealing import VAULT

pytestmark = pytest.mark.anyio


async def test_what_ran_of_late_is_added_to_its_models_until_nothing_is_left(
    house: House, ada: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("augury.store.counts.FOLD", 2)
    execution = Execution(house.db, Hints(house.notifier), Settled(), house.clock.now, VAULT)
    for name in ("one", "two", "three", "four", "five"):
        await house.model(ada, name, "public")
        version = await house.version(ada, name)
        for _ in range(3):
            await house.prediction(ada, version)
    await execution.fold_counts()
    assert not await house.db.read(counts.unfolded)
    listed = (await house.models.page(sort_by="predictions_count")).items
    assert [one.predictions_count for one in listed] == [3] * 5
    await execution.fold_counts()
