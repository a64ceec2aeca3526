"""What the engine asks for: claim, start, finish, hand back, fail, rescue.

Each method is one transaction guarded by the worker and the attempt that the prediction was assigned with, so that a
late result of a lost assignment changes nothing. Knows nothing about processes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from augury.domain import jsontext
from augury.domain.entry import Entry, Recorded
from augury.domain.ids import NodeId, PredictionId, WorkerId
from augury.domain.jsontext import JsonObject
from augury.domain.logline import Line
from augury.domain.prediction import Assignment, Failure, Outcome, Prediction, Status, internal
from augury.service import recording
from augury.service.file_inputs import FileInputs
from augury.service.files import Files
from augury.service.hints import Hints
from augury.service.secret_inputs import put_back
from augury.service.settled import Settled
from augury.service.tails import Tails
from augury.service.tally import Tally
from augury.service.vault import SealBroken, Vault, input_context
from augury.store import counts, logs, queue, sealed, versions
from augury.store.connection import Connection
from augury.store.database import Database
from augury.store.workers import DeadWorker

log = logging.getLogger(__name__)

BATCH = 500
"""Rows that one transaction of a sweep touches, so that a long queue never holds up other writes."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What an engine acts on when it looks at everything."""

    queued: dict[int, int]
    """How much is queued and unassigned, by version."""
    warm: frozenset[int]
    """The versions that have workers at all times."""
    revisions: dict[int, int]
    """Which configuration the versions that were asked for have now; without those that were deleted."""


@dataclass(frozen=True)
class Execution:
    """The engine's side of a prediction's life."""

    db: Database
    hints: Hints
    settled: Settled
    now: Callable[[], int]
    vault: Vault
    max_give_backs: int = 2
    tally: Tally = field(default_factory=Tally)
    tails: Tails = field(default_factory=Tails)
    files: Files | None = None

    async def claim(
        self, version_id: int, worker_id: WorkerId, limit: int, *, secrets: bool = False
    ) -> list[Assignment]:
        """Assign up to `limit` queued predictions of a version to a worker, oldest first.

        `secrets`: their inputs may have some. One whose secrets cannot be opened any more fails.
        """
        now = self.now()
        if not secrets:
            claimed = await self.db.write(lambda c: queue.claim(c, version_id, worker_id, limit, now))
            return [Assignment(one, _input(one)) for one in claimed]

        def claim(c: Connection) -> list[tuple[Prediction, str | None]]:
            found = queue.claim(c, version_id, worker_id, limit, now)
            return [(one, sealed.find(c, one.id)) for one in found]

        opened = [self._opened(one, text) for one, text in await self.db.write(claim)]
        return [one for one in opened if one is not None]

    async def with_files(self, inputs: FileInputs, assignment: Assignment) -> Assignment:
        """With what it is given of the files that are kept on this machine; the others are fetched by its worker."""
        if self.files is None:
            return assignment
        try:
            _, local = await self.files.look(inputs.find(assignment.input))
        except Exception:
            # Then its worker asks for them as anybody does.
            log.exception("files not looked up", extra={"prediction": assignment.prediction.id})
            return assignment
        return replace(assignment, files=local)

    def _opened(self, prediction: Prediction, text: str | None) -> Assignment | None:
        """With the secrets of its input; None where they are lost, and it has failed for that."""
        if text is None:
            return Assignment(prediction, _input(prediction))
        try:
            taken = jsontext.loads(self.vault.open(text, input_context(prediction.id)))
        except SealBroken as error:
            log.error("secrets of an input lost", extra={"prediction": prediction.id, "reason": str(error)})
            failure = internal(f"The secrets in its input cannot be opened: {error}", type="secrets_lost")
            self.finish(Assignment(prediction, {}), Outcome(Status.FAILED, self.now(), failure=failure))
            return None
        return Assignment(prediction, *put_back(_input(prediction), taken))

    def started(self, assignment: Assignment, started_at: int, setup_time: int | None) -> asyncio.Future[bool]:
        """Record that predict() was entered; the future says whether it still is this worker's prediction."""
        one = assignment.prediction
        worker = _worker(one)
        return self.db.write_soon(
            lambda c: queue.start(
                c, one.id, worker, one.attempt, started_at=started_at, setup_time=setup_time, webhook=one.webhook
            )
        )

    def record(self, assignment: Assignment, entry: Entry) -> asyncio.Future[Recorded]:
        """Record what a running prediction has put out so far."""
        one = assignment.prediction
        worker = _worker(one)
        future = self.db.write_soon(lambda c: recording.record(c, one, worker, entry))
        future.add_done_callback(partial(self._recorded, one.id, entry))
        return future

    def _recorded(self, prediction_id: PredictionId, entry: Entry, future: asyncio.Future[Recorded]) -> None:
        if future.cancelled() or future.exception() is not None or future.result() is not Recorded.DONE:
            return
        if entry.items:
            self.tails.push(prediction_id, entry.first_item, entry.items)
        if entry.items or entry.lines:
            self.hints.activity(prediction_id)

    def record_setup(
        self, worker_id: WorkerId, version_id: int, lines: Sequence[Line], *, again: bool = False
    ) -> asyncio.Future[None]:
        """Record what a worker has written while it sets itself up; `again`: these may have been written before."""

        def write(c: Connection) -> None:
            if not (again and logs.setup_ends_with(c, worker_id, lines)):
                logs.append_setup(c, worker_id, version_id, lines)

        future = self.db.write_soon(write)
        future.add_done_callback(lambda _: self.hints.setup_activity(version_id))
        return future

    def finish(self, assignment: Assignment, outcome: Outcome, entry: Entry | None = None) -> asyncio.Future[Recorded]:
        """Record the end, with what was put out last; nothing is changed unless all of it is."""
        ended = _ended(assignment.prediction, outcome)
        future = self.db.write_soon(lambda c: _finish(c, ended, entry, outcome.items), alone=self.settled.alone)
        future.add_done_callback(partial(self._settle, ended))
        return future

    def _settle(self, ended: Prediction, future: asyncio.Future[Recorded]) -> None:
        if future.cancelled() or future.exception() is not None or future.result() is Recorded.DIVERGED:
            return
        if future.result() is Recorded.LOST:
            self.tally.late += 1
            log.info("late result discarded", extra={"prediction": ended.id, "attempt": ended.attempt})
            return
        self.settled.settle(ended)
        self.hints.ended(ended.id)

    async def hand_back(
        self, assignments: Sequence[Assignment], *, counted: bool, reason: str, retried: bool = False
    ) -> None:
        """Return assigned predictions to the queue; `counted` ones at most `max_give_backs` times, then abandoned.

        `retried` ones are tried again because their version allows it, and counted for that.
        """
        if not assignments:
            return
        now = self.now()
        keys = [(one.prediction.id, _worker(one.prediction), one.prediction.attempt) for one in assignments]
        error = self._lost(reason)
        result = await self.db.write(
            lambda c: queue.hand_back(
                c, keys, now, counted=counted, limit=self.max_give_backs, error_json=error, retried=retried
            )
        )
        self._count(len(result.returned), len(result.abandoned), len(result.ended) - len(result.abandoned))
        self._announce(result.returned, result.ended, {one.prediction.version_id for one in assignments})
        log.info(
            "predictions given back",
            extra={"returned": len(result.returned), "abandoned": len(result.abandoned), "reason": reason},
        )

    async def fail_queued(self, version_id: int, failure: Failure, revision: int | None = None) -> int:
        """Fail all that is queued for a version that cannot run; returns how many.

        With a `revision`, only as long as the version is still broken with that configuration.
        """
        error = jsontext.dumps(failure.to_json())
        total = 0
        while True:
            now = self.now()
            ids = await self.db.write(lambda c, now=now: _fail_queued(c, version_id, now, error, revision))
            self.tally.ended[Status.FAILED] += len(ids)
            self._announce((), ids, set())
            total += len(ids)
            if len(ids) < BATCH:
                return total

    async def mark_starting(self, version_id: int, limit: int) -> None:
        """A worker is being started for the oldest `limit` queued predictions of a version."""
        now = self.now()
        await self.db.write(lambda c: queue.mark_starting(c, version_id, limit, now))

    async def situation(self, served: Collection[int]) -> Situation:
        """What there is to do now, and what has become of the versions that are served already."""

        def look(c: Connection) -> Situation:
            return Situation(dict(queue.demand(c)), frozenset(versions.warm(c)), versions.revisions(c, served))

        return await self.db.read(look)

    async def cancel_requests(self, node_id: NodeId) -> list[PredictionId]:
        """Predictions on this node whose cancellation was asked for: for a node that missed the hint."""
        return await self.db.read(lambda c: queue.cancel_requests(c, node_id))

    async def assigned(self, node_id: NodeId) -> list[Prediction]:
        """What the store says this node is working on."""
        return await self.db.read(lambda c: queue.assigned(c, node_id))

    async def expire(self) -> tuple[int, list[PredictionId]]:
        """End what is past its start deadline or its whole life while queued.

        Returns how many ended, and the running ones that are past their life: those the engine has to stop.
        """
        now = self.now()
        due = await self.db.read(lambda c: queue.due(c, now, BATCH))
        ended = 0
        running: list[PredictionId] = []
        for one in due:
            if one.status is Status.STARTED:
                running.append(one.id)
                continue
            error = jsontext.dumps(_expired(one, now).to_json())
            row = await self.db.write(
                lambda c, one=one, error=error: queue.end_queued(c, one.id, Status.ABANDONED, now, error)
            )
            if row is not None:
                ended += 1
                self.tally.ended[Status.ABANDONED] += 1
                self._announce((), [row.id], set())
                self.hints.cancel(row.id)
        return ended, running

    async def next_due(self) -> int | None:
        """When the next deadline of a queued or running prediction is, in microseconds since the epoch."""
        return await self.db.read(queue.next_due)

    async def fold_counts(self) -> None:
        """Add what was created of late to how often each model was run."""
        while await self.db.read(counts.unfolded):
            if await self.db.write(counts.fold) < counts.FOLD:
                return

    async def rescue(self, *, node_ids: Sequence[NodeId] = (), reason: str) -> Sequence[DeadWorker]:
        """Give back what was assigned to workers of the named nodes, and of nodes whose lease is over."""
        now = self.now()
        error = self._lost(reason)
        result = await self.db.write(
            lambda c: queue.rescue(c, now, nodes=node_ids, limit=self.max_give_backs, error_json=error)
        )
        self._count(len(result.returned), len(result.abandoned), len(result.cancelled))
        self._announce(result.returned, (*result.abandoned, *result.cancelled), set(result.versions))
        if result.returned or result.abandoned:
            log.warning(
                "predictions of a lost node given back",
                extra={"returned": len(result.returned), "abandoned": len(result.abandoned), "reason": reason},
            )
        return result.workers

    def _count(self, returned: int, abandoned: int, cancelled: int) -> None:
        self.tally.given_back += returned
        self.tally.ended[Status.ABANDONED] += abandoned
        self.tally.ended[Status.CANCELLED] += cancelled

    def _lost(self, reason: str) -> str:
        failure = internal(
            f"Given up after being given back {self.max_give_backs} times: {reason}.", type="abandoned", reason=reason
        )
        return jsontext.dumps(failure.to_json())

    def _announce(self, returned: Sequence[PredictionId], ended: Sequence[PredictionId], versions: set[int]) -> None:
        for prediction_id in ended:
            self.settled.nudge(prediction_id)
            self.hints.ended(prediction_id)
        if returned:
            for version_id in versions:
                self.hints.queued(version_id)


def _finish(c: Connection, ended: Prediction, entry: Entry | None, items: int) -> Recorded:
    worker = _worker(ended)
    if ended.status is Status.SUCCEEDED and recording.falls_short(c, ended, items):
        return Recorded.DIVERGED
    if entry is not None and (result := recording.record(c, ended, worker, entry)) is not Recorded.DONE:
        return result
    if ended.webhook and ended.started_at is not None:
        # One so short that its beginning is first told with its end.
        queue.start(c, ended.id, worker, ended.attempt, started_at=ended.started_at, setup_time=ended.setup_time)
    held = queue.finish(
        c,
        ended.id,
        worker,
        ended.attempt,
        status=ended.status,
        finished_at=ended.updated_at,
        started_at=ended.started_at,
        setup_time=ended.setup_time,
        execution_time=ended.execution_time,
        output=ended.output,
        error=ended.error,
        metrics=ended.metrics,
        webhook=ended.webhook,
    )
    return Recorded.DONE if held else Recorded.LOST


def _fail_queued(c: Connection, version_id: int, now: int, error: str, revision: int | None) -> list[PredictionId]:
    if revision is not None and not versions.is_broken(c, version_id, revision):
        return []
    return queue.fail_queued(c, version_id, now, error, BATCH)


def _ended(prediction: Prediction, outcome: Outcome) -> Prediction:
    error = None if outcome.failure is None else jsontext.dumps(outcome.failure.to_json())
    return replace(
        prediction,
        status=outcome.status,
        updated_at=outcome.finished_at,
        finished_at=outcome.finished_at,
        started_at=outcome.started_at,
        setup_time=outcome.setup_time,
        execution_time=outcome.execution_time,
        output=outcome.output,
        error=error,
        metrics=None if outcome.metrics is None else jsontext.dumps(outcome.metrics),
    )


def _worker(prediction: Prediction) -> WorkerId:
    if prediction.worker_id is None:
        raise ValueError(f"prediction {prediction.id} is assigned to no worker")
    return prediction.worker_id


def _input(prediction: Prediction) -> JsonObject:
    value = jsontext.loads(prediction.input or "{}")
    return value if isinstance(value, dict) else {}


def _expired(prediction: Prediction, now: int) -> Failure:
    if prediction.deadline is not None and prediction.deadline <= now:
        seconds = (prediction.deadline - prediction.created_at) / 1e6
        # One that was given back may have run before.
        how = "was not done" if prediction.given_back else "did not start"
        return internal(
            f"It {how} within its whole life of {seconds:g} s (Cancel-After).", type="deadline", limit="life"
        )
    seconds = ((prediction.start_deadline or now) - prediction.created_at) / 1e6
    return internal(f"It did not start within its queue limit of {seconds:g} s.", type="deadline", limit="start")
