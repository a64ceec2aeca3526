"""Nodes keep their lease, and workers go one way through their states."""

from __future__ import annotations

import pytest

from augury.domain.ids import NodeId, WorkerId
from augury.store import workers
from augury.store.database import Database
from tests.store.rows import NODE, NOW, REF, VERSION, WORKER, add, add_worker, claim_one

pytestmark = pytest.mark.anyio


async def test_a_node_prolongs_its_lease_until_it_is_removed(db: Database) -> None:
    await db.write(
        lambda c: workers.register_node(c, NODE, hostname="host", pid=12, started_at=NOW, lease_until=NOW + 10)
    )

    assert await db.read(workers.node_ids) == [NODE]
    assert await db.write(lambda c: workers.heartbeat(c, NODE, NOW + 20))
    assert await db.write(lambda c: workers.remove_node(c, NODE))
    assert not await db.write(lambda c: workers.heartbeat(c, NODE, NOW + 30))
    assert not await db.write(lambda c: workers.remove_node(c, NODE))


async def test_a_live_worker_is_shown_with_what_it_runs(db: Database) -> None:
    await db.write(
        lambda c: workers.register_node(c, NODE, hostname="host", pid=12, started_at=NOW, lease_until=NOW + 10)
    )
    await add_worker(db)
    for _ in range(3):
        await add(db)
    await claim_one(db)
    await claim_one(db)

    (starting,) = await db.read(workers.live_workers)
    assert await db.write(lambda c: workers.set_ready(c, WORKER, pid=99, slots=4, ready_at=NOW + 1))
    (ready,) = await db.read(workers.live_workers)

    assert (starting.state, starting.pid, starting.ready_at) == ("starting", 4711, None)
    assert (ready.state, ready.pid, ready.slots, ready.ready_at) == ("ready", 99, 4, NOW + 1)
    assert (ready.hostname, ready.model, ready.version_id, ready.running) == ("host", REF, VERSION, 2)


async def test_an_ended_worker_stays_ended(db: Database) -> None:
    await add_worker(db)
    assert not await db.write(lambda c: workers.set_draining(c, WORKER)), "it may yet be told that it is ready"
    assert await db.write(lambda c: workers.set_ready(c, WORKER, pid=1, slots=1, ready_at=NOW))
    assert await db.write(lambda c: workers.set_draining(c, WORKER))
    assert [one.state for one in await db.read(workers.live_workers)] == ["draining"]
    assert not await db.write(lambda c: workers.set_ready(c, WORKER, pid=1, slots=1, ready_at=NOW))

    assert await db.write(lambda c: workers.end_worker(c, WORKER, reason="crashed", ended_at=NOW))
    assert not await db.write(lambda c: workers.end_worker(c, WORKER, reason="again", ended_at=NOW))
    assert not await db.write(lambda c: workers.set_draining(c, WORKER))
    assert await db.read(workers.live_workers) == []


async def test_an_ended_worker_is_forgotten_once_it_holds_nothing(db: Database) -> None:
    holding, idle, young = WorkerId("holding"), WorkerId("idle"), WorkerId("young")
    for worker_id, ended_at in ((holding, NOW), (idle, NOW), (young, NOW + 5)):
        await add_worker(db, worker_id, NodeId("node-2"))
        await db.write(lambda c, w=worker_id, t=ended_at: workers.end_worker(c, w, reason="idle", ended_at=t))
    await add(db)
    await claim_one(db, holding)

    assert await db.write(lambda c: workers.forget_ended(c, NOW + 1)) == 1
    assert await db.write(lambda c: workers.forget_ended(c, NOW + 9)) == 1
