"""The queue: what moves a prediction from one state to the next.

Every change is one statement guarded by the states it may come from and, once handed to a worker, by that worker and
the attempt: a late result of a lost assignment changes nothing, and the caller is told so. Knows no clock; JSON comes
and goes as text. What changes a status notes it for the prediction's webhook in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Text,
    Update,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    null,
    or_,
    select,
    update,
)

from augury.domain.ids import NodeId, PredictionId, WorkerId
from augury.domain.prediction import ACTIVE, QUEUED, Prediction, Status, sources
from augury.store.connection import Connection, Query, Row
from augury.store.deliveries import note, note_each
from augury.store.predictions import COLUMNS, from_row, get, joined, model_ref, rows_to_predictions
from augury.store.tables import predictions, workers
from augury.store.workers import DeadWorker as DeadWorker
from augury.store.workers import take_dead

Assigned = tuple[PredictionId, WorkerId, int]
"""A prediction, the worker it was handed to, and which attempt that was."""


@dataclass(frozen=True, slots=True)
class HandBack:
    """What became of predictions that were handed back: queued again, given up, or cancelled as was asked before."""

    returned: Sequence[PredictionId]
    abandoned: Sequence[PredictionId]
    cancelled: Sequence[PredictionId] = ()

    @property
    def ended(self) -> Sequence[PredictionId]:
        """Those that will not run again."""
        return (*self.abandoned, *self.cancelled)


def claim(c: Connection, version_id: int, worker_id: WorkerId, limit: int, now: int) -> list[Prediction]:
    """Assign the oldest queued predictions of a version to a worker; their status is written later, by `start`."""
    rows = c.run(_CLAIM, version_id=version_id, worker=worker_id, limit=limit, now=now)
    if not rows:
        return []
    model = model_ref(c, version_id)
    return sorted((from_row(row, model) for row in rows), key=lambda one: one.id)


def start(
    c: Connection,
    prediction_id: PredictionId,
    worker_id: WorkerId,
    attempt: int,
    *,
    started_at: int,
    setup_time: int | None,
    webhook: bool = True,
) -> bool:
    """predict() was entered. False: it is no longer this worker's, and nothing changed.

    Without `webhook` nobody is told of it: for a prediction that is known to have none.
    """
    changed = c.change(
        _START, wanted=prediction_id, worker=worker_id, try_=attempt, started_at=started_at, setup_time=setup_time
    )
    if changed and webhook:
        note(c, prediction_id)
    return changed == 1


def finish(
    c: Connection,
    prediction_id: PredictionId,
    worker_id: WorkerId,
    attempt: int,
    *,
    status: Status,
    finished_at: int,
    started_at: int | None,
    setup_time: int | None,
    execution_time: int | None,
    output: str | None,
    error: str | None,
    metrics: str | None,
    webhook: bool = True,
) -> bool:
    """The run ended. False: it is no longer this worker's, and nothing changed. `webhook` as in `start`."""
    changed = c.change(
        _FINISH,
        wanted=prediction_id,
        worker=worker_id,
        try_=attempt,
        status=status.value,
        finished_at=finished_at,
        started_at=started_at,
        setup_time=setup_time,
        execution_time=execution_time,
        output=output,
        error=error,
        metrics=metrics,
    )
    if changed and webhook:
        note(c, prediction_id)
    return changed == 1


def holds(c: Connection, prediction_id: PredictionId, worker_id: WorkerId, attempt: int) -> bool:
    """Whether it is this worker's in this attempt, and stays so until the transaction ends."""
    return bool(c.run(_HOLDS, wanted=prediction_id, worker=worker_id, try_=attempt))


def set_metrics(c: Connection, prediction_id: PredictionId, metrics: str) -> None:
    """Show what a running prediction has recorded so far."""
    c.change(_SET_METRICS, wanted=prediction_id, metrics=metrics)


def end_queued(
    c: Connection, prediction_id: PredictionId, status: Status, now: int, error: str | None
) -> Prediction | None:
    """End one whose predict() was not entered yet; the row as it is now, or None if it was not such a one."""
    if not c.change(_END_QUEUED, wanted=prediction_id, status=status.value, now=now, error=error):
        return None
    ended = get(c, prediction_id)
    if ended is not None and ended.webhook:
        note(c, prediction_id)
    return ended


def request_cancel(c: Connection, prediction_id: PredictionId, now: int) -> bool:
    """Mark an active prediction as to be cancelled; whether this is the first time that it was asked."""
    return c.change(_REQUEST_CANCEL, wanted=prediction_id, now=now) == 1


def cancel_requests(c: Connection, node_id: NodeId) -> list[PredictionId]:
    """Active predictions on a node that are to be cancelled."""
    return [row[0] for row in c.run(_CANCEL_REQUESTS, node_id=node_id)]


def assigned(c: Connection, node_id: NodeId) -> list[Prediction]:
    """Active predictions handed to the workers of a node, oldest first."""
    return rows_to_predictions(c.run(_ASSIGNED, node_id=node_id))


def mark_starting(c: Connection, version_id: int, limit: int, now: int) -> list[PredictionId]:
    """A worker is being started for the oldest `limit` queued predictions of a version: those not marked yet are."""
    return _noted(c, c.run(_MARK_STARTING, version_id=version_id, limit=limit, now=now))


def hand_back(
    c: Connection,
    assignments: Sequence[Assigned],
    now: int,
    *,
    counted: bool,
    limit: int,
    error_json: str,
    retried: bool = False,
) -> HandBack:
    """Return assigned predictions to the queue.

    Counted ones were perhaps begun: at most `limit` times, then they are abandoned with the error; those that were to
    be cancelled are. `retried` ones are counted for themselves, without a limit here. Assignments that no longer hold
    are passed over.
    """
    outcomes: dict[str, list[PredictionId]] = {"pending": [], "abandoned": [], "cancelled": []}
    query = _HAND_BACK_COUNTED if counted else _RETRY if retried else _HAND_BACK
    counting = {"limit": limit, "error": error_json} if counted else {}
    # In the order of ids, so that two who hand back the same rows wait for each other instead of deadlocking.
    for prediction_id, worker_id, attempt in sorted(assignments):
        for row in c.run(query, wanted=prediction_id, worker=worker_id, try_=attempt, now=now, **counting):
            outcomes[row[0]].append(prediction_id)
            if row[1]:
                note(c, prediction_id)
    return HandBack(outcomes["pending"], outcomes["abandoned"], outcomes["cancelled"])


@dataclass(frozen=True, slots=True)
class Rescue:
    """What was found of lost nodes: their workers, and what became of the predictions those had."""

    workers: Sequence[DeadWorker]
    returned: Sequence[PredictionId]
    abandoned: Sequence[PredictionId]
    cancelled: Sequence[PredictionId]
    versions: Sequence[int]
    """The versions of those predictions."""


def rescue(
    c: Connection, now: int, *, nodes: Sequence[NodeId], limit: int, error_json: str, reason: str = "its node was lost"
) -> Rescue:
    """Give up the named nodes and those whose lease is over, and hand back what is assigned to no living worker."""
    dead = take_dead(c, now, nodes, reason)
    held = c.run(_HELD_BY_NOBODY)
    result = hand_back(
        c, [(row[0], row[1], row[2]) for row in held], now, counted=True, limit=limit, error_json=error_json
    )
    return Rescue(dead, result.returned, result.abandoned, result.cancelled, sorted({row[3] for row in held}))


def fail_queued(c: Connection, version_id: int, now: int, error_json: str, limit: int) -> list[PredictionId]:
    """Fail the oldest unassigned predictions of a version that cannot run."""
    return _noted(c, c.run(_FAIL_QUEUED, version_id=version_id, limit=limit, now=now, error=error_json))


def demand(c: Connection) -> list[tuple[int, int]]:
    """Each version with something queued and unassigned, and how much."""
    return [(version_id, queued) for version_id, queued in c.run(_DEMAND)]


def due(c: Connection, now: int, limit: int) -> list[Prediction]:
    """Queued predictions past a deadline, then running ones past that of their whole life: at most `limit` of each."""
    found = rows_to_predictions(c.run(_START_DUE, now=now, limit=limit))
    seen = {one.id for one in found}
    found += [one for one in rows_to_predictions(c.run(_DUE, now=now, limit=limit)) if one.id not in seen]
    return sorted(found, key=lambda one: one.status is Status.STARTED)


def next_due(c: Connection) -> int | None:
    """When the next deadline of an active prediction is, or was; None if none has one."""
    times = (c.run(query)[0][0] for query in (_NEXT_START_DUE, _NEXT_DUE))
    return min((time for time in times if time is not None), default=None)


def _noted(c: Connection, rows: Sequence[Row]) -> list[PredictionId]:
    """The ids of rows that hold it and whether there is a webhook; those that have one are noted."""
    ids = sorted(row[0] for row in rows)
    note_each(c, sorted(row[0] for row in rows if row[1]))
    return ids


def _in(statuses: Sequence[Status]) -> ColumnElement[Any]:
    # Literal: an expanding list cannot be compiled once. Without a type: of a Boolean, SQLite would get `... = 1`,
    # and then no partial index fits.
    names = ", ".join(f"'{status.value}'" for status in statuses)
    return literal_column(f"predictions.status IN ({names})")


def _queued_of_version(*also: ColumnElement[bool]) -> Select[tuple[str]]:
    """The oldest unassigned predictions of a version, locked where others may be at it too."""
    return (
        select(predictions.c.id)
        .where(
            predictions.c.version_id == bindparam("version_id"), _in(QUEUED), predictions.c.worker_id.is_(None), *also
        )
        .order_by(predictions.c.id)
        .limit(bindparam("limit"))
        .with_for_update(skip_locked=True)
    )


def _change(picked: Select[tuple[str]]) -> Update:
    # A subquery with a lock may be run again for each row; a CTE with one is not.
    return update(predictions).where(predictions.c.id.in_(select(picked.cte("picked").c.id)))


def _held(statuses: Sequence[Status]) -> Update:
    """Change a prediction that is still this worker's, in this attempt."""
    return update(predictions).where(
        predictions.c.id == bindparam("wanted"),
        predictions.c.worker_id == bindparam("worker"),
        predictions.c.attempt == bindparam("try_"),
        _in(statuses),
    )


_HOLDS = Query(
    select(predictions.c.id)
    .where(
        predictions.c.id == bindparam("wanted"),
        predictions.c.worker_id == bindparam("worker"),
        predictions.c.attempt == bindparam("try_"),
        _in(ACTIVE),
    )
    .with_for_update()
)
_SET_METRICS = Query(
    update(predictions).where(predictions.c.id == bindparam("wanted"), _in(ACTIVE)).values(metrics=bindparam("metrics"))
)


def _handed_back(*, counted: bool, retried: bool = False) -> Update:
    columns = predictions.c
    cancelled = columns.cancel_requested_at.is_not(None)
    spent = columns.given_back >= bindparam("limit")
    over = or_(cancelled, spent) if counted else cancelled
    ends: list[tuple[Any, Any]] = [(cancelled, "cancelled"), *([(spent, "abandoned")] if counted else [])]
    values: dict[str, Any] = {
        "status": case(*ends, else_="pending"),
        "updated_at": bindparam("now"),
        "finished_at": case((over, bindparam("now", type_=BigInteger)), else_=null()),
        # What ends here keeps when and where it ran; what is queued again begins anew.
        "worker_id": case((over, columns.worker_id), else_=null()),
        "started_at": case((over, columns.started_at), else_=null()),
        "setup_time": case((over, columns.setup_time), else_=null()),
        "starting_at": case((over, columns.starting_at), else_=null()),
        "metrics": case((over, columns.metrics), else_=null()),
        # It was started in time; that it waits again is not its caller's doing.
        "start_deadline": case((columns.status == "started", null()), else_=columns.start_deadline),
    }
    if counted:
        values["given_back"] = columns.given_back + case((over, 0), else_=1)
        values["error"] = case((and_(~cancelled, spent), bindparam("error", type_=Text)), else_=null())
    if retried:
        values["retried"] = columns.retried + 1
    return _held(ACTIVE).values(values)


_BEFORE_START = tuple(status for status in sources(Status.STARTED) if status in QUEUED)
_CLAIM = Query(
    _change(
        _queued_of_version(
            or_(predictions.c.start_deadline.is_(None), predictions.c.start_deadline > bindparam("now")),
            or_(predictions.c.deadline.is_(None), predictions.c.deadline > bindparam("now")),
        )
    )
    .values(worker_id=bindparam("worker"), attempt=predictions.c.attempt + 1, updated_at=bindparam("now"))
    .returning(*COLUMNS)
)
_START = Query(
    _held(_BEFORE_START).values(
        status="started",
        started_at=bindparam("started_at"),
        updated_at=bindparam("started_at"),
        setup_time=bindparam("setup_time"),
    )
)
_FINISH = Query(
    _held(sources(Status.SUCCEEDED)).values(
        status=bindparam("status"),
        updated_at=bindparam("finished_at"),
        finished_at=bindparam("finished_at"),
        started_at=bindparam("started_at"),
        setup_time=bindparam("setup_time"),
        execution_time=bindparam("execution_time"),
        output=bindparam("output"),
        error=bindparam("error"),
        metrics=bindparam("metrics"),
    )
)
_END_QUEUED = Query(
    update(predictions)
    .where(predictions.c.id == bindparam("wanted"), _in(QUEUED))
    .values(
        status=bindparam("status"), updated_at=bindparam("now"), finished_at=bindparam("now"), error=bindparam("error")
    )
)
_REQUEST_CANCEL = Query(
    update(predictions)
    .where(predictions.c.id == bindparam("wanted"), _in(ACTIVE), predictions.c.cancel_requested_at.is_(None))
    .values(cancel_requested_at=bindparam("now"))
)
_ON_NODE = (
    predictions.c.worker_id.in_(select(workers.c.id).where(workers.c.node_id == bindparam("node_id"))),
    predictions.c.worker_id.is_not(None),
    predictions.c.finished_at.is_(None),
)
_CANCEL_REQUESTS = Query(
    select(predictions.c.id).where(*_ON_NODE, predictions.c.cancel_requested_at.is_not(None)).order_by(predictions.c.id)
)
_ASSIGNED = Query(joined().where(*_ON_NODE).order_by(predictions.c.id))
_HELD_BY_NOBODY = Query(
    select(predictions.c.id, predictions.c.worker_id, predictions.c.attempt, predictions.c.version_id)
    .join_from(predictions, workers, workers.c.id == predictions.c.worker_id, isouter=True)
    .where(
        predictions.c.worker_id.is_not(None),
        predictions.c.finished_at.is_(None),
        or_(workers.c.id.is_(None), workers.c.state == "ended"),
    )
)
_MARK_STARTING = Query(
    _change(_queued_of_version())
    .where(_in((Status.PENDING,)))
    .values(status="starting", updated_at=bindparam("now"), starting_at=bindparam("now"))
    .returning(predictions.c.id, predictions.c.webhook)
)
_HAND_BACK = Query(_handed_back(counted=False).returning(predictions.c.status, predictions.c.webhook))
_RETRY = Query(_handed_back(counted=False, retried=True).returning(predictions.c.status, predictions.c.webhook))
_HAND_BACK_COUNTED = Query(_handed_back(counted=True).returning(predictions.c.status, predictions.c.webhook))
_FAIL_QUEUED = Query(
    _change(_queued_of_version())
    .values(status="failed", updated_at=bindparam("now"), finished_at=bindparam("now"), error=bindparam("error"))
    .returning(predictions.c.id, predictions.c.webhook)
)
_UNASSIGNED = (_in(QUEUED), predictions.c.worker_id.is_(None))
_DEMAND = Query(
    select(predictions.c.version_id, func.count())
    .where(*_UNASSIGNED)
    .group_by(predictions.c.version_id)
    .order_by(predictions.c.version_id)
)
_HAS_START_DEADLINE = (_in(QUEUED), predictions.c.start_deadline.is_not(None))
_HAS_DEADLINE = (predictions.c.finished_at.is_(None), predictions.c.deadline.is_not(None))
_START_DUE = Query(
    joined()
    .where(*_HAS_START_DEADLINE, predictions.c.start_deadline <= bindparam("now"))
    .order_by(predictions.c.start_deadline)
    .limit(bindparam("limit"))
)
_DUE = Query(
    joined()
    .where(*_HAS_DEADLINE, predictions.c.deadline <= bindparam("now"))
    .order_by(predictions.c.deadline)
    .limit(bindparam("limit"))
)
_NEXT_START_DUE = Query(select(func.min(predictions.c.start_deadline)).where(*_HAS_START_DEADLINE))
_NEXT_DUE = Query(select(func.min(predictions.c.deadline)).where(*_HAS_DEADLINE))
