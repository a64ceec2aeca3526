"""What must come of every use case around a prediction, said without a database and without concurrency.

A step is a use case with its arguments: `act` does it with the real services, `fits` does it to the model and says
whether that is what the services answered. Knows nothing about how steps are chosen or ordered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol, cast

from augury.domain.account import Caller
from augury.domain.entry import Recorded
from augury.domain.errors import Conflict, InvalidRequest
from augury.domain.ids import NodeId, PredictionId, WorkerId
from augury.domain.jsontext import JsonText
from augury.domain.prediction import QUEUED, TERMINAL, TRANSITIONS, Assignment, Outcome, Status, external
from augury.service.execution import Execution
from augury.service.offers import Place
from augury.service.predictions import NewPrediction, Predictions

SECOND = 1_000_000
GIVE_BACKS = 2
START_LIMIT = 3.0


@dataclass(frozen=True)
class Known:
    """What the model knows of one prediction. Times are microseconds."""

    status: Status = Status.PENDING
    worker: WorkerId | None = None
    attempt: int = 0
    given_back: int = 0
    cancel: bool = False
    start_deadline: int | None = None
    deadline: int | None = None

    @property
    def over(self) -> bool:
        return self.status in TERMINAL

    @property
    def queued(self) -> bool:
        return self.status in QUEUED

    @property
    def free(self) -> bool:
        return self.queued and self.worker is None

    def to(self, status: Status) -> Known:
        assert status is self.status or status in TRANSITIONS[self.status], f"{self.status} -> {status}"
        return replace(self, status=status)

    def held(self, one: Assignment) -> bool:
        """Whether an assignment still is the one that counts."""
        return not self.over and (self.worker, self.attempt) == (one.prediction.worker_id, one.prediction.attempt)

    def late(self, now: int) -> bool:
        """Whether it is past its whole life, or was not started in time."""
        waited = self.queued and self.start_deadline is not None and self.start_deadline <= now
        return waited or (not self.over and self.deadline is not None and self.deadline <= now)

    def back(self, *, counted: bool) -> Known:
        if self.cancel:
            return self.to(Status.CANCELLED)
        if counted and self.given_back >= GIVE_BACKS:
            return self.to(Status.ABANDONED)
        # What was started in time was not late, whatever became of it then.
        limit = None if self.status is Status.STARTED else self.start_deadline
        back = replace(self, worker=None, given_back=self.given_back + counted, start_deadline=limit)
        return back.to(Status.PENDING)


@dataclass
class Model:
    """The whole world at one moment."""

    now: int
    known: dict[PredictionId, Known] = field(default_factory=dict[PredictionId, Known])
    keys: dict[str, tuple[str, PredictionId]] = field(default_factory=dict[str, tuple[str, PredictionId]])
    """Of each idempotency key, the body that it came with and what that made."""
    leases: dict[NodeId, int] = field(default_factory=dict[NodeId, int])
    workers: dict[WorkerId, NodeId] = field(default_factory=dict[WorkerId, NodeId])

    def copy(self) -> Model:
        return Model(self.now, dict(self.known), dict(self.keys), dict(self.leases), dict(self.workers))

    def free(self) -> list[PredictionId]:
        """What is queued and nobody's, the oldest first."""
        return [one for one, known in sorted(self.known.items()) if known.free]


@dataclass
class World:
    """The services, and the room in workers that creates are offered."""

    caller: Caller
    reference: str
    version_id: int
    predictions: Predictions
    hasty: Predictions
    """The same, of versions whose predictions must start soon."""
    execution: Execution
    offered: Place | None = None
    taken: int = 0
    returned: list[Assignment | None] = field(default_factory=list["Assignment | None"])
    """What became of each place that was taken: used with this assignment, or released."""

    def take(self) -> Place | None:
        """What the engine's side of an offer does."""
        place, self.offered = self.offered, None
        self.taken += place is not None
        return place

    def place(self, worker: WorkerId) -> Place:
        return Place(worker, self.returned.append, lambda: self.returned.append(None))


class Step(Protocol):
    """One use case."""

    def assigned(self, result: object) -> list[Assignment]:
        """What its answer hands to a worker."""
        return []

    async def act(self, world: World) -> object:
        """Do it; whatever the services answer."""

    def fits(self, model: Model, result: object, *, alone: bool) -> bool:
        """Do it to the model; whether this was the answer to give. `alone`: nothing else happened meanwhile."""
        ...


@dataclass(frozen=True)
class Create(Step):
    key: str | None
    body: str
    life: int | None
    hasty: bool
    worker: WorkerId | None

    async def act(self, world: World) -> object:
        request = NewPrediction(
            model=world.reference,
            input={"text": 5 if self.body == "wrong" else self.body},
            idempotency_key=self.key,
            body_hash=self.body,
            cancel_after=self.life,
        )
        world.offered = None if self.worker is None else world.place(self.worker)
        try:
            made = await (world.hasty if self.hasty else world.predictions).create(world.caller, request)
        except InvalidRequest as error:
            return error.problems[0].type
        return made.id

    def fits(self, model: Model, result: object, *, alone: bool) -> bool:
        earlier = None if self.key is None else model.keys.get(self.key)
        if earlier is not None:
            return result == ("idempotency_key_reused" if earlier[0] != self.body else earlier[1])
        if not isinstance(result, str) or result in model.known or result == "idempotency_key_reused":
            return False
        made = PredictionId(result)
        if self.key is not None:
            model.keys[self.key] = (self.body, made)
        if self.body == "wrong":
            model.known[made] = Known(Status.FAILED)
            return True
        model.known[made] = Known(
            worker=self.worker,
            attempt=int(self.worker is not None),
            start_deadline=model.now + int(START_LIMIT * SECOND) if self.hasty else None,
            deadline=None if self.life is None else model.now + self.life * SECOND,
        )
        return True


@dataclass(frozen=True)
class Claim(Step):
    worker: WorkerId
    limit: int

    async def act(self, world: World) -> object:
        return await world.execution.claim(world.version_id, self.worker, self.limit)

    def assigned(self, result: object) -> list[Assignment]:
        return cast("list[Assignment]", result)

    def fits(self, model: Model, result: object, *, alone: bool) -> bool:
        due = [one for one in model.free() if not model.known[one].late(model.now)]
        claimed = self.assigned(result)
        for one in due[: self.limit]:
            known = model.known[one]
            model.known[one] = replace(known, worker=self.worker, attempt=known.attempt + 1)
        return [(one.prediction.id, one.prediction.attempt) for one in claimed] == [
            (one, model.known[one].attempt) for one in due[: self.limit]
        ]


@dataclass(frozen=True)
class Start(Step):
    one: Assignment
    now: int

    async def act(self, world: World) -> object:
        return await world.execution.started(self.one, self.now, None)

    def fits(self, model: Model, result: object, *, alone: bool) -> bool:
        known = model.known[self.one.prediction.id]
        ours = known.held(self.one) and known.queued
        if ours:
            model.known[self.one.prediction.id] = known.to(Status.STARTED)
        return result == ours


@dataclass(frozen=True)
class Finish(Step):
    one: Assignment
    status: Status
    now: int

    async def act(self, world: World) -> object:
        output = JsonText('"done"') if self.status is Status.SUCCEEDED else None
        failure = external("no") if self.status is Status.FAILED else None
        outcome = Outcome(self.status, self.now, output=output, failure=failure, started_at=self.now)
        return await world.execution.finish(self.one, outcome) is Recorded.DONE

    def fits(self, model: Model, result: object, *, alone: bool) -> bool:
        known = model.known[self.one.prediction.id]
        ours = known.held(self.one)
        if ours:
            model.known[self.one.prediction.id] = known.to(self.status)
        return result == ours


@dataclass(frozen=True)
class HandBack(Step):
    one: Assignment
    counted: bool

    async def act(self, world: World) -> object:
        return await world.execution.hand_back([self.one], counted=self.counted, reason="a test")

    def fits(self, model: Model, result: object, *, alone: bool) -> bool:
        known = model.known[self.one.prediction.id]
        if known.held(self.one):
            model.known[self.one.prediction.id] = known.back(counted=self.counted)
        return True


@dataclass(frozen=True)
class Cancel(Step):
    wanted: PredictionId

    async def act(self, world: World) -> object:
        try:
            return await world.predictions.cancel(world.caller, self.wanted)
        except Conflict as error:
            return error.code

    def fits(self, model: Model, result: object, *, alone: bool) -> bool:
        known = model.known[self.wanted]
        if known.over:
            return result == "prediction_finished"
        # What has not begun ends at once; what runs is stopped by the engine, which reads the mark.
        model.known[self.wanted] = known.to(Status.CANCELLED) if known.queued else replace(known, cancel=True)
        return result is None


@dataclass(frozen=True)
class Expire(Step):
    async def act(self, world: World) -> object:
        return await world.execution.expire()

    def fits(self, model: Model, result: object, *, alone: bool) -> bool:
        running: set[PredictionId] = set()
        ended = 0
        for one, known in model.known.items():
            if known.late(model.now) and known.queued:
                model.known[one] = known.to(Status.ABANDONED)
                ended += 1
            elif known.late(model.now):
                running.add(one)
        count, late = cast("tuple[int, list[PredictionId]]", result)
        # It looks and then acts: beside others, its next look finds what this one missed.
        return not alone or (count, set(late)) == (ended, running)


@dataclass(frozen=True)
class FailQueued(Step):
    async def act(self, world: World) -> object:
        return await world.execution.fail_queued(world.version_id, external("It cannot start."))

    def fits(self, model: Model, result: object, *, alone: bool) -> bool:
        free = model.free()
        for one in free:
            model.known[one] = model.known[one].to(Status.FAILED)
        return result == len(free)


@dataclass(frozen=True)
class MarkStarting(Step):
    limit: int

    async def act(self, world: World) -> object:
        return await world.execution.mark_starting(world.version_id, self.limit)

    def fits(self, model: Model, result: object, *, alone: bool) -> bool:
        for one in model.free()[: self.limit]:
            model.known[one] = model.known[one].to(Status.STARTING)
        return True


@dataclass(frozen=True)
class Rescue(Step):
    """`node` is lost, or whichever node's lease is over."""

    node: NodeId | None

    async def act(self, world: World) -> object:
        dead = await world.execution.rescue(node_ids=[self.node] if self.node else [], reason="a test")
        return {one.id for one in dead}

    def fits(self, model: Model, result: object, *, alone: bool) -> bool:
        lost = {node for node, until in model.leases.items() if until < model.now or node == self.node}
        for node in lost:
            del model.leases[node]
        for one, known in model.known.items():
            if not known.over and known.worker is not None and model.workers[known.worker] not in model.leases:
                model.known[one] = known.back(counted=True)
        return result == {worker for worker, node in model.workers.items() if node in lost}


def orders(steps: int) -> list[tuple[int, ...]]:
    """Every order in which so many steps may have happened."""
    found: list[tuple[int, ...]] = [()]
    for number in range(steps):
        found = [(*order[:at], number, *order[at:]) for order in found for at in range(number + 1)]
    return found


def explain(before: Model, steps: list[Step], results: list[object], agrees: Callable[[Model], bool]) -> Model | None:
    """The world after these steps in an order in which each would have answered as it did; None: there is none."""
    for order in orders(len(steps)):
        model = before.copy()
        if all(steps[at].fits(model, results[at], alone=len(steps) == 1) for at in order) and agrees(model):
            return model
    return None
