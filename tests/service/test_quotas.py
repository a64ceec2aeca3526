"""Bounded queues: exact however many come at once, nothing stored for who is refused, on both databases."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable

import pytest

from augury.domain.account import Caller
from augury.domain.errors import TooManyRequests
from augury.domain.prediction import Prediction
from augury.service.gate import Gate
from augury.service.hints import Hints
from augury.service.offers import Offers
from augury.service.predictions import NewPrediction, Predictions, WebhookTarget
from augury.service.quotas import Quotas
from augury.service.settled import Settled
from augury.store import queue
from tests.service.house import House
from tests.support.sealing import VAULT

pytestmark = pytest.mark.anyio


@pytest.fixture
async def echo(house: House, ada: Caller, bob: Caller) -> str:
    """A public model of two versions."""
    await house.model(ada, "echo", "public")
    await house.version(ada, "echo")
    await house.version(ada, "echo")
    return "ada/echo:1"


def desk(house: House, quotas: Quotas) -> Predictions:
    return Predictions(
        db=house.db,
        hints=Hints(house.notifier),
        models=house.models,
        offers=Offers(),
        settled=Settled(),
        ids=house.ids,
        gate=Gate(),
        now=lambda: time.time_ns() // 1000,
        vault=VAULT,
        quotas=quotas,
    )


async def outcome(made: Awaitable[Prediction]) -> str:
    try:
        await made
    except TooManyRequests as refused:
        return f"refused at {refused.limit}" if refused.code == "queue_full" else refused.code
    return "stored"


async def many(predictions: Predictions, caller: Caller, model: str, number: int) -> Counter[str]:
    """What becomes of so many creates at once."""
    requests = [NewPrediction(model, {"text": str(one)}) for one in range(number)]
    tasks = [asyncio.ensure_future(outcome(predictions.create(caller, one))) for one in requests]
    return Counter([await one for one in tasks])


async def queued(house: House) -> int:
    return sum(number for _, number in await house.db.read(queue.demand))


async def test_five_hundred_creates_at_once_fill_a_queue_of_a_hundred_exactly(
    house: House, ada: Caller, echo: str
) -> None:
    predictions = desk(house, Quotas(per_version=100))
    assert await many(predictions, ada, echo, 500) == {"stored": 100, "refused at 100": 400}
    assert await queued(house) == 100
    assert len((await predictions.page(ada, cursor=None, page_size=100)).items) == 100
    # Another version has its own queue.
    assert await many(predictions, ada, "ada/echo:2", 3) == {"stored": 3}


async def test_two_servers_fill_one_queue_exactly(house: House, ada: Caller, echo: str) -> None:
    servers = [desk(house, Quotas(per_version=60)) for _ in range(2)]
    found = [asyncio.ensure_future(many(one, ada, echo, 100)) for one in servers]
    total = sum([await one for one in found], Counter[str]())
    assert total == {"stored": 60, "refused at 60": 140}
    assert await queued(house) == 60


async def test_an_account_has_its_own_bound_over_all_versions_and_takes_nothing_from_others(
    house: House, ada: Caller, bob: Caller, echo: str
) -> None:
    predictions = desk(house, Quotas(per_version=100, per_account=10))
    for model, stored in ((echo, 8), ("ada/echo:2", 2)):
        found = await many(predictions, ada, model, 8)
        assert found["stored"] == stored
    assert await many(predictions, bob, echo, 30) == {"stored": 10, "refused at 10": 20}


async def test_a_versions_own_bound_counts_where_it_is_the_smaller(house: House, ada: Caller) -> None:
    await house.model(ada, "narrow")
    table = '[project]\nname = "m"\nversion = "1"\n[tool.augury]\nmax_queue = 3\n'
    await house.version(ada, "narrow", await house.bundle(ada, **{"pyproject.toml": table}))
    assert (await many(desk(house, Quotas()), ada, "ada/narrow", 5))["stored"] == 3
    assert (await many(desk(house, Quotas(per_version=5)), ada, "ada/narrow", 5))["stored"] == 0
    assert (await many(desk(house, Quotas(per_version=2)), ada, "ada/narrow", 1)) == {"refused at 2": 1}


async def test_what_is_refused_leaves_nothing_and_its_key_is_free(house: House, ada: Caller, echo: str) -> None:
    predictions = desk(house, Quotas(per_version=1))
    first = await predictions.create(ada, NewPrediction(echo, {"text": "a"}, idempotency_key="one", body_hash="1"))
    second = NewPrediction(
        echo,
        {"text": "b"},
        idempotency_key="two",
        body_hash="2",
        webhook=WebhookTarget("https://93.184.216.34/hook"),
    )
    with pytest.raises(TooManyRequests) as refused:
        await predictions.create(ada, second)
    assert 0 < refused.value.reset - time.time() <= 61
    # What a key has made is answered, full or not.
    again = NewPrediction(echo, {"text": "a"}, idempotency_key="one", body_hash="1")
    assert (await predictions.create(ada, again)).id == first.id
    await predictions.cancel(ada, first.id)
    made = await predictions.create(ada, second)
    assert made.id != first.id
    assert await queued(house) == 1


async def test_the_longer_the_queue_takes_the_later_one_is_told_to_come_again(
    house: House, ada: Caller, echo: str
) -> None:
    predictions = desk(house, Quotas(per_version=2))
    for _ in range(2):
        await predictions.create(ada, NewPrediction(echo, {"text": "a"}))
    now = time.time()

    async def told(after: float) -> float:
        later = Predictions(
            db=house.db,
            hints=Hints(house.notifier),
            models=house.models,
            offers=Offers(),
            settled=Settled(),
            ids=house.ids,
            gate=Gate(),
            now=lambda: int((now + after) * 1e6),
            vault=VAULT,
            quotas=Quotas(per_version=2),
        )
        with pytest.raises(TooManyRequests) as refused:
            await later.create(ada, NewPrediction(echo, {"text": "a"}))
        return refused.value.reset - now - after

    assert 1 <= await told(0) <= 2
    assert 9 <= await told(20) <= 12
    assert 59 <= await told(10_000) <= 61


async def test_an_input_that_does_not_fit_waits_for_nothing_and_is_not_refused(
    house: House, ada: Caller, echo: str
) -> None:
    predictions = desk(house, Quotas(per_version=1))
    await predictions.create(ada, NewPrediction(echo, {"text": "a"}))
    failed = await predictions.create(ada, NewPrediction(echo, {"text": 1}))
    assert failed.status == "failed"
