"""The items of streams as rows: appended in order, read from a position on.

Only what predictions put out is here; the first and the last event of a stream are in the prediction's own row. Knows
no clock.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, func, insert, select

from augury.domain.event import FIRST_OUTPUT
from augury.domain.ids import PredictionId
from augury.domain.jsontext import JsonText
from augury.store.connection import Connection, Query
from augury.store.tables import events

Item = tuple[int, JsonText]
"""The number of an event, and its data."""

PAGE_ITEMS = 500
PAGE_BYTES = 1 << 20


def append(c: Connection, prediction_id: PredictionId, first: int, items: Sequence[JsonText]) -> None:
    """Store items under the numbers from `first` on; raises ConstraintViolated where one is taken."""
    c.change_many(
        _APPEND,
        [{"prediction_id": prediction_id, "number": number, "data": data} for number, data in enumerate(items, first)],
    )


def after(
    c: Connection, prediction_id: PredictionId, number: int, *, items: int = PAGE_ITEMS, size: int = PAGE_BYTES
) -> list[Item]:
    """The items that follow a number, in order: at most so many, and no more characters unless it is the first."""
    found: list[Item] = []
    # Small steps first: a page of big items must not be read whole only to be cut.
    step = 8
    while len(found) < items:
        position = found[-1][0] if found else number
        rows = c.run(_AFTER, prediction_id=prediction_id, number=position, limit=min(step, items - len(found)))
        for row in rows:
            if found and len(row[1]) > size:
                return found
            size -= len(row[1])
            found.append((row[0], row[1]))
        if len(rows) < step or size <= 0:
            break
        step *= 8
    return found


def last_number(c: Connection, prediction_id: PredictionId) -> int:
    """The number of the newest item, or of what comes before the first."""
    last: int | None = c.run(_LAST, prediction_id=prediction_id)[0][0]
    return FIRST_OUTPUT - 1 if last is None else last


_OF_ONE = events.c.prediction_id == bindparam("prediction_id")
_APPEND = Query(
    insert(events).values(prediction_id=bindparam("prediction_id"), number=bindparam("number"), data=bindparam("data"))
)
_AFTER = Query(
    select(events.c.number, events.c.data)
    .where(_OF_ONE, events.c.number > bindparam("number"))
    .order_by(events.c.number)
    .limit(bindparam("limit"))
)
_LAST = Query(select(func.max(events.c.number)).where(_OF_ONE))
