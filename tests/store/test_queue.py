"""The queue: every move of a prediction, and every one that must not happen."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import anyio
import pytest

from augury.domain.ids import NodeId, PredictionId, WorkerId
from augury.domain.prediction import Prediction, Status
from augury.store import browsing, predictions, queue, removal, workers
from augury.store.connection import ConstraintViolated
from augury.store.database import Database
from tests.store import rows
from tests.store.rows import ERROR, NODE, NOW, VERSION, WORKER, add, add_worker, claim_one, read, succeed

pytestmark = pytest.mark.anyio

TERMINAL: dict[Status, dict[str, Any]] = {
    Status.SUCCEEDED: {"output": "1"},
    Status.FAILED: {"error": ERROR},
    Status.CANCELLED: {},
    Status.ABANDONED: {"error": ERROR},
}


async def test_a_stored_prediction_is_read_as_it_was_written(db: Database) -> None:
    one = await add(db, stream=True, start_deadline=NOW + 1, deadline=NOW + 2, worker_id=WORKER, attempt=1)

    assert await read(db, one) == one


async def test_a_prediction_that_is_not_there_is_none(db: Database) -> None:
    assert await db.read(lambda c: predictions.get(c, PredictionId("nothing"))) is None


async def test_eight_claimers_in_parallel_claim_each_of_a_thousand_once_and_in_order(db: Database) -> None:
    made = [rows.new() for _ in range(1000)]
    await db.write(lambda c: [predictions.insert(c, one) for one in made])
    claimed: dict[str, list[Prediction]] = {f"worker-{number}": [] for number in range(8)}

    async def claim_all(name: str) -> None:
        while batch := await db.write(lambda c: queue.claim(c, VERSION, WorkerId(name), 7, NOW)):
            claimed[name] += batch

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            for name in claimed:
                tasks.start_soon(claim_all, name)

    assert sorted(one.id for batch in claimed.values() for one in batch) == [one.id for one in made]
    for name, batch in claimed.items():
        assert all(earlier.id < later.id for earlier, later in pairwise(batch))
        assert {(one.worker_id, one.attempt) for one in batch} <= {(name, 1)}


async def test_a_claim_takes_the_oldest_of_its_version_only_and_leaves_the_status(db: Database) -> None:
    first, second = await add(db), await add(db)
    await add(db, version_id=rows.OTHER_VERSION)
    await db.write(lambda c: queue.mark_starting(c, VERSION, 1, NOW))

    claimed = await db.write(lambda c: queue.claim(c, VERSION, WORKER, 5, NOW + 1))

    assert [one.id for one in claimed] == [first.id, second.id]
    assert [one.status for one in claimed] == [Status.STARTING, Status.PENDING]
    assert [await read(db, one) for one in claimed] == claimed


async def test_what_is_past_a_deadline_is_not_claimed(db: Database) -> None:
    await add(db, start_deadline=NOW)
    await add(db, deadline=NOW)
    late = await add(db, start_deadline=NOW + 1, deadline=NOW + 1)

    assert (await claim_one(db)).id == late.id


async def test_a_run_is_started_and_finished_by_the_worker_that_holds_it(db: Database) -> None:
    await add(db)
    one = await claim_one(db)

    assert await db.write(lambda c: queue.start(c, one.id, WORKER, 1, started_at=NOW + 5, setup_time=3))
    started = await read(db, one)
    assert (started.status, started.started_at, started.setup_time) == (Status.STARTED, NOW + 5, 3)
    assert await db.write(lambda c: succeed(c, one, output='{"b":2}'))
    ended = await read(db, one)
    assert (ended.status, ended.output, ended.finished_at, ended.updated_at) == (
        Status.SUCCEEDED,
        '{"b":2}',
        NOW + 9,
        NOW + 9,
    )


@pytest.mark.parametrize(("worker_id", "attempt"), [("worker-2", 1), ("worker-1", 2), ("worker-1", 0)])
async def test_a_late_result_of_another_worker_or_attempt_changes_nothing(
    db: Database, worker_id: str, attempt: int
) -> None:
    await add(db)
    one = await claim_one(db)
    stranger = rows.new(id=one.id, attempt=attempt)

    assert not await db.write(lambda c: succeed(c, stranger, WorkerId(worker_id)))
    assert not await db.write(
        lambda c: queue.start(c, one.id, WorkerId(worker_id), attempt, started_at=NOW, setup_time=None)
    )
    assert await read(db, one) == one


@pytest.mark.parametrize("status", TERMINAL)
async def test_what_has_ended_never_changes_again(db: Database, status: Status) -> None:
    one = await add(db, status=status, worker_id=WORKER, attempt=1, finished_at=NOW, **TERMINAL[status])

    assert not await db.write(lambda c: succeed(c, one))
    assert not await db.write(lambda c: queue.start(c, one.id, WORKER, 1, started_at=NOW, setup_time=None))
    assert await db.write(lambda c: queue.end_queued(c, one.id, Status.CANCELLED, NOW, None)) is None
    assert not await db.write(lambda c: queue.request_cancel(c, one.id, NOW))
    assert not (await _hand_back(db, one)).returned
    assert await db.write(lambda c: queue.fail_queued(c, VERSION, NOW, ERROR, 9)) == []
    assert await db.write(lambda c: queue.claim(c, VERSION, WORKER, 9, NOW)) == []
    assert await db.write(lambda c: queue.mark_starting(c, VERSION, 9, NOW)) == []
    assert await read(db, one) == one


async def test_only_what_was_not_begun_can_be_ended_at_once(db: Database) -> None:
    await add(db)
    waiting = await add(db)
    begun = await claim_one(db)
    await db.write(lambda c: queue.start(c, begun.id, WORKER, 1, started_at=NOW, setup_time=None))

    ended = await db.write(lambda c: queue.end_queued(c, waiting.id, Status.ABANDONED, NOW + 1, ERROR))

    assert ended == await read(db, waiting)
    assert ended is not None
    assert (ended.status, ended.error, ended.finished_at) == (Status.ABANDONED, ERROR, NOW + 1)
    assert await db.write(lambda c: queue.end_queued(c, begun.id, Status.CANCELLED, NOW, None)) is None


async def test_a_prediction_cancelled_in_the_workers_socket_is_not_finished_by_it(db: Database) -> None:
    await add(db)
    one = await claim_one(db)

    assert await db.write(lambda c: queue.end_queued(c, one.id, Status.CANCELLED, NOW, None))
    assert not await db.write(lambda c: succeed(c, one))


async def test_a_cancel_request_is_recorded_once_and_found_by_its_node(db: Database) -> None:
    await add_worker(db)
    await add(db)
    one = await claim_one(db)

    assert await db.write(lambda c: queue.request_cancel(c, one.id, NOW))
    assert not await db.write(lambda c: queue.request_cancel(c, one.id, NOW + 1))
    assert await db.read(lambda c: queue.cancel_requests(c, NODE)) == [one.id]
    assert await db.read(lambda c: queue.cancel_requests(c, NodeId("another"))) == []
    assert [found.id for found in await db.read(lambda c: queue.assigned(c, NODE))] == [one.id]


async def test_what_is_handed_back_is_as_if_never_claimed_but_for_the_counts(db: Database) -> None:
    await add(db)
    one = await claim_one(db)
    await db.write(lambda c: queue.start(c, one.id, WORKER, 1, started_at=NOW, setup_time=2))

    assert (await _hand_back(db, one)).returned == [one.id]
    again = await read(db, one)
    assert (again.status, again.worker_id, again.started_at, again.setup_time) == (Status.PENDING, None, None, None)
    assert (again.attempt, again.given_back) == (1, 1)
    assert not await db.write(lambda c: succeed(c, one)), "the first attempt is over"
    assert (await claim_one(db)).attempt == 2


async def test_a_recalled_prediction_is_not_counted(db: Database) -> None:
    one = await add(db)
    for _ in range(5):
        one = await claim_one(db)
        assert (await _hand_back(db, one, counted=False)).returned == [one.id]

    assert (await read(db, one)).given_back == 0


async def test_one_that_was_given_back_too_often_is_abandoned(db: Database) -> None:
    await add(db)
    for _ in range(2):
        await _hand_back(db, await claim_one(db))
    one = await claim_one(db)

    result = await _hand_back(db, one)

    assert (result.returned, result.abandoned) == ([], [one.id])
    ended = await read(db, one)
    assert (ended.status, ended.error, ended.given_back) == (Status.ABANDONED, ERROR, 2)
    assert not (await _hand_back(db, one)).abandoned, "only once"


@pytest.mark.parametrize("counted", [True, False])
async def test_one_that_was_to_be_cancelled_is_not_run_again(db: Database, counted: bool) -> None:
    await add(db)
    one = await claim_one(db)
    await db.write(lambda c: queue.request_cancel(c, one.id, NOW))

    result = await _hand_back(db, one, counted=counted)

    assert result.cancelled == [one.id]
    assert result.ended == (one.id,)
    ended = await read(db, one)
    assert (ended.status, ended.error, ended.finished_at) == (Status.CANCELLED, None, NOW)


async def test_a_lost_nodes_predictions_are_rescued_and_a_living_ones_are_not(db: Database) -> None:
    living, unknown = WorkerId("worker-2"), WorkerId("worker-3")
    await _node(db, NODE, lease_until=NOW)
    await _node(db, NodeId("node-2"), lease_until=NOW + 100)
    await add_worker(db)
    await add_worker(db, living, NodeId("node-2"))
    for _ in range(4):
        await add(db)
    lost, kept, orphan = await claim_one(db), await claim_one(db, living), await claim_one(db, unknown)

    result = await db.write(lambda c: queue.rescue(c, NOW + 1, nodes=[], limit=2, error_json=ERROR))

    assert result.returned == [lost.id, orphan.id]
    assert [(one.id, one.hostname, one.pid) for one in result.workers] == [(WORKER, "host", 4711)]
    assert result.versions == [VERSION]
    assert await read(db, kept) == kept
    assert not await db.write(lambda c: workers.heartbeat(c, NODE, NOW + 500)), "it learns that it was given up"
    again = await db.write(lambda c: queue.rescue(c, NOW + 1, nodes=[], limit=2, error_json=ERROR))
    assert (again.returned, again.workers) == ([], [])


async def test_a_named_node_is_rescued_although_its_lease_is_good(db: Database) -> None:
    await _node(db, NODE, lease_until=NOW + 1000)
    await add_worker(db)
    await add(db)
    one = await claim_one(db)

    result = await db.write(lambda c: queue.rescue(c, NOW, nodes=[NODE], limit=0, error_json=ERROR))

    assert result.abandoned == [one.id]
    assert await db.read(workers.node_ids) == []
    assert await db.read(workers.live_workers) == []


async def test_two_that_rescue_at_once_hand_back_each_prediction_once(db: Database) -> None:
    await _node(db, NODE, lease_until=NOW)
    await add_worker(db)
    for _ in range(50):
        await add(db)
    await db.write(lambda c: queue.claim(c, VERSION, WORKER, 50, NOW))
    results: list[queue.Rescue] = []

    async def rescue() -> None:
        results.append(await db.write(lambda c: queue.rescue(c, NOW + 1, nodes=[NODE], limit=2, error_json=ERROR)))

    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(rescue)

    returned = [one for result in results for one in result.returned]
    assert len(returned) == len(set(returned)) == 50
    assert sum(len(result.workers) for result in results) == 1


async def test_only_the_unassigned_of_a_broken_version_fail(db: Database) -> None:
    held, queued = await add(db), [await add(db) for _ in range(3)]
    assert (await claim_one(db)).id == held.id
    other = await add(db, version_id=rows.OTHER_VERSION)

    first = await db.write(lambda c: queue.fail_queued(c, VERSION, NOW, ERROR, 2))
    rest = await db.write(lambda c: queue.fail_queued(c, VERSION, NOW, ERROR, 2))

    assert (first, rest) == ([one.id for one in queued[:2]], [queued[2].id])
    assert (await read(db, queued[0])).status is Status.FAILED
    assert (await read(db, held)).status is Status.PENDING
    assert await db.read(queue.demand) == [(rows.OTHER_VERSION, 1)]
    assert (await read(db, other)).status is Status.PENDING


async def test_starting_is_marked_for_the_oldest_pending_only(db: Database) -> None:
    made = [await add(db) for _ in range(3)]

    assert await db.write(lambda c: queue.mark_starting(c, VERSION, 2, NOW)) == [one.id for one in made[:2]]
    assert await db.write(lambda c: queue.mark_starting(c, VERSION, 2, NOW)) == []
    assert await db.write(lambda c: queue.mark_starting(c, VERSION, 3, NOW)) == [made[2].id]
    assert (await read(db, made[0])).status is Status.STARTING


async def test_deadlines_are_due_when_they_are_reached_and_not_before(db: Database) -> None:
    running = await add(db, status=Status.STARTED, started_at=NOW, worker_id=WORKER, attempt=1, deadline=NOW + 10)
    waiting = await add(db, start_deadline=NOW + 20)
    both = await add(db, start_deadline=NOW + 20, deadline=NOW + 20)
    await add(db)
    await add(
        db, status=Status.STARTED, started_at=NOW, worker_id=WORKER, attempt=1, start_deadline=NOW + 1
    )  # It was begun in time.

    assert await db.read(queue.next_due) == NOW + 10
    assert await db.read(lambda c: queue.due(c, NOW + 9, 10)) == []
    due = await db.read(lambda c: queue.due(c, NOW + 20, 10))
    assert {one.id for one in due[:2]} == {waiting.id, both.id}
    assert [one.id for one in due[2:]] == [running.id]


async def test_without_deadlines_nothing_is_due(db: Database) -> None:
    await add(db)

    assert await db.read(queue.next_due) is None


async def test_a_list_is_newest_first_in_both_directions_and_by_status(db: Database) -> None:
    made = [await add(db) for _ in range(5)]
    await db.write(lambda c: queue.end_queued(c, made[2].id, Status.CANCELLED, NOW, None))
    ids = [one.id for one in made]

    assert await _page(db, limit=2) == [ids[4], ids[3]]
    assert await _page(db, before=ids[3], limit=2) == [ids[2], ids[1]]
    assert await _page(db, after=ids[0], limit=2) == [ids[2], ids[1]]
    assert await _page(db, statuses=[Status.CANCELLED]) == [ids[2]]
    assert await _page(db, statuses=[Status.PENDING, Status.STARTED], before=ids[4]) == [ids[3], ids[1], ids[0]]
    assert await _page(db, statuses=[]) == []


async def test_removed_contents_are_gone_and_the_rest_stays(db: Database) -> None:
    await add(db, stream=True)
    one = await claim_one(db)
    assert not await db.write(lambda c: removal.remove(c, one.id, NOW)), "it has not ended"
    await db.write(lambda c: succeed(c, one))

    assert await db.write(lambda c: removal.remove(c, one.id, NOW))
    assert not await db.write(lambda c: removal.remove(c, one.id, NOW))
    left = await read(db, one)
    assert (left.status, left.input, left.output, left.stream) == (Status.SUCCEEDED, None, None, False)


async def test_the_same_id_cannot_be_stored_twice(db: Database) -> None:
    one = await add(db)

    with pytest.raises(ConstraintViolated):
        await db.write(lambda c: predictions.insert(c, one))


async def _hand_back(db: Database, one: Prediction, *, counted: bool = True) -> queue.HandBack:
    held = [(one.id, one.worker_id or WORKER, one.attempt)]
    return await db.write(lambda c: queue.hand_back(c, held, NOW, counted=counted, limit=2, error_json=ERROR))


async def _node(db: Database, node_id: NodeId, lease_until: int) -> None:
    await db.write(
        lambda c: workers.register_node(c, node_id, hostname="host", pid=1, started_at=NOW, lease_until=lease_until)
    )


async def _page(db: Database, **options: Any) -> list[PredictionId]:
    wanted: dict[str, Any] = {"statuses": None, "before": None, "after": None, "limit": 10} | options
    return [one.id for one in await db.read(lambda c: browsing.page(c, rows.ACCOUNT, **wanted))]
