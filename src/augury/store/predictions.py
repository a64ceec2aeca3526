"""Predictions as rows: stored, read, listed. What moves them along is in `queue`, what empties them in `removal`.

A row is read together with its model's owner and name and its version's number. Knows no clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy import ColumnElement, Select, bindparam, literal_column, null, select
from sqlalchemy import insert as sql_insert

from augury.domain.ids import AccountId, PredictionId
from augury.domain.prediction import ACTIVE, QUEUED, ModelRef, Prediction, Status
from augury.store.connection import Connection, Query, Row
from augury.store.tables import accounts, models, predictions, versions

COLUMNS = (
    predictions.c.id,
    predictions.c.account_id,
    predictions.c.version_id,
    predictions.c.status,
    predictions.c.created_at,
    predictions.c.updated_at,
    predictions.c.input,
    predictions.c.output,
    predictions.c.error,
    predictions.c.metrics,
    predictions.c.stream,
    predictions.c.started_at,
    predictions.c.finished_at,
    predictions.c.setup_time,
    predictions.c.execution_time,
    predictions.c.worker_id,
    predictions.c.attempt,
    predictions.c.given_back,
    predictions.c.start_deadline,
    predictions.c.deadline,
    predictions.c.cancel_requested_at,
    predictions.c.webhook,
    predictions.c.removed_at,
    predictions.c.retried,
)
"""What a Prediction holds, in the order that `from_row` expects."""

_CONTENTS = frozenset({"input", "output", "error", "metrics"})
_REF = (accounts.c.name, models.c.name, versions.c.number)


def insert(c: Connection, prediction: Prediction) -> None:
    """Store a new prediction in whatever state it is.

    Raises ConstraintViolated if it is impossible, and Vanished if its account or version is gone.

    Where `webhook` says that somebody is to be told, `deliveries.subscribe` belongs in the same transaction.
    """
    c.change(
        _INSERT,
        id=prediction.id,
        account_id=prediction.account_id,
        version_id=prediction.version_id,
        status=prediction.status.value,
        created_at=prediction.created_at,
        updated_at=prediction.updated_at,
        input=prediction.input,
        output=prediction.output,
        error=prediction.error,
        metrics=prediction.metrics,
        stream=prediction.stream,
        started_at=prediction.started_at,
        finished_at=prediction.finished_at,
        setup_time=prediction.setup_time,
        execution_time=prediction.execution_time,
        worker_id=prediction.worker_id,
        attempt=prediction.attempt,
        given_back=prediction.given_back,
        start_deadline=prediction.start_deadline,
        deadline=prediction.deadline,
        cancel_requested_at=prediction.cancel_requested_at,
        webhook=prediction.webhook,
        removed_at=prediction.removed_at,
        retried=prediction.retried,
    )


def get(c: Connection, prediction_id: PredictionId) -> Prediction | None:
    """The prediction as it is now."""
    return next(iter(rows_to_predictions(c.run(_GET, id=prediction_id))), None)


def summary(c: Connection, prediction_id: PredictionId) -> Prediction | None:
    """The prediction as it is now, without its contents: input, output, error and metrics are None."""
    return next(iter(rows_to_predictions(c.run(_SUMMARY, id=prediction_id))), None)


def page(
    c: Connection,
    account_id: AccountId,
    *,
    statuses: Sequence[Status] | None,
    before: str | None,
    after: str | None,
    limit: int,
) -> list[Prediction]:
    """An account's predictions, newest first: the `limit` next older than `before`, or next newer than `after`.

    Without their contents, which lists do not show: input, output, error and metrics are None.
    """
    places = {name: value for name, value in (("before", before), ("after", after)) if value is not None}
    upwards = after is not None and before is None
    found: list[Row] = []
    for query in _pages(None if statuses is None else frozenset(statuses), before is not None, after is not None):
        found += c.run(query, account_id=account_id, limit=limit, **places)
    found.sort(key=lambda row: row[0], reverse=not upwards)
    listed = rows_to_predictions(found[:limit])
    if upwards:
        listed.reverse()
    return listed


def model_ref(c: Connection, version_id: int) -> ModelRef:
    """Owner, name and number of a version that exists."""
    ((owner, name, number),) = c.run(_MODEL_REF, version_id=version_id)
    return ModelRef(owner, name, number)


def rows_to_predictions(rows: Sequence[Row]) -> list[Prediction]:
    """Rows of `joined()` as predictions."""
    return [from_row(row[:-3], ModelRef(row[-3], row[-2], row[-1])) for row in rows]


def from_row(row: Row, model: ModelRef) -> Prediction:
    """A row of COLUMNS as a prediction."""
    (
        id_,
        account_id,
        version_id,
        status,
        created,
        updated,
        input_,
        output,
        error,
        metrics,
        stream,
        *rest,
        webhook,
        removed,
        retried,
    ) = row
    return Prediction(
        id_, account_id, version_id, model, _STATUS[status], created, updated, input_, output, error, metrics,
        bool(stream), *rest, webhook=bool(webhook), removed_at=removed, retried=retried,
    )  # fmt: skip


def joined(*, contents: bool = True) -> Select[tuple[object, ...]]:
    """Select predictions with what their ModelRef needs; without `contents` no megabytes are read."""
    columns = [column if contents or column.name not in _CONTENTS else null() for column in COLUMNS]
    return (
        select(*columns, *_REF)
        .join_from(predictions, versions, versions.c.id == predictions.c.version_id)
        .join(models, models.c.id == versions.c.model_id)
        .join(accounts, accounts.c.id == models.c.account_id)
    )


@lru_cache(maxsize=512)
def _pages(statuses: frozenset[Status] | None, before: bool, after: bool) -> tuple[Query, ...]:
    """What finds a page, each along an index of its own: together they find no more than a few rows too many.

    Most of an account's predictions have succeeded, and among them nothing else could be found without reading all.
    """
    plain, account = predictions.c.id, predictions.c.account_id == bindparam("account_id")
    if statuses is None:
        return (_page(plain, before, after, account),)
    found = [_page(plain, before, after, account, _one_of((one,))) for one in (Status.SUCCEEDED,) if one in statuses]
    found += [_page(plain, before, after, account, _GONE, _one_of((one,))) for one in _WRONG if one in statuses]
    active = tuple(one for one in ACTIVE if one in statuses)
    if not active:
        return tuple(found)
    # That they are in order, and of what runs whose it is, is said so that it leads to no index: nobody else knows
    # that they are few.
    whose = predictions.c.account_id.concat("") == bindparam("account_id")
    unfinished = ((account, _QUEUE, _WAITS), (whose, _ASSIGNED, _RUNS))
    found += [_page(plain.concat(""), before, after, *where, _one_of(active)) for where in unfinished]
    return tuple(found)


def _page(id_: ColumnElement[str], before: bool, after: bool, *where: ColumnElement[bool]) -> Query:
    statement = joined(contents=False).where(*where)
    if before:
        statement = statement.where(id_ < bindparam("before"))
    if after:
        statement = statement.where(id_ > bindparam("after"))
    order = id_.asc() if after and not before else id_.desc()
    return Query(statement.order_by(order).limit(bindparam("limit")))


def _one_of(statuses: Sequence[Status]) -> ColumnElement[bool]:
    # Literal: an expanding list cannot be compiled once. The values are those of an enum. Of no type: a Boolean would
    # be compared with 1, which is not what an index says.
    names = ", ".join(f"'{status}'" for status in statuses)
    return literal_column(f"predictions.status IN ({names})")


# As the indexes say it, word by word.
_WRONG = (Status.FAILED, Status.CANCELLED, Status.ABANDONED)
_GONE = _one_of(_WRONG)
_QUEUE = _one_of(QUEUED)
_WAITS = predictions.c.worker_id.is_(None)
_ASSIGNED = predictions.c.worker_id.is_not(None)
_RUNS = predictions.c.finished_at.is_(None)
_STATUS = {status.value: status for status in Status}
_INSERT = Query(sql_insert(predictions).values({column.name: bindparam(column.name) for column in COLUMNS}))
_GET = Query(joined().where(predictions.c.id == bindparam("id")))
_SUMMARY = Query(joined(contents=False).where(predictions.c.id == bindparam("id")))
_MODEL_REF = Query(
    select(*_REF)
    .join_from(versions, models, models.c.id == versions.c.model_id)
    .join(accounts, accounts.c.id == models.c.account_id)
    .where(versions.c.id == bindparam("version_id"))
)
