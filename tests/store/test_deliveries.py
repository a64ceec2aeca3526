"""Deliveries: noted with every change, claimed in order, left out where something newer is there, never lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from augury.domain.delivery import Attempt, Claimed, Delivery, Record, State, Webhook
from augury.domain.ids import PredictionId, WorkerId
from augury.domain.jsontext import JsonText
from augury.domain.prediction import Prediction, Status
from augury.store import deliveries, predictions, queue
from augury.store.connection import SQLITE, Connection, Query
from augury.store.database import Database
from augury.store.tables import deliveries as table
from tests.store import rows
from tests.store.rows import ERROR, NODE, NOW, VERSION, WORKER, add_worker, claim_one, succeed

pytestmark = pytest.mark.anyio

HOOK = Webhook("https://example.com/hook?key=1", "secret", "https://example.com:443")
OTHER = Webhook("https://example.org/", None, "https://example.org:443")
SECOND = 1_000_000
LATER = NOW + 60 * SECOND


async def add(db: Database, webhook: Webhook | None = HOOK, **fields: Any) -> Prediction:
    """A stored prediction; give it an `updated_at` where it matters which was first."""
    one = rows.new(webhook=webhook is not None, **fields)

    def insert(c: Connection) -> None:
        predictions.insert(c, one)
        if webhook is not None:
            deliveries.subscribe(c, one.id, webhook)

    await db.write(insert)
    return one


async def noted(db: Database, one: Prediction) -> list[str]:
    return [delivery.status.value for delivery in await all_of(db, one)]


async def all_of(db: Database, one: Prediction) -> list[Delivery]:
    return await db.read(lambda c: deliveries.page(c, one.id, after=None, before=None, limit=100))


async def states(db: Database, one: Prediction) -> list[str]:
    return [delivery.state.value for delivery in await all_of(db, one)]


async def claim(db: Database, now: int = NOW, limit: int = 10, webhook: Webhook = HOOK) -> list[Claimed]:
    found, _ = await db.write(
        lambda c: deliveries.claim(c, webhook.receiver, now, until=now + 30 * SECOND, limit=limit)
    )
    return found


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (None, ["pending", "started", "succeeded"]),
        ({Status.STARTED}, ["started"]),
        ({Status.SUCCEEDED, Status.FAILED}, ["succeeded"]),
        ({Status.STARTING}, []),
        (frozenset[Status](), []),
    ],
)
async def test_a_webhook_is_told_of_the_states_that_it_names(
    db: Database, told: set[Status] | None, expected: list[str]
) -> None:
    hook = replace(HOOK, form="other", told=None if told is None else frozenset(told))
    one = await add(db, hook, worker_id=WORKER, attempt=1)
    await db.write(start(one))
    await db.write(lambda c: succeed(c, rows.new(id=one.id, attempt=1)))
    found = await all_of(db, one)
    assert [delivery.status.value for delivery in found] == expected
    for delivery in found:
        message = await db.read(lambda c, delivery=delivery: deliveries.load(c, delivery.id))
        assert message is not None
        assert message.webhook.form == "other"


async def record(
    db: Database, claimed: Claimed, state: State, *, at: int = NOW, due_at: int | None = None, status: int = 500
) -> None:
    attempt = Attempt(1, at, 5, status, None, "text")
    await db.write(lambda c: deliveries.record(c, Record(claimed, attempt, state, due_at)))


def start(one: Prediction) -> Callable[[Connection], object]:
    return lambda c: queue.start(c, one.id, WORKER, 1, started_at=NOW + 1, setup_time=7)


def back(one: Prediction, *, counted: bool, limit: int, retried: bool = False) -> Callable[[Connection], object]:
    return lambda c: queue.hand_back(
        c, [(one.id, WORKER, 1)], NOW + 2, counted=counted, limit=limit, error_json=ERROR, retried=retried
    )


async def test_a_prediction_without_a_webhook_has_no_deliveries(db: Database) -> None:
    one = await add(db, None, worker_id=WORKER, attempt=1)
    await db.write(start(one))
    await db.write(lambda c: succeed(c, rows.new(id=one.id, attempt=1)))

    assert await noted(db, one) == []


async def test_each_state_of_a_life_is_noted_with_its_own_times(db: Database) -> None:
    one = await add(db)
    await db.write(lambda c: queue.mark_starting(c, VERSION, 5, NOW + 1))
    claimed = await claim_one(db)
    await db.write(lambda c: queue.start(c, one.id, WORKER, 1, started_at=NOW + 2, setup_time=7))
    await db.write(lambda c: succeed(c, claimed))

    found = await all_of(db, one)
    assert [one.status.value for one in found] == ["pending", "starting", "started", "succeeded"]
    assert [one.changed_at for one in found] == [NOW, NOW + 1, NOW + 2, NOW + 9]
    assert [(one.setup_time, one.execution_time) for one in found] == [
        (None, None),
        (None, None),
        (7, None),
        (None, 4),
    ]
    assert [one.id for one in found] == [f"{one.id}.{number}" for number in (1, 2, 3, 4)]
    assert {(one.state, one.attempts, one.receiver, one.due_at == one.changed_at) for one in found} == {
        (State.DUE, 0, HOOK.receiver, True)
    }


CHANGES: dict[str, tuple[str, dict[str, Any], Callable[[Prediction], Callable[[Connection], object]], list[str]]] = {
    "start": ("_START", {"worker_id": WORKER, "attempt": 1}, start, ["pending", "started"]),
    "finish": (
        "_FINISH",
        {"worker_id": WORKER, "attempt": 1},
        lambda one: lambda c: succeed(c, rows.new(id=one.id, attempt=1)),
        ["pending", "succeeded"],
    ),
    "end_queued": (
        "_END_QUEUED",
        {},
        lambda one: lambda c: queue.end_queued(c, one.id, Status.CANCELLED, NOW + 1, None),
        ["pending", "cancelled"],
    ),
    "mark_starting": (
        "_MARK_STARTING",
        {},
        lambda _: lambda c: queue.mark_starting(c, VERSION, 9, NOW + 1),
        ["pending", "starting"],
    ),
    "hand_back": (
        "_HAND_BACK",
        {"status": Status.STARTED, "started_at": NOW, "worker_id": WORKER, "attempt": 1},
        lambda one: back(one, counted=False, limit=9),
        ["started", "pending"],
    ),
    "hand_back, retried": (
        "_RETRY",
        {"status": Status.STARTED, "started_at": NOW, "worker_id": WORKER, "attempt": 1},
        lambda one: back(one, counted=False, limit=9, retried=True),
        ["started", "pending"],
    ),
    "hand_back, counted": (
        "_HAND_BACK_COUNTED",
        {"status": Status.STARTED, "started_at": NOW, "worker_id": WORKER, "attempt": 1},
        lambda one: back(one, counted=True, limit=0),
        ["started", "abandoned"],
    ),
    "hand_back, to be cancelled": (
        "_HAND_BACK",
        {"status": Status.STARTED, "started_at": NOW, "worker_id": WORKER, "attempt": 1, "cancel_requested_at": NOW},
        lambda one: back(one, counted=False, limit=9),
        ["started", "cancelled"],
    ),
    "rescue": (
        "_HAND_BACK_COUNTED",
        {"status": Status.STARTED, "started_at": NOW, "worker_id": WorkerId("lost"), "attempt": 1},
        lambda _: lambda c: queue.rescue(c, NOW + 2, nodes=[NODE], limit=9, error_json=ERROR),
        ["started", "pending"],
    ),
    "fail_queued": (
        "_FAIL_QUEUED",
        {},
        lambda _: lambda c: queue.fail_queued(c, VERSION, NOW + 1, ERROR, 9),
        ["pending", "failed"],
    ),
    "insert, failed at once": (
        "",
        {"status": Status.FAILED, "finished_at": NOW, "error": JsonText(ERROR)},
        lambda _: lambda _: None,
        ["failed"],
    ),
}


@pytest.mark.parametrize(("fields", "change", "expected"), [one[1:] for one in CHANGES.values()], ids=CHANGES.keys())
async def test_every_change_of_a_status_is_noted_in_its_transaction(
    db: Database, fields: dict[str, Any], change: Callable[[Prediction], Callable[[Connection], object]], expected: Any
) -> None:
    await add_worker(db)
    one = await add(db, **fields)
    heard: list[str] = []
    db.tell = heard.append

    await db.write(change(one))

    assert await noted(db, one) == expected
    assert heard == [HOOK.receiver] * (len(expected) - 1)


async def test_no_statement_that_changes_a_status_is_missing_above() -> None:
    changing: set[str] = set()
    for name, query in vars(queue).items():
        text = query.compiled(SQLITE)[0] if isinstance(query, Query) else ""
        if re.search(r"[ ,]status=", text.partition("UPDATE predictions SET")[2].partition("WHERE")[0]):
            changing.add(name)

    assert changing == {one[0] for one in CHANGES.values()} - {""}


@pytest.mark.parametrize("alone", [True, False])
async def test_what_was_noted_is_told_after_the_commit_however_it_was_written(db: Database, alone: bool) -> None:
    made = [await add(db, webhook) for webhook in (HOOK, OTHER, None, HOOK)]
    heard: list[str] = []
    db.tell = heard.append

    futures = [
        db.write_soon(lambda c, one=one: queue.end_queued(c, one.id, Status.CANCELLED, NOW + 1, None), alone=alone)
        for one in made
    ]
    for future in futures:
        await future

    assert set(heard) == {HOOK.receiver, OTHER.receiver}
    assert [await noted(db, one) for one in made] == [["pending", "cancelled"]] * 2 + [[], ["pending", "cancelled"]]


async def test_what_is_undone_is_not_noted(db: Database) -> None:
    one = await add(db)

    def fail(c: Connection) -> None:
        queue.end_queued(c, one.id, Status.CANCELLED, NOW, None)
        raise LookupError

    with pytest.raises(LookupError):
        await db.write(fail)

    assert await noted(db, one) == ["pending"]


async def test_given_back_before_it_was_started_is_no_change(db: Database) -> None:
    one = await add(db, worker_id=WORKER, attempt=1)
    await db.write(back(one, counted=False, limit=9))

    assert await noted(db, one) == ["pending"]


async def test_a_message_is_the_prediction_as_it_was_at_that_moment(db: Database) -> None:
    one = await add(db, worker_id=WORKER, attempt=1)
    await db.write(start(one))
    await db.write(lambda c: succeed(c, rows.new(id=one.id, attempt=1), output='"out"'))

    pending, started, ended = [
        await db.read(lambda c, number=number: deliveries.load(c, f"{one.id}.{number}")) for number in (1, 2, 3)
    ]

    assert pending is not None
    assert started is not None
    assert ended is not None
    assert pending.webhook == HOOK
    assert (pending.prediction.status, pending.prediction.output, pending.prediction.updated_at) == (
        Status.PENDING, None, NOW,
    )  # fmt: skip
    assert (started.prediction.status, started.prediction.setup_time, started.prediction.output) == (
        Status.STARTED, 7, None,
    )  # fmt: skip
    assert ended.prediction == await rows.read(db, one)
    assert ended.prediction.output == '"out"'


async def test_one_of_each_prediction_is_claimed_and_the_oldest_first(db: Database) -> None:
    two, one = await add(db), await add(db, updated_at=NOW - 1)
    await db.write(lambda c: queue.end_queued(c, one.id, Status.CANCELLED, NOW, None))

    assert [claimed.id for claimed in await claim(db)] == [f"{one.id}.1", f"{two.id}.1"]
    assert await claim(db) == []


async def test_the_next_one_is_claimed_when_the_one_before_it_is_delivered(db: Database) -> None:
    one = await add(db)
    await db.write(lambda c: queue.end_queued(c, one.id, Status.CANCELLED, NOW, None))
    (first,) = await claim(db)
    await record(db, first, State.DELIVERED, status=200)

    (second,) = await claim(db)

    assert second.id == f"{one.id}.2"
    assert await states(db, one) == ["delivered", "sending"]


async def test_only_what_is_for_the_receiver_and_due_is_claimed(db: Database) -> None:
    await add(db)
    other = await add(db, OTHER)

    assert await claim(db, NOW - 1) == []
    assert [one.id for one in await claim(db, webhook=OTHER)] == [f"{other.id}.1"]
    assert await db.read(lambda c: deliveries.receivers(c, NOW - 1)) == []
    assert sorted(await db.read(lambda c: deliveries.receivers(c, NOW + 60 * SECOND))) == [
        HOOK.receiver,
        OTHER.receiver,
    ]


async def test_no_more_than_asked_for_is_claimed(db: Database) -> None:
    for _ in range(5):
        await add(db)

    assert [len(await claim(db, limit=limit)) for limit in (2, 2, 2, 2)] == [2, 2, 1, 0]


async def test_what_failed_once_gives_way_to_what_is_newer(db: Database) -> None:
    one = await add(db)
    (first,) = await claim(db)
    await record(db, first, State.DUE, due_at=NOW + SECOND)
    assert await claim(db) == []
    await db.write(lambda c: queue.end_queued(c, one.id, Status.CANCELLED, NOW, None))

    (second,) = await claim(db)

    assert second.id == f"{one.id}.2"
    assert await states(db, one) == ["superseded", "sending"]


async def test_what_waited_for_over_a_second_unsent_gives_way_to_what_is_newer(db: Database) -> None:
    one = await add(db, worker_id=WORKER, attempt=1)
    await db.write(start(one))
    await db.write(lambda c: succeed(c, rows.new(id=one.id, attempt=1)))

    assert [claimed.id for claimed in await claim(db, LATER)] == [f"{one.id}.3"]
    assert await states(db, one) == ["superseded", "superseded", "sending"]


async def test_what_waited_for_less_goes_first(db: Database) -> None:
    one = await add(db)
    await db.write(lambda c: queue.end_queued(c, one.id, Status.CANCELLED, NOW, None))

    (first,) = await claim(db, NOW + SECOND)
    assert first.id == f"{one.id}.1"
    await record(db, first, State.DUE, due_at=LATER)
    assert [one.id for one in await claim(db, NOW + SECOND)] == [f"{one.id}.2"]


async def test_nothing_takes_the_place_of_the_last_state_however_long_it_waits(db: Database) -> None:
    one = await add(db, status=Status.FAILED, finished_at=NOW, error=JsonText(ERROR))
    for attempt in range(5):
        now = LATER + attempt * SECOND
        (claimed,) = await claim(db, now)
        await record(db, claimed, State.DUE, at=now, due_at=now)

    assert await states(db, one) == ["due"]


async def test_a_long_queue_of_what_gives_way_does_not_hide_what_is_to_be_sent(db: Database) -> None:
    made = [await add(db, worker_id=WORKER, attempt=1) for _ in range(300)]

    def end(c: Connection) -> None:
        for number, one in enumerate(made):
            queue.start(c, one.id, WORKER, 1, started_at=NOW + 1, setup_time=None)
            queue.hand_back(c, [(one.id, WORKER, 1)], NOW + 2, counted=False, limit=9, error_json=ERROR)
            queue.end_queued(c, one.id, Status.CANCELLED, NOW + 10 + number, None)

    await db.write(end)

    found: list[Claimed] = []
    more, rounds = True, 0
    while more:
        left = 4 - len(found)
        some, more = await db.write(
            lambda c, left=left: deliveries.claim(c, HOOK.receiver, LATER, until=LATER + SECOND, limit=left)
        )
        found += some
        rounds += 1
    assert [claimed.id for claimed in found] == [f"{one.id}.4" for one in made[:4]]
    assert rounds > 1, "one transaction that leaves out very many would hold up all other writes"


async def test_a_lease_keeps_others_away_until_it_is_over(db: Database) -> None:
    one = await add(db)
    (claimed,) = await claim(db)
    assert claimed == Claimed(f"{one.id}.1", 0, NOW + 30 * SECOND)

    assert await claim(db, claimed.lease - 1) == []
    (again,) = await claim(db, claimed.lease)

    assert (again.id, again.lease) == (claimed.id, claimed.lease + 30 * SECOND)
    await record(db, claimed, State.FAILED, status=410)
    assert await states(db, one) == ["sending"], "whose lease is over says nothing about the state"
    await record(db, again, State.DELIVERED, status=200)
    (delivery,) = await all_of(db, one)
    assert delivery.state is State.DELIVERED
    assert [(attempt.number, attempt.status_code) for attempt in delivery.tried] == [(1, 410), (2, 200)]


async def test_what_a_dead_sender_was_sending_is_due_at_once_after_recovery(db: Database) -> None:
    one = await add(db)
    (claimed,) = await claim(db)

    assert await db.write(lambda c: deliveries.recover(c, NOW + 1)) == 1

    assert [one.id for one in await claim(db, NOW + 1)] == [claimed.id]
    assert await states(db, one) == ["sending"]


async def test_what_is_given_back_is_due_and_counts_no_attempt(db: Database) -> None:
    one = await add(db)
    (claimed,) = await claim(db)
    await db.write(lambda c: deliveries.give_back(c, claimed, NOW))

    assert await states(db, one) == ["due"]
    assert [again.attempts for again in await claim(db)] == [0]


async def test_attempts_are_kept_with_what_was_answered(db: Database) -> None:
    one = await add(db)
    (claimed,) = await claim(db)
    failed = Attempt(1, NOW, 5, None, "no \0 answer \ud800", None)
    await db.write(lambda c: deliveries.record(c, Record(claimed, failed, State.DUE, NOW + 3)))
    (claimed,) = await claim(db, NOW + 3)
    answered = Attempt(2, NOW + 3, 7, 503, None, "h\0é")
    await db.write(lambda c: deliveries.record(c, Record(claimed, answered, State.FAILED, None)))

    (delivery,) = await all_of(db, one)

    assert (delivery.state, delivery.attempts, delivery.due_at, delivery.ended_at) == (State.FAILED, 2, None, NOW + 10)
    assert delivery.tried == [
        Attempt(1, NOW, 5, None, "no � answer �", None),
        Attempt(2, NOW + 3, 7, 503, None, "h�é"),
    ]


@pytest.mark.parametrize("state", [State.DELIVERED, State.FAILED])
async def test_a_redelivery_is_due_at_once_with_all_its_attempts_and_keeps_the_old_ones(
    db: Database, state: State
) -> None:
    one = await add(db)
    (claimed,) = await claim(db)
    await record(db, claimed, state)
    heard: list[str] = []
    db.tell = heard.append

    await db.write(lambda c: deliveries.redeliver(c, claimed.id, LATER))

    (again,) = await claim(db, LATER)
    assert (again.id, again.attempts, heard) == (claimed.id, 0, [HOOK.receiver])
    await record(db, again, State.DELIVERED, at=LATER, status=200)
    (delivery,) = await all_of(db, one)
    assert [attempt.number for attempt in delivery.tried] == [1, 2]


async def test_an_old_state_can_be_sent_again_although_newer_ones_were_delivered(db: Database) -> None:
    one = await add(db)
    await db.write(lambda c: queue.end_queued(c, one.id, Status.CANCELLED, NOW, None))
    for _ in range(2):
        (claimed,) = await claim(db)
        await record(db, claimed, State.DELIVERED, status=200)

    await db.write(lambda c: deliveries.redeliver(c, f"{one.id}.1", LATER))

    assert [claimed.id for claimed in await claim(db, LATER)] == [f"{one.id}.1"]


@pytest.mark.parametrize("became", [State.DELIVERED, State.FAILED, State.DUE])
async def test_what_is_asked_for_again_while_it_is_being_sent_is_sent_once_more_after_that(
    db: Database, became: State
) -> None:
    one = await add(db)
    (claimed,) = await claim(db)
    await db.write(lambda c: deliveries.redeliver(c, claimed.id, NOW))

    assert await claim(db) == []
    assert await states(db, one) == ["sending"]

    await record(db, claimed, became, due_at=NOW + 3600 * SECOND if became is State.DUE else None)
    (again,) = await claim(db, now=NOW + SECOND)
    assert (again.id, again.attempts) == (claimed.id, 0)

    await record(db, again, State.DELIVERED)
    assert await claim(db, now=NOW + 2 * SECOND) == []
    assert await states(db, one) == ["delivered"]


async def test_what_is_given_back_after_it_was_asked_for_again_is_sent_only_once(db: Database) -> None:
    one = await add(db)
    (claimed,) = await claim(db)
    await db.write(lambda c: deliveries.redeliver(c, claimed.id, NOW))
    await db.write(lambda c: deliveries.give_back(c, claimed, NOW))

    (again,) = await claim(db)
    await record(db, again, State.DELIVERED)

    assert await claim(db, now=NOW + SECOND) == []
    assert await states(db, one) == ["delivered"]


async def test_an_attempt_of_a_delivery_that_was_removed_is_forgotten(db: Database) -> None:
    one = await add(db)
    (claimed,) = await claim(db)
    await db.write(lambda c: c.execute(table.delete().where(table.c.prediction_id == one.id)))

    await record(db, claimed, State.DELIVERED)

    assert await db.read(lambda c: deliveries.load(c, claimed.id)) is None


async def test_when_something_is_due_next_is_known(db: Database) -> None:
    assert await db.read(lambda c: deliveries.next_due(c, HOOK.receiver, NOW)) is None
    await add(db)
    (claimed,) = await claim(db)
    await record(db, claimed, State.DUE, due_at=NOW + 3 * SECOND)

    assert await db.read(lambda c: deliveries.next_due(c, HOOK.receiver, NOW)) == NOW + 3 * SECOND


async def test_deliveries_are_listed_on_both_sides_of_a_place(db: Database) -> None:
    one = await add(db, worker_id=WORKER, attempt=1)
    await db.write(start(one))
    await db.write(lambda c: succeed(c, rows.new(id=one.id, attempt=1)))

    async def numbers(**place: int | None) -> list[int]:
        places = {"after": None, "before": None, **place}
        found = await db.read(lambda c: deliveries.page(c, one.id, limit=2, **places))
        return [delivery.number for delivery in found]

    assert await numbers() == [1, 2]
    assert await numbers(after=2) == [3]
    assert await numbers(before=3) == [1, 2]
    assert await numbers(before=4) == [2, 3]


async def test_senders_in_parallel_send_one_of_a_prediction_at_a_time_and_in_order(db: Database) -> None:
    made = [await add(db, worker_id=WORKER, attempt=1) for _ in range(20)]

    def end(c: Connection) -> None:
        for one in made:
            queue.start(c, one.id, WORKER, 1, started_at=NOW, setup_time=None)
            succeed(c, rows.new(id=one.id, attempt=1))

    await db.write(end)
    sending: set[PredictionId] = set()
    order: dict[str, list[int]] = {one.id: [] for one in made}

    async def send() -> None:
        # What was finished at NOW + 9 is due from then on.
        while batch := await claim(db, NOW + 9, limit=3):
            for claimed in batch:
                prediction_id = PredictionId(claimed.id.partition(".")[0])
                assert prediction_id not in sending
                sending.add(prediction_id)
                order[prediction_id].append(int(claimed.id.partition(".")[2]))
                await anyio.lowlevel.checkpoint()
            for claimed in batch:
                sending.discard(PredictionId(claimed.id.partition(".")[0]))
                await record(db, claimed, State.DELIVERED, status=200)

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            for _ in range(6):
                tasks.start_soon(send)
    await send()

    assert set(map(tuple, order.values())) == {(1, 2, 3)}
