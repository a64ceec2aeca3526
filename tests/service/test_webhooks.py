"""Webhooks as callers meet them: what is taken, what is noted, who may see it and send it again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from augury.domain.account import Caller
from augury.domain.delivery import Delivery, State
from augury.domain.errors import Gone, InvalidRequest, NotFound
from augury.domain.prediction import Prediction, Status
from augury.service.gate import Gate
from augury.service.hints import Hints
from augury.service.offers import Offers
from augury.service.predictions import NewPrediction, Predictions, WebhookTarget
from augury.service.settled import Settled
from augury.service.targets import Targets
from augury.service.webhooks import Webhooks
from augury.store import removal
from tests.service.house import House
from tests.support.sealing import VAULT

pytestmark = pytest.mark.anyio

URL = "https://example.com/hook"


@dataclass
class Desk:
    predictions: Predictions
    webhooks: Webhooks
    looked_up: list[str]

    async def create(self, caller: Caller, url: str = URL, **fields: object) -> Prediction:
        request = NewPrediction("ada/echo", {"text": "a"}, webhook=WebhookTarget(url, "secret"))
        return await self.predictions.create(caller, replace(request, **fields))  # pyright: ignore[reportArgumentType]

    async def deliveries(self, caller: Caller, one: Prediction, cursor: str | None = None) -> Sequence[Delivery]:
        return (await self.webhooks.page(caller, one.id, cursor=cursor, page_size=10)).items


@pytest.fixture
async def desk(house: House, ada: Caller) -> Desk:
    """A model, and the services around its predictions."""
    await house.model(ada, "echo")
    await house.version(ada, "echo")
    looked_up: list[str] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        looked_up.append(host)
        return ["10.0.0.1"] if host == "inside.example.com" else ["93.184.216.34"]

    predictions = Predictions(
        db=house.db,
        hints=Hints(house.notifier),
        models=house.models,
        offers=Offers(),
        settled=Settled(),
        ids=house.ids,
        gate=Gate(),
        now=house.clock.now,
        vault=VAULT,
        targets=Targets(resolve=resolve),
    )
    house.db.tell = Hints(house.notifier).delivery
    return Desk(predictions, Webhooks(house.db, predictions, house.clock.now), looked_up)


async def test_a_prediction_with_a_webhook_is_noted_as_it_is_created(house: House, desk: Desk, ada: Caller) -> None:
    heard: list[str] = []
    with Hints(house.notifier).deliveries(heard.append):
        one = await desk.create(ada)

    (delivery,) = await desk.deliveries(ada, one)
    assert (delivery.id, delivery.status, delivery.state) == (f"{one.id}.1", Status.PENDING, State.DUE)
    assert heard == ["https://example.com:443"]


async def test_a_prediction_that_is_stored_as_failed_at_once_tells_that_alone(desk: Desk, ada: Caller) -> None:
    one = await desk.create(ada, input={"text": 5})

    assert [delivery.status for delivery in await desk.deliveries(ada, one)] == [Status.FAILED]


async def test_a_cancel_is_told(desk: Desk, ada: Caller) -> None:
    one = await desk.create(ada)
    await desk.predictions.cancel(ada, one.id)
    await desk.predictions.cancel(ada, (await desk.create(ada)).id)

    assert [delivery.status for delivery in await desk.deliveries(ada, one)] == [Status.PENDING, Status.CANCELLED]


async def test_without_a_webhook_nothing_is_looked_up_or_noted(desk: Desk, ada: Caller) -> None:
    one = await desk.create(ada, webhook=None)
    await desk.predictions.cancel(ada, one.id)

    assert len(await desk.deliveries(ada, one)) == 0
    assert desk.looked_up == []


async def test_a_repeated_create_tells_nothing_again(desk: Desk, ada: Caller) -> None:
    first = await desk.create(ada, idempotency_key="k", body_hash="h")
    again = await desk.create(ada, idempotency_key="k", body_hash="h")

    assert first.id == again.id
    assert len(await desk.deliveries(ada, first)) == 1


@pytest.mark.parametrize(
    ("url", "type_"),
    [
        ("http://169.254.169.254/", "webhook_address"),
        ("http://inside.example.com/", "webhook_address"),
        ("ftp://example.com/", "webhook_url"),
    ],
)
async def test_a_webhook_that_cannot_be_is_refused_and_nothing_is_stored(
    desk: Desk, ada: Caller, url: str, type_: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await desk.create(ada, url)

    (problem,) = caught.value.problems
    assert (problem.loc, problem.type) == (("body", "webhook", "url"), type_)
    assert len((await desk.predictions.page(ada, cursor=None, page_size=5)).items) == 0


async def test_deliveries_are_paged_in_both_directions(house: House, desk: Desk, ada: Caller) -> None:
    one = await desk.create(ada)
    await desk.predictions.cancel(ada, one.id)

    async def page(cursor: str | None) -> tuple[list[int], str | None, str | None]:
        found = await desk.webhooks.page(ada, one.id, cursor=cursor, page_size=1)
        return [delivery.number for delivery in found.items], found.next_cursor, found.previous_cursor

    first, further, before = await page(None)
    assert (first, before) == ([1], None)
    second, end, back = await page(further)
    assert (second, end) == ([2], None)
    assert (await page(back))[0] == [1]


@pytest.mark.parametrize("cursor", ["x", "W3t9LFsiYSJdLGZhbHNlXQ", "W3t9LFsxLDJdLGZhbHNlXQ"])
async def test_what_is_no_cursor_of_this_list_is_refused(desk: Desk, ada: Caller, cursor: str) -> None:
    one = await desk.create(ada)
    with pytest.raises(InvalidRequest) as caught:
        await desk.webhooks.page(ada, one.id, cursor=cursor, page_size=1)
    assert caught.value.problems[0].type == "cursor"


async def test_a_delivery_is_due_again_on_demand(house: House, desk: Desk, ada: Caller) -> None:
    one = await desk.create(ada)
    (delivery,) = await desk.deliveries(ada, one)
    heard: list[str] = []
    with Hints(house.notifier).deliveries(heard.append):
        again = await desk.webhooks.redeliver(ada, delivery.id.upper())

    assert (again.id, again.state, heard) == (delivery.id, State.DUE, ["https://example.com:443"])


async def test_a_strangers_delivery_is_not_there_and_an_admin_sees_all(
    desk: Desk, ada: Caller, bob: Caller, root: Caller
) -> None:
    one = await desk.create(ada)
    with pytest.raises(NotFound, match="not yours"):
        await desk.webhooks.page(bob, one.id, cursor=None, page_size=5)
    with pytest.raises(NotFound) as caught:
        await desk.webhooks.redeliver(bob, f"{one.id}.1")

    assert caught.value.code == "delivery_not_found"
    assert (await desk.webhooks.redeliver(root, f"{one.id}.1")).id == f"{one.id}.1"


@pytest.mark.parametrize("id_", ["", "x", "1", "../..", "0" * 36, "0" * 36 + ".1", "0" * 36 + ".0", "\0", "é" * 500])
async def test_an_unknown_delivery_is_not_there(desk: Desk, ada: Caller, id_: str) -> None:
    with pytest.raises(NotFound) as caught:
        await desk.webhooks.redeliver(ada, id_)
    assert caught.value.code == "delivery_not_found"
    assert len(caught.value.message) < 200


async def test_what_was_removed_cannot_be_sent_again_but_is_still_listed(house: House, desk: Desk, ada: Caller) -> None:
    one = await desk.create(ada)
    await desk.predictions.cancel(ada, one.id)
    assert await house.db.write(lambda c: removal.remove(c, one.id, house.clock.now()))

    with pytest.raises(Gone) as caught:
        await desk.webhooks.redeliver(ada, f"{one.id}.1")

    assert caught.value.code == "prediction_removed"
    assert len(await desk.deliveries(ada, one)) == 2
