"""What goes when it is old or not wanted: the contents of predictions, then their rows; and how much is stored.

scan (in the order of ids, which is the order of time) -> remove or delete, one row at a time -> measure.
What a prediction put out may be more than one transaction should delete: then its head goes first.
Knows no clock, and not how old is too old.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Text, and_, bindparam, cast, delete, exists, func, literal, select, text, update

from augury.domain.ids import PredictionId
from augury.store import sealed
from augury.store.connection import Connection, Query
from augury.store.files import expire_of_prediction
from augury.store.tables import deliveries, events, logs, predictions, webhooks


@dataclass(frozen=True, slots=True)
class Scanned:
    """As much of a prediction as tells whether its time has come. Times are microseconds since the epoch."""

    id: PredictionId
    created_at: int
    finished_at: int | None
    removed: bool
    telling: bool
    """Whether a webhook is still to be told something of it."""


def scan(c: Connection, after: str, limit: int) -> list[Scanned]:
    """The predictions made next after this one, removed ones too."""
    return [
        Scanned(id_, created, finished, bool(removed), bool(telling))
        for id_, created, finished, removed, telling in c.run(_SCAN, after=after, limit=limit)
    ]


def look(c: Connection, prediction_id: PredictionId) -> Scanned | None:
    """One prediction; None where its row is gone."""
    for id_, created, finished, removed, telling in c.run(_LOOK, wanted=prediction_id):
        return Scanned(id_, created, finished, bool(removed), bool(telling))
    return None


def remove(c: Connection, prediction_id: PredictionId, now: int) -> bool:
    """Remove the contents of a prediction that has ended; whether it had any. Its row, status and error stay."""
    removed = remove_head(c, prediction_id, now)
    if removed:
        c.change(_DELETE_EVENTS, wanted=prediction_id)
        c.change(_DELETE_LOGS, wanted=prediction_id)
    return removed


def remove_head(c: Connection, prediction_id: PredictionId, now: int) -> bool:
    """As `remove`, but for its events and lines: nobody sees them any more, and `remove_rest` has to follow.

    Its files have expired then: their bytes go with the next sweep of files, and their rows after them.
    """
    if not c.change(_REMOVE, wanted=prediction_id, now=now):
        return False
    expire_of_prediction(c, prediction_id, now)
    c.change(_SUPERSEDE, wanted=prediction_id, now=now)
    c.change(_DELETE_WEBHOOK, wanted=prediction_id)
    sealed.forget(c, prediction_id)
    return True


def remove_rest(c: Connection, prediction_id: PredictionId, most: int) -> int:
    """Delete events and lines of a removed prediction, at most `most`; how many those were."""
    gone = c.change(_DELETE_SOME_EVENTS, wanted=prediction_id, most=most)
    if gone < most:
        gone += c.change(_DELETE_SOME_LOGS, wanted=prediction_id, most=most - gone)
    return gone


def with_rest(c: Connection, first: str, last: str) -> list[PredictionId]:
    """Which removed predictions, from the first to the last of these, still have events or lines."""
    return [row[0] for row in c.run(_WITH_REST, first=first, last=last)]


def delete_row(c: Connection, prediction_id: PredictionId) -> bool:
    """Delete a prediction that has ended and was removed, with its deliveries and their attempts; whether it was."""
    return c.change(_DELETE_ROW, wanted=prediction_id) == 1


def used_bytes(c: Connection) -> int:
    """How many bytes of the database are in use: on SQLite its pages without free ones, on PostgreSQL see `size`.

    PostgreSQL's files do not get smaller by what is deleted, so there what the rows hold is added up, which reads all
    of them: to be asked only where `size` is over a limit.
    """
    return int(c.run(_USED_PAGES if c.dialect == "sqlite" else _HELD)[0][0])


def size(c: Connection) -> int:
    """How many bytes the database's file (SQLite: its pages) or files (PostgreSQL) have."""
    return int(c.run(_PAGES if c.dialect == "sqlite" else _FILES)[0][0])


def content_bytes(c: Connection, prediction_id: PredictionId) -> int:
    """About how many bytes `remove` would free, as `used_bytes` counts them on PostgreSQL."""
    return int(c.run(_CONTENT, wanted=prediction_id)[0][0])


_WANTED = predictions.c.id == bindparam("wanted")
_open = and_(deliveries.c.prediction_id == predictions.c.id, text("deliveries.state IN ('due', 'sending')"))
_telling: ColumnElement[bool] = and_(
    predictions.c.webhook, exists(select(deliveries.c.id).where(_open).correlate(predictions))
)
_scanned = select(
    predictions.c.id,
    predictions.c.created_at,
    predictions.c.finished_at,
    predictions.c.removed_at.is_not(None),
    _telling,
)
_SCAN = Query(
    _scanned.where(predictions.c.id > bindparam("after")).order_by(predictions.c.id).limit(bindparam("limit"))
)
_LOOK = Query(_scanned.where(_WANTED))
_REMOVE = Query(
    update(predictions)
    .where(_WANTED, predictions.c.finished_at.is_not(None), predictions.c.removed_at.is_(None))
    .values(input=None, output=None, metrics=None, stream=False, removed_at=bindparam("now"))
)
_SUPERSEDE = Query(
    update(deliveries)
    .where(deliveries.c.prediction_id == bindparam("wanted"), text("deliveries.state IN ('due', 'sending')"))
    .values(state="superseded", due_at=None, ended_at=bindparam("now"), again=False)
)
_DELETE_WEBHOOK = Query(delete(webhooks).where(webhooks.c.prediction_id == bindparam("wanted")))
_DELETE_EVENTS = Query(delete(events).where(events.c.prediction_id == bindparam("wanted")))
_DELETE_LOGS = Query(delete(logs).where(logs.c.prediction_id == bindparam("wanted")))
_some_events = (
    select(events.c.number)
    .where(events.c.prediction_id == bindparam("wanted"))
    .order_by(events.c.number)
    .limit(bindparam("most"))
)
_DELETE_SOME_EVENTS = Query(
    delete(events).where(events.c.prediction_id == bindparam("wanted"), events.c.number.in_(_some_events))
)
_some_logs = (
    select(logs.c.number)
    .where(logs.c.prediction_id == bindparam("wanted"))
    .order_by(logs.c.number)
    .limit(bindparam("most"))
)
_DELETE_SOME_LOGS = Query(
    delete(logs).where(logs.c.prediction_id == bindparam("wanted"), logs.c.number.in_(_some_logs))
)
_has_events = exists(select(events.c.number).where(events.c.prediction_id == predictions.c.id).correlate(predictions))
_has_logs = exists(select(logs.c.number).where(logs.c.prediction_id == predictions.c.id).correlate(predictions))
_WITH_REST = Query(
    select(predictions.c.id)
    .where(
        predictions.c.id >= bindparam("first"),
        predictions.c.id <= bindparam("last"),
        predictions.c.removed_at.is_not(None),
        _has_events | _has_logs,
    )
    .order_by(predictions.c.id)
)
_DELETE_ROW = Query(delete(predictions).where(_WANTED, predictions.c.removed_at.is_not(None)))
_USED_PAGES = Query(
    text(
        "SELECT (page_count - freelist_count) * page_size"
        " FROM pragma_page_count, pragma_freelist_count, pragma_page_size"
    )
)
_PAGES = Query(text("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"))
_FILES = Query(text("SELECT pg_database_size(current_database())"))
_ROW_BYTES = 300
"""About what a prediction's row takes without its contents; an event's or line's own head takes a fifth of it."""


def _bytes(column: ColumnElement[str | None] | ColumnElement[str]) -> ColumnElement[int]:
    # On PostgreSQL the size as it is stored, compressed and out of line, without reading it.
    return func.coalesce(func.pg_column_size(column), 0)


_row_bytes = (
    literal(_ROW_BYTES)
    + _bytes(predictions.c.input)
    + _bytes(predictions.c.output)
    + _bytes(predictions.c.error)
    + _bytes(predictions.c.metrics)
)
_event_bytes = func.coalesce(func.sum(literal(_ROW_BYTES // 5) + _bytes(events.c.data)), 0)
_line_bytes = func.coalesce(func.sum(literal(_ROW_BYTES // 5) + _bytes(logs.c.text)), 0)
_HELD = Query(
    select(
        select(func.coalesce(func.sum(_row_bytes), 0)).scalar_subquery()
        + select(_event_bytes).scalar_subquery()
        + select(_line_bytes).scalar_subquery()
    )
)
_wanted_text = cast(bindparam("wanted"), Text)
_CONTENT = Query(
    select(
        func.coalesce(
            select(_row_bytes - _ROW_BYTES - _bytes(predictions.c.error))
            .where(predictions.c.id == _wanted_text)
            .scalar_subquery(),
            0,
        )
        + select(_event_bytes).where(events.c.prediction_id == _wanted_text).scalar_subquery()
        + select(_line_bytes).where(logs.c.prediction_id == _wanted_text).scalar_subquery()
    )
)
