"""How often a model ran: added up beside everything else, and never forgotten."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

import anyio
import pytest

from augury.domain.account import Caller
from augury.domain.ids import NodeId
from augury.domain.jsontext import JsonText
from augury.domain.prediction import Status
from augury.engine.janitor import Janitor
from augury.service.execution import Execution
from augury.service.hints import Hints
from augury.service.retention import Keep, Retention
from augury.service.settled import Settled
from augury.store import counts
from augury.store import predictions as rows
from tests.service.house import House
from tests.support.sealing import VAULT
from tests.support.signals import until_async

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


async def test_the_count_is_exact_at_once_after_the_janitor_and_after_what_ran_was_removed(
    house: House, ada: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("augury.engine.janitor.COUNT_SECONDS", 0.02)
    execution = Execution(house.db, Hints(house.notifier), Settled(), house.clock.now, VAULT)
    retention = Retention(house.db, house.clock.now, Keep(86_400.0, records=100))
    for name in ("often", "seldom"):
        await house.model(ada, name, "public")
    # Two versions of one model are one number.
    often, seldom = [await house.version(ada, "often") for _ in range(2)], await house.version(ada, "seldom")

    async def run(times: int) -> list[str]:
        made = [await house.prediction(ada, version, **_ended(house)) for version in often for _ in range(times)]
        made.append(await house.prediction(ada, seldom, **_ended(house)))
        return [one.id for one in made]

    async def counted() -> dict[str, int]:
        listed = {one.name: one.predictions_count for one in (await house.models.page()).items}
        assert listed == {name: (await house.models.get(ada, "ada", name)).model.predictions_count for name in listed}
        ordered = (await house.models.page(sort_by="predictions_count", sort_direction="desc")).items
        assert [one.name for one in ordered] == ["often", "seldom"]
        return listed

    async def folded() -> bool:
        return not await house.db.read(counts.unfolded)

    gone = await run(3)
    assert not await folded()
    assert await counted() == {"often": 6, "seldom": 1}
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_janitor(house, execution, retention).keep_counts)
        await until_async(folded, "the janitor has added everything up")
        assert await counted() == {"often": 6, "seldom": 1}
        await run(2)
        assert await counted() == {"often": 10, "seldom": 2}, "some of it is added up, or not"
        await until_async(folded, "and it does so again and again")
        assert await counted() == {"often": 10, "seldom": 2}
        tasks.cancel_scope.cancel()
    await run(1)
    house.clock.pass_seconds(300)
    young = await run(1)
    await retention.sweep()
    assert [await _is_there(house, one) for one in gone] == [False] * len(gone)
    assert [await _is_there(house, one) for one in young] == [True] * len(young)
    assert await counted() == {"often": 14, "seldom": 4}, "what was removed before it was added up counts, too"
    await execution.fold_counts()
    assert await counted() == {"often": 14, "seldom": 4}


def _ended(house: House) -> dict[str, Any]:
    now = house.clock.now()
    return {"status": Status.SUCCEEDED, "output": JsonText("1"), "created_at": now, "finished_at": now}


async def _is_there(house: House, prediction_id: str) -> bool:
    return await house.db.read(lambda c: rows.get(c, cast("Any", prediction_id))) is not None


def _janitor(house: House, execution: Execution, retention: Retention) -> Janitor:
    """One of a node that runs nothing: what it would look after is not there."""
    nothing = cast("Any", None)
    join = cast("Callable[[], Awaitable[None]]", None)
    return Janitor(
        NodeId("node"),
        execution,
        nothing,
        retention,
        nothing,
        nothing,
        nothing,
        nothing,
        join,
        30.0,
        house.clock.now,
        nothing,
    )
