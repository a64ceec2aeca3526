"""Nodes and workers as rows, and what is rescued when they are lost.

A node is one engine process, alive as long as it prolongs its lease; a worker is one model process on a node. Knows
nothing about processes: a pid and a mark are only written down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Text, and_, bindparam, delete, func, insert, select, update

from augury.domain.ids import NodeId, PredictionId, WorkerId
from augury.domain.jsontext import JsonText
from augury.domain.prediction import ModelRef
from augury.store.connection import Connection, Query
from augury.store.tables import accounts, models, nodes, predictions, versions, workers


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """A worker that has not ended, with what it runs. Times are microseconds since the epoch."""

    id: WorkerId
    node_id: NodeId
    hostname: str | None
    """None where its node is not known any more."""
    version_id: int
    model: ModelRef
    revision: int
    state: str
    pid: int | None
    process_mark: str | None
    slots: int
    created_at: int
    ready_at: int | None
    running: int
    """How many predictions are assigned to it."""
    predictions: tuple[PredictionId, ...] = ()
    """Those predictions, oldest first."""


@dataclass(frozen=True, slots=True)
class NodeRow:
    """An engine's process, as it registered itself. Times are microseconds since the epoch."""

    id: NodeId
    hostname: str
    pid: int
    started_at: int
    lease_until: int
    machine: JsonText | None = None
    """What it has for workers."""


@dataclass(frozen=True, slots=True)
class DeadWorker:
    """A worker whose node was lost: enough to find what is left of its process."""

    id: WorkerId
    node_id: NodeId
    version_id: int
    pid: int | None
    process_mark: str | None
    hostname: str | None


def register_node(
    c: Connection,
    node_id: NodeId,
    *,
    hostname: str,
    pid: int,
    started_at: int,
    lease_until: int,
    machine: JsonText | None = None,
) -> None:
    """A node begins to take work."""
    c.change(
        _REGISTER,
        id=node_id,
        hostname=hostname,
        pid=pid,
        started_at=started_at,
        lease_until=lease_until,
        machine=machine,
    )


def heartbeat(c: Connection, node_id: NodeId, lease_until: int) -> bool:
    """Prolong a node's lease. False: the node was given up, and what it had was handed back."""
    return c.change(_HEARTBEAT, wanted=node_id, lease_until=lease_until) == 1


def remove_node(c: Connection, node_id: NodeId) -> bool:
    """Forget a node; whether it was known."""
    return c.change(_REMOVE, wanted=node_id) == 1


def node_ids(c: Connection) -> list[NodeId]:
    """Every known node, alive or not."""
    return [row[0] for row in c.run(_NODE_IDS)]


def list_nodes(c: Connection) -> list[NodeRow]:
    """Every known node, oldest first."""
    return [NodeRow(*row) for row in c.run(_NODES)]


def insert_worker(
    c: Connection,
    worker_id: WorkerId,
    *,
    node_id: NodeId,
    version_id: int,
    revision: int,
    slots: int,
    created_at: int,
    pid: int | None = None,
    process_mark: str | None = None,
) -> None:
    """A worker's process is being started."""
    c.change(
        _INSERT,
        id=worker_id,
        node_id=node_id,
        version_id=version_id,
        revision=revision,
        slots=slots,
        created_at=created_at,
        pid=pid,
        process_mark=process_mark,
    )


def set_ready(
    c: Connection, worker_id: WorkerId, *, pid: int, slots: int, ready_at: int, process_mark: str | None = None
) -> bool:
    """A starting worker can take predictions; whether it was a starting one."""
    changed = c.change(_SET_READY, wanted=worker_id, pid=pid, slots=slots, ready_at=ready_at, process_mark=process_mark)
    return changed == 1


def set_draining(c: Connection, worker_id: WorkerId) -> bool:
    """A worker takes nothing more; whether it was a ready one."""
    return c.change(_SET_DRAINING, wanted=worker_id) == 1


def end_worker(c: Connection, worker_id: WorkerId, *, reason: str, ended_at: int) -> bool:
    """A worker's process is gone; whether that was news."""
    return c.change(_END, wanted=worker_id, reason=reason, ended_at=ended_at) == 1


def live_workers(c: Connection) -> list[WorkerRow]:
    """Every worker that has not ended, oldest first."""
    has: dict[str, list[PredictionId]] = {}
    for worker_id, prediction_id in c.run(_ASSIGNED):
        has.setdefault(worker_id, []).append(prediction_id)
    return [
        WorkerRow(id_, node, host, version, ModelRef(owner, name, number), *rest, predictions=tuple(has.get(id_, ())))
        for id_, node, host, version, owner, name, number, *rest in c.run(_LIVE)
    ]


def forget_ended(c: Connection, before: int) -> int:
    """Remove workers that ended before a time and hold nothing; how many they were."""
    return c.change(_FORGET_ENDED, before=before)


def take_dead(c: Connection, now: int, lost: Sequence[NodeId], reason: str) -> list[DeadWorker]:
    """Delete the named nodes and those whose lease is over, and end the workers of every node that is not known.

    Deleting comes first: a node that prolongs its lease later finds that it was given up.
    """
    hosts: dict[str, str] = dict(c.run(_TAKE_EXPIRED, now=now))
    for node_id in sorted(lost):
        hosts.update(c.run(_TAKE_NODE, wanted=node_id))
    dead = [
        DeadWorker(id_, node, version, pid, mark, hosts.get(node))
        for id_, node, version, pid, mark in c.run(_END_ORPHANS, now=now, reason=reason)
    ]
    return sorted(dead, key=lambda one: one.id)


_REGISTER = Query(
    insert(nodes).values(
        {name: bindparam(name) for name in ("id", "hostname", "pid", "started_at", "lease_until", "machine")}
    )
)
_HEARTBEAT = Query(update(nodes).where(nodes.c.id == bindparam("wanted")).values(lease_until=bindparam("lease_until")))
_REMOVE = Query(delete(nodes).where(nodes.c.id == bindparam("wanted")))
_NODE_IDS = Query(select(nodes.c.id).order_by(nodes.c.id))
_NODES = Query(
    select(
        nodes.c.id, nodes.c.hostname, nodes.c.pid, nodes.c.started_at, nodes.c.lease_until, nodes.c.machine
    ).order_by(nodes.c.id)
)
_ASSIGNED = Query(
    select(predictions.c.worker_id, predictions.c.id)
    .where(predictions.c.worker_id.is_not(None), predictions.c.finished_at.is_(None))
    .order_by(predictions.c.id)
)
_INSERT = Query(
    insert(workers).values(
        state="starting",
        **{
            name: bindparam(name)
            for name in ("id", "node_id", "version_id", "revision", "slots", "created_at", "pid", "process_mark")
        },
    )
)
_SET_READY = Query(
    update(workers)
    .where(workers.c.id == bindparam("wanted"), workers.c.state == "starting")
    .values(
        state="ready",
        pid=bindparam("pid"),
        slots=bindparam("slots"),
        ready_at=bindparam("ready_at"),
        process_mark=func.coalesce(bindparam("process_mark", type_=Text), workers.c.process_mark),
    )
)
_SET_DRAINING = Query(
    update(workers).where(workers.c.id == bindparam("wanted"), workers.c.state == "ready").values(state="draining")
)
_END = Query(
    update(workers)
    .where(workers.c.id == bindparam("wanted"), workers.c.state != "ended")
    .values(state="ended", exit_reason=bindparam("reason"), ended_at=bindparam("ended_at"))
)
_ACTIVE_OF_WORKER = and_(predictions.c.worker_id == workers.c.id, predictions.c.finished_at.is_(None))
_RUNNING = select(func.count()).select_from(predictions).where(_ACTIVE_OF_WORKER).correlate(workers).scalar_subquery()
_LIVE = Query(
    select(
        workers.c.id,
        workers.c.node_id,
        nodes.c.hostname,
        workers.c.version_id,
        accounts.c.name,
        models.c.name,
        versions.c.number,
        workers.c.revision,
        workers.c.state,
        workers.c.pid,
        workers.c.process_mark,
        workers.c.slots,
        workers.c.created_at,
        workers.c.ready_at,
        _RUNNING,
    )
    .join_from(workers, nodes, nodes.c.id == workers.c.node_id, isouter=True)
    .join(versions, versions.c.id == workers.c.version_id)
    .join(models, models.c.id == versions.c.model_id)
    .join(accounts, accounts.c.id == models.c.account_id)
    .where(workers.c.state != "ended")
    .order_by(workers.c.created_at, workers.c.id)
)
_FORGET_ENDED = Query(
    delete(workers).where(
        workers.c.ended_at < bindparam("before"),
        ~select(predictions.c.id).where(_ACTIVE_OF_WORKER).correlate(workers).exists(),
    )
)
_TAKE_EXPIRED = Query(
    delete(nodes).where(nodes.c.lease_until < bindparam("now")).returning(nodes.c.id, nodes.c.hostname)
)
_TAKE_NODE = Query(delete(nodes).where(nodes.c.id == bindparam("wanted")).returning(nodes.c.id, nodes.c.hostname))
_END_ORPHANS = Query(
    update(workers)
    .where(
        workers.c.state != "ended",
        ~select(nodes.c.id).where(nodes.c.id == workers.c.node_id).correlate(workers).exists(),
    )
    .values(state="ended", exit_reason=bindparam("reason"), ended_at=bindparam("now"))
    .returning(workers.c.id, workers.c.node_id, workers.c.version_id, workers.c.pid, workers.c.process_mark)
)
