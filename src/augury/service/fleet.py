"""Which nodes and workers there are: registered, kept alive by a lease, and shown to operators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from augury.domain import jsontext
from augury.domain.account import Caller
from augury.domain.hardware import Machine
from augury.domain.ids import NodeId, WorkerId
from augury.store import workers as rows
from augury.store.connection import Connection
from augury.store.database import Database
from augury.store.workers import NodeRow, WorkerRow

__all__ = ["Fleet", "NodeRow", "WorkerRow"]


@dataclass(frozen=True)
class Fleet:
    """The use cases of nodes and of operators who look at them. A lease is in seconds."""

    db: Database
    now: Callable[[], int]
    lease: float

    async def join(self, node_id: NodeId, hostname: str, pid: int, machine: Machine | None = None) -> None:
        """A node begins to take work, and says what it has."""
        now = self.now()
        has = None if machine is None else jsontext.dumps(machine.to_json())
        await self.db.write(
            lambda c: rows.register_node(
                c,
                node_id,
                hostname=hostname,
                pid=pid,
                started_at=now,
                lease_until=self._until(now),
                machine=has,
            )
        )

    async def beat(self, node_id: NodeId) -> bool:
        """Prolong a node's lease; False when it was already given up by the others."""
        until = self._until(self.now())
        return await self.db.write(lambda c: rows.heartbeat(c, node_id, until))

    async def leave(self, node_id: NodeId) -> None:
        """A node has stopped, with nothing assigned to it any more."""
        await self.db.write(lambda c: rows.remove_node(c, node_id))

    async def nodes(self) -> list[NodeId]:
        """Every node that the store knows, alive or not."""
        return await self.db.read(rows.node_ids)

    async def worker_starts(
        self, worker_id: WorkerId, node_id: NodeId, version_id: int, revision: int, slots: int
    ) -> None:
        """A worker's process is being started."""
        now = self.now()
        await self.db.write(
            lambda c: rows.insert_worker(
                c,
                worker_id,
                node_id=node_id,
                version_id=version_id,
                revision=revision,
                slots=slots,
                created_at=now,
            )
        )

    async def worker_ready(self, worker_id: WorkerId, pid: int, slots: int) -> bool:
        """A worker's setup is done; False where it was written off meanwhile, with its node."""
        now = self.now()
        return await self.db.write(lambda c: rows.set_ready(c, worker_id, pid=pid, slots=slots, ready_at=now))

    async def worker_drains(self, worker_id: WorkerId) -> None:
        """A worker takes nothing more, and finishes what it has."""
        await self.db.write(lambda c: rows.set_draining(c, worker_id))

    async def worker_ended(self, worker_id: WorkerId, reason: str) -> None:
        """A worker's process is gone."""
        now = self.now()
        await self.db.write(lambda c: rows.end_worker(c, worker_id, reason=reason, ended_at=now))

    async def workers(self) -> list[rows.WorkerRow]:
        """What runs where, since when."""
        return await self.db.read(rows.live_workers)

    async def overview(self, caller: Caller) -> tuple[list[NodeRow], list[WorkerRow]]:
        """Every node and every worker, with what it runs; raises Forbidden `admins_only`."""
        caller.demand_admin("see what runs where")

        def both(c: Connection) -> tuple[list[NodeRow], list[WorkerRow]]:
            return rows.list_nodes(c), rows.live_workers(c)

        return await self.db.read(both)

    def _until(self, now: int) -> int:
        return now + int(self.lease * 1_000_000)
