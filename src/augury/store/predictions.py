"""Predictions as rows: stored and read. Lists are in `browsing`, what moves them along in `queue`.

A row is read together with its model's owner and name and its version's number. Knows no clock.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, bindparam, null, select
from sqlalchemy import insert as sql_insert

from augury.domain.ids import PredictionId
from augury.domain.prediction import ModelRef, Prediction, Status
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
    predictions.c.starting_at,
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
        starting_at=prediction.starting_at,
    )


def get(c: Connection, prediction_id: PredictionId) -> Prediction | None:
    """The prediction as it is now."""
    return next(iter(rows_to_predictions(c.run(_GET, id=prediction_id))), None)


def summary(c: Connection, prediction_id: PredictionId) -> Prediction | None:
    """The prediction as it is now, without its contents: input, output, error and metrics are None."""
    return next(iter(rows_to_predictions(c.run(_SUMMARY, id=prediction_id))), None)


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
        starting,
    ) = row
    return Prediction(
        id_, account_id, version_id, model, _STATUS[status], created, updated, input_, output, error, metrics,
        bool(stream), *rest, webhook=bool(webhook), removed_at=removed, retried=retried,
        starting_at=starting,
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
