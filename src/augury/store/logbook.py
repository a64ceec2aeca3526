"""Log lines as callers see them: those of a prediction's attempts, before them those of the setups it waited for.

And those of a version's last setups by themselves. All are read from a position on, in either direction. What is
written is in `logs`. Knows no clock.
"""

from __future__ import annotations

from sqlalchemy import and_, bindparam, func, or_, select

from augury.domain.logline import LogLine, Phase
from augury.domain.prediction import Prediction
from augury.store.connection import Connection, Query, Row
from augury.store.tables import logs, setup_logs, workers

_FOREVER = 2**62


def of_runs(c: Connection, prediction: Prediction, *, after: int, limit: int) -> list[LogLine]:
    """The lines of the attempts that follow a number, oldest first."""
    return [_of_run(row) for row in c.run(_RUNS_AFTER, prediction_id=prediction.id, number=after, limit=limit)]


def of_runs_before(c: Connection, prediction: Prediction, *, before: int, limit: int) -> list[LogLine]:
    """The lines of the attempts that come before a number, newest first."""
    return [_of_run(row) for row in c.run(_RUNS_BEFORE, prediction_id=prediction.id, number=before, limit=limit)]


def of_setups(c: Connection, prediction: Prediction, *, after: int, limit: int) -> list[LogLine]:
    """The lines of the setups that it waited for which follow a number, oldest first."""
    return [_of_setup(row) for row in c.run(_SETUPS_AFTER, number=after, limit=limit, **_waited(prediction))]


def of_setups_before(c: Connection, prediction: Prediction, *, before: int, limit: int) -> list[LogLine]:
    """The lines of the setups that it waited for which come before a number, newest first."""
    return [_of_setup(row) for row in c.run(_SETUPS_BEFORE, number=before, limit=limit, **_waited(prediction))]


def first_of_version(c: Connection, version_id: int, attempts: int) -> int:
    """The number of the first line that a version's last so many attempts to start have left; 0 where none has."""
    return c.run(_FIRST_OF_VERSION, version_id=version_id, attempts=attempts)[0][0] or 0


def of_version(c: Connection, version_id: int, *, after: int, limit: int) -> list[LogLine]:
    """The lines of a version's setups that follow a number, oldest first."""
    return [_of_setup(row) for row in c.run(_VERSION_AFTER, version_id=version_id, number=after, limit=limit)]


def of_version_before(c: Connection, version_id: int, *, first: int, before: int, limit: int) -> list[LogLine]:
    """The lines of a version's setups from a first number on that come before another one, newest first."""
    found = c.run(_VERSION_BEFORE, version_id=version_id, first=first, number=before, limit=limit)
    return [_of_setup(row) for row in found]


def _waited(prediction: Prediction) -> dict[str, int]:
    until = prediction.started_at or prediction.finished_at or _FOREVER
    return {"version_id": prediction.version_id, "since": prediction.created_at, "until": until}


def _of_run(row: Row) -> LogLine:
    return LogLine(Phase.RUN, *row)


def _of_setup(row: Row) -> LogLine:
    return LogLine(Phase.SETUP, row[0], 0, *row[1:])


_RUNS = select(logs.c.number, logs.c.attempt, logs.c.time, logs.c.stream, logs.c.text).where(
    logs.c.prediction_id == bindparam("prediction_id")
)
_RUNS_AFTER = Query(_RUNS.where(logs.c.number > bindparam("number")).order_by(logs.c.number).limit(bindparam("limit")))
_RUNS_BEFORE = Query(
    _RUNS.where(logs.c.number < bindparam("number")).order_by(logs.c.number.desc()).limit(bindparam("limit"))
)
_SETUPS = (
    select(setup_logs.c.id, setup_logs.c.time, setup_logs.c.stream, setup_logs.c.text)
    .join_from(setup_logs, workers, workers.c.id == setup_logs.c.worker_id)
    .where(
        setup_logs.c.version_id == bindparam("version_id"),
        workers.c.created_at <= bindparam("until"),
        or_(
            workers.c.ready_at >= bindparam("since"),
            and_(
                workers.c.ready_at.is_(None),
                or_(workers.c.ended_at.is_(None), workers.c.ended_at >= bindparam("since")),
            ),
        ),
    )
)
_SETUPS_AFTER = Query(
    _SETUPS.where(setup_logs.c.id > bindparam("number")).order_by(setup_logs.c.id).limit(bindparam("limit"))
)
_SETUPS_BEFORE = Query(
    _SETUPS.where(setup_logs.c.id < bindparam("number")).order_by(setup_logs.c.id.desc()).limit(bindparam("limit"))
)
_OF_VERSION = select(setup_logs.c.id, setup_logs.c.time, setup_logs.c.stream, setup_logs.c.text).where(
    setup_logs.c.version_id == bindparam("version_id")
)
_VERSION_AFTER = Query(
    _OF_VERSION.where(setup_logs.c.id > bindparam("number")).order_by(setup_logs.c.id).limit(bindparam("limit"))
)
_VERSION_BEFORE = Query(
    _OF_VERSION.where(setup_logs.c.id < bindparam("number"), setup_logs.c.id >= bindparam("first"))
    .order_by(setup_logs.c.id.desc())
    .limit(bindparam("limit"))
)
_LAST_WORKERS = (
    select(workers.c.id)
    .where(workers.c.version_id == bindparam("version_id"))
    .order_by(workers.c.created_at.desc(), workers.c.id.desc())
    .limit(bindparam("attempts"))
)
_FIRST_OF_VERSION = Query(select(func.min(setup_logs.c.id)).where(setup_logs.c.worker_id.in_(_LAST_WORKERS)))
