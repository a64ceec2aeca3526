"""Predictions go through random lives on the real store, and a small model says what must come of each step.

Each step is one use case of the engine or of a caller; after it the stored row is what the model says: status, worker,
attempt and give-backs. What is late or lost changes nothing, and what has ended never changes again.
"""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio.to_thread
import pytest

from augury.domain.ids import NodeId, PredictionId, WorkerId
from augury.domain.jsontext import JsonText
from augury.domain.prediction import TERMINAL, Assignment, Outcome, Prediction, Status, external
from augury.service.execution import Execution
from augury.service.fleet import Fleet
from augury.service.hints import Hints
from augury.service.settled import Settled
from augury.store import migrate, queue
from augury.store import predictions as prediction_rows
from augury.store.database import Database, open_database
from augury.store.notifier import Notifier
from tests.service.house import Clock
from tests.store import rows

pytestmark = pytest.mark.anyio

LIMIT = 2
LEASE = 10.0
STEPS = 150


@dataclass
class Known:
    """What the model knows of one prediction."""

    status: Status = Status.PENDING
    worker: WorkerId | None = None
    attempt: int = 0
    given_back: int = 0
    cancel: bool = False
    deadline: int | None = None

    @property
    def over(self) -> bool:
        return self.status in TERMINAL

    def holds(self, one: Assignment) -> bool:
        """Whether an assignment still is the one that counts."""
        ours = (one.prediction.worker_id, one.prediction.attempt)
        return not self.over and (self.worker, self.attempt) == ours

    def back(self, *, counted: bool) -> None:
        if self.cancel:
            self.status = Status.CANCELLED
        elif counted and self.given_back >= LIMIT:
            self.status = Status.ABANDONED
        else:
            self.status, self.worker = Status.PENDING, None
            self.given_back += counted


@dataclass
class Life:
    """The system, the model of it, and every assignment ever made, late ones too."""

    db: Database
    execution: Execution
    fleet: Fleet
    clock: Clock
    dice: random.Random
    known: dict[PredictionId, Known] = field(default_factory=dict[PredictionId, Known])
    assigned: list[Assignment] = field(default_factory=list[Assignment])
    nodes: dict[NodeId, list[WorkerId]] = field(default_factory=dict[NodeId, list[WorkerId]])
    made: int = 0

    def any_assignment(self) -> Assignment | None:
        # Late ones now and then, but mostly those that may still count.
        recent = self.assigned[-12:] if self.dice.random() < 0.8 else self.assigned
        return self.dice.choice(recent) if recent else None

    def worker(self) -> WorkerId:
        return self.dice.choice([one for workers in self.nodes.values() for one in workers])

    async def hire(self) -> None:
        self.made += 1
        node = NodeId(f"node-{self.made}")
        await self.fleet.join(node, "here", self.made)
        self.nodes[node] = [WorkerId(f"worker-{self.made}-{n}") for n in range(2)]
        for worker in self.nodes[node]:
            await self.fleet.worker_starts(worker, node, rows.VERSION, 1, 4)
            assert await self.fleet.worker_ready(worker, 1, 4)

    async def create(self) -> None:
        worker = self.worker() if self.dice.random() < 0.3 else None
        deadline = self.clock.now() + self.dice.randrange(1, 60) * 1_000_000 if self.dice.random() < 0.2 else None
        now = self.clock.now()
        one = rows.new(
            created_at=now, updated_at=now, worker_id=worker, attempt=int(worker is not None), deadline=deadline
        )
        await self.db.write_soon(lambda c: prediction_rows.insert(c, one), durable=False)
        self.known[one.id] = Known(worker=worker, attempt=one.attempt, deadline=deadline)
        if worker is not None:
            self.assigned.append(Assignment(one, {}))

    async def claim(self) -> None:
        worker, most = self.worker(), self.dice.randrange(1, 4)
        now = self.clock.time + 1
        claimed = await self.execution.claim(rows.VERSION, worker, most)
        free = [
            one
            for one, known in sorted(self.known.items())
            if not known.over and known.worker is None and (known.deadline is None or known.deadline > now)
        ]
        assert [one.prediction.id for one in claimed] == free[:most], "the oldest, each once, and none that is held"
        for one in claimed:
            known = self.known[one.prediction.id]
            known.worker, known.attempt = worker, known.attempt + 1
            assert one.prediction.attempt == known.attempt
        self.assigned += claimed

    async def start(self) -> None:
        if (one := self.any_assignment()) is None:
            return
        known = self.known[one.prediction.id]
        expected = known.holds(one) and known.status is not Status.STARTED
        assert await self.execution.started(one, self.clock.now(), None) == expected
        if expected:
            known.status = Status.STARTED

    async def finish(self) -> None:
        if (one := self.any_assignment()) is None:
            return
        known, now = self.known[one.prediction.id], self.clock.now()
        outcome = self.dice.choice(
            [
                Outcome(Status.SUCCEEDED, now, output=JsonText("1"), started_at=now),
                Outcome(Status.FAILED, now, failure=external("no"), started_at=now),
                Outcome(Status.CANCELLED, now, started_at=now),
            ]
        )
        expected = known.holds(one)
        assert await self.execution.finish(one, outcome) == expected
        if expected:
            known.status = outcome.status

    async def hand_back(self) -> None:
        if (one := self.any_assignment()) is None:
            return
        counted = self.dice.random() < 0.5
        await self.execution.hand_back([one], counted=counted, reason="a test")
        if (known := self.known[one.prediction.id]).holds(one):
            known.back(counted=counted)

    async def cancel(self) -> None:
        if not self.known:
            return
        wanted, known = self.dice.choice(list(self.known.items())[-15:])
        now = self.clock.now()
        ended = await self.db.write(lambda c: queue.end_queued(c, wanted, Status.CANCELLED, now, None))
        assert (ended is not None) == (known.status in (Status.PENDING, Status.STARTING))
        if ended is not None:
            known.status = Status.CANCELLED
        else:
            first = await self.db.write(lambda c: queue.request_cancel(c, wanted, now))
            assert first == (not known.over and not known.cancel)
            known.cancel = known.cancel or first

    async def expire(self) -> None:
        self.clock.pass_seconds(self.dice.random() * 4)
        now = self.clock.time + 1
        _, running = await self.execution.expire()
        due = {one: k for one, k in self.known.items() if not k.over and k.deadline is not None and k.deadline <= now}
        assert set(running) == {one for one, known in due.items() if known.status is Status.STARTED}
        for known in due.values():
            if known.status is not Status.STARTED:
                known.status = Status.ABANDONED

    async def mark_starting(self) -> None:
        most = self.dice.randrange(1, 3)
        await self.execution.mark_starting(rows.VERSION, most)
        waiting = [k for _, k in sorted(self.known.items()) if k.status is Status.PENDING and k.worker is None]
        for known in waiting[:most]:
            known.status = Status.STARTING

    async def lose(self) -> None:
        """A node dies, and another finds it: by its name, or by its lease."""
        node = self.dice.choice(list(self.nodes))
        if self.dice.random() < 0.5:
            await self.execution.rescue(node_ids=[node], reason="a test")
        else:
            self.clock.pass_seconds(LEASE + 1)
            for other in self.nodes:
                assert other == node or await self.fleet.beat(other)
            await self.execution.rescue(reason="a test")
        assert not await self.fleet.beat(node)
        dead = self.nodes.pop(node)
        for known in self.known.values():
            if not known.over and known.worker in dead:
                known.back(counted=True)
        await self.hire()

    async def check(self) -> None:
        stored: dict[PredictionId, Prediction | None] = await self.db.read(
            lambda c: {one: prediction_rows.get(c, one) for one in self.known}
        )
        for one, known in self.known.items():
            row = stored[one]
            assert row is not None
            assert (row.status, row.attempt, row.given_back) == (known.status, known.attempt, known.given_back)
            assert known.over or row.worker_id == known.worker
            assert row.finished == (row.finished_at is not None)


@asynccontextmanager
async def _life(url: str, seed: int) -> AsyncGenerator[Life]:
    await anyio.to_thread.run_sync(migrate.upgrade, url)
    async with open_database(url) as db:
        await db.write(rows.seed)
        clock = Clock()
        execution = Execution(db, Hints(Notifier()), Settled(), clock.now, LIMIT)
        life = Life(db, execution, Fleet(db, clock.now, LEASE), clock, random.Random(seed))
        await life.hire()
        await life.hire()
        yield life


@pytest.mark.parametrize("seed", range(6))
async def test_a_prediction_that_lives_at_random_is_always_what_the_model_says(tmp_path: Path, seed: int) -> None:
    async with _life(f"sqlite:///{tmp_path / 'augury.db'}", seed) as life:
        steps = [life.create] * 4 + [life.claim] * 4 + [life.start] * 4 + [life.finish] * 4
        steps += [life.hand_back] * 2 + [life.cancel, life.expire, life.mark_starting]
        for number in range(STEPS):
            step = life.lose if number % 25 == 24 else life.dice.choice(steps)
            await step()
            await life.check()
        assert {known.status for known in life.known.values()} >= {Status.SUCCEEDED, Status.FAILED, Status.CANCELLED}
        assert any(known.given_back for known in life.known.values())
