"""Log lines as rows: those of predictions, numbered over all their attempts, and those of workers' setups.

Written here; what callers read of them is in `logbook`. Knows no clock.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, func, insert, select

from augury.domain.ids import PredictionId, WorkerId
from augury.domain.logline import Line
from augury.store.connection import Connection, Query, storable
from augury.store.tables import logs, setup_logs


def append(c: Connection, prediction_id: PredictionId, attempt: int, lines: Sequence[Line]) -> None:
    """Store lines of a prediction behind those that it has."""
    if not lines:
        return
    last: int = c.run(_LAST, prediction_id=prediction_id)[0][0] or 0
    c.change_many(
        _APPEND,
        [
            {
                "prediction_id": prediction_id,
                "number": number,
                "attempt": attempt,
                "time": line.time,
                "stream": line.stream,
                "text": storable(line.text),
            }
            for number, line in enumerate(lines, last + 1)
        ],
    )


def ends_with(c: Connection, prediction_id: PredictionId, attempt: int, lines: Sequence[Line]) -> bool:
    """Whether these are the last lines of a prediction."""
    found = c.run(_NEWEST, prediction_id=prediction_id, limit=len(lines))
    return [tuple(row) for row in found] == [(attempt, *one) for one in _backwards(lines)]


def append_setup(c: Connection, worker_id: WorkerId, version_id: int, lines: Sequence[Line]) -> None:
    """Store lines of a worker's setup."""
    c.change_many(
        _APPEND_SETUP,
        [
            {
                "worker_id": worker_id,
                "version_id": version_id,
                "time": line.time,
                "stream": line.stream,
                "text": storable(line.text),
            }
            for line in lines
        ],
    )


def setup_ends_with(c: Connection, worker_id: WorkerId, lines: Sequence[Line]) -> bool:
    """Whether these are the last lines of a worker's setup."""
    found = c.run(_NEWEST_SETUP, worker_id=worker_id, limit=len(lines))
    return [tuple(row) for row in found] == _backwards(lines)


def _backwards(lines: Sequence[Line]) -> list[tuple[int, str, str]]:
    return [(line.time, line.stream, storable(line.text)) for line in reversed(lines)]


_OF_ONE = logs.c.prediction_id == bindparam("prediction_id")
_LAST = Query(select(func.max(logs.c.number)).where(_OF_ONE))
_NEWEST = Query(
    select(logs.c.attempt, logs.c.time, logs.c.stream, logs.c.text)
    .where(_OF_ONE)
    .order_by(logs.c.number.desc())
    .limit(bindparam("limit"))
)
_APPEND = Query(
    insert(logs).values(
        {column: bindparam(column) for column in ("prediction_id", "number", "attempt", "time", "stream", "text")}
    )
)
_NEWEST_SETUP = Query(
    select(setup_logs.c.time, setup_logs.c.stream, setup_logs.c.text)
    .where(setup_logs.c.worker_id == bindparam("worker_id"))
    .order_by(setup_logs.c.id.desc())
    .limit(bindparam("limit"))
)
_APPEND_SETUP = Query(
    insert(setup_logs).values(
        {column: bindparam(column) for column in ("worker_id", "version_id", "time", "stream", "text")}
    )
)
