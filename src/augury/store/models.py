"""Models as rows: stored, found by name, listed, changed, deleted.

A deleted model keeps its row, as its predictions refer to it, and frees its name. Knows no clock and no rule about who
may do what; versions are in `versions`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, TypeAlias

from sqlalchemy import (
    Select,
    bindparam,
    select,
)
from sqlalchemy import (
    insert as sql_insert,
)
from sqlalchemy import (
    update as sql_update,
)

from augury.domain.ids import ModelId, PredictionId
from augury.domain.model import Model, Visibility
from augury.store import categories, search, standing
from augury.store.connection import Connection, Query, Row
from augury.store.counts import TOTAL
from augury.store.tables import accounts, models, predictions, versions

CHANGEABLE = (
    "name", "visibility", "description", "overview", "source_url", "license_url", "paper_url"
)  # fmt: skip
"""The columns that `update` takes."""

Selected: TypeAlias = "Select[Any, *tuple[Any, ...]]"

COLUMNS = (
    models.c.id,
    models.c.account_id,
    accounts.c.name,
    accounts.c.avatar_url,
    models.c.name,
    models.c.visibility,
    models.c.created_at,
    models.c.updated_at,
    models.c.description,
    models.c.overview,
    models.c.source_url,
    models.c.license_url,
    models.c.paper_url,
    models.c.cover_image_url,
    models.c.last_version,
    TOTAL,
)
"""What `from_row` expects, of a model and its owner."""


def insert(c: Connection, model: Model) -> None:
    """Store a new model; raises ConstraintViolated where its owner has one of that name."""
    c.change(
        _INSERT,
        id=model.id,
        account_id=model.account_id,
        name=model.name,
        visibility=model.visibility.value,
        description=model.description,
        overview=model.overview,
        source_url=model.source_url,
        license_url=model.license_url,
        paper_url=model.paper_url,
        created_at=model.created_at,
    )
    search.refresh_model(c, model.id)


def find(c: Connection, owner: str, name: str) -> Model | None:
    """The model of that owner and name."""
    return next(iter(from_rows(c, c.run(_FIND, owner=owner, name=name))), None)


def get(c: Connection, model_id: ModelId) -> Model | None:
    """The model, unless it was deleted."""
    return next(iter(from_rows(c, c.run(_GET, id=model_id))), None)


def get_each(c: Connection, model_ids: Sequence[ModelId]) -> list[Model]:
    """Those of the models that were not deleted, in the order that they are asked for."""
    if not model_ids:
        return []
    rows = c.execute(select_models().where(models.c.id.in_(model_ids)))
    found = {one.id: one for one in from_rows(c, [tuple(row) for row in rows])}
    return [found[one] for one in model_ids if one in found]


def update(c: Connection, model_id: ModelId, changes: Mapping[str, str | None], now: int) -> bool:
    """Set columns of CHANGEABLE; False where there is no such model any more, raises ConstraintViolated for a name
    that is taken."""
    if c.change(_update(tuple(sorted(changes))), wanted=model_id, now=now, **changes) != 1:
        return False
    search.refresh_model(c, model_id)
    return True


def delete(c: Connection, model_id: ModelId, now: int) -> bool:
    """Take the model away and free its name; False where that was done before."""
    search.forget(c, model_id)
    return c.change(_DELETE, wanted=model_id, now=now) == 1


def next_number(c: Connection, model_id: ModelId, now: int) -> int | None:
    """Count up and return the number for a new version; no two transactions get the same. None: the model is gone."""
    rows = c.run(_NEXT_NUMBER, wanted=model_id, now=now)
    return rows[0][0] if rows else None


def queued(c: Connection, model_id: ModelId, limit: int) -> Sequence[PredictionId]:
    """The oldest predictions of the model's versions that no worker has yet."""
    return [row[0] for row in c.run(_QUEUED, model_id=model_id, limit=limit)]


def from_rows(c: Connection, rows: Iterable[Row]) -> list[Model]:
    """Rows of COLUMNS as models, with their categories and how they stand."""
    listed = [_from_row(row) for row in rows]
    ids = [one.id for one in listed]
    known, stands = categories.of_models(c, ids), standing.of_models(c, ids)
    return [replace(one, categories=known.get(one.id, ()), status=stands.get(one.id, one.status)) for one in listed]


def select_models() -> Selected:
    """Every model that was not deleted, with its owner."""
    return (
        select(*COLUMNS)
        .join_from(models, accounts, accounts.c.id == models.c.account_id)
        .where(models.c.deleted_at.is_(None))
    )


def _from_row(row: Row) -> Model:
    id_, account_id, owner, avatar, name, visibility, *rest = row[: len(COLUMNS)]
    return Model(id_, account_id, owner, avatar, name, Visibility(visibility), *rest)


@lru_cache(maxsize=64)
def _update(names: tuple[str, ...]) -> Query:
    if unknown := set(names) - set(CHANGEABLE):
        raise ValueError(f"{unknown} cannot be changed")
    return Query(
        sql_update(models)
        .where(models.c.id == bindparam("wanted"), models.c.deleted_at.is_(None))
        .values(updated_at=bindparam("now"), **{name: bindparam(name) for name in names})
    )


_INSERT = Query(
    sql_insert(models).values(
        {
            name: bindparam(name)
            for name in (
                "id", "account_id", "name", "visibility", "description", "overview", "source_url", "license_url",
                "paper_url", "created_at",
            )
        }
    )
)  # fmt: skip
_FIND = Query(select_models().where(accounts.c.name == bindparam("owner"), models.c.name == bindparam("name")))
_GET = Query(select_models().where(models.c.id == bindparam("id")))
_DELETE = Query(
    sql_update(models)
    .where(models.c.id == bindparam("wanted"), models.c.deleted_at.is_(None))
    .values(deleted_at=bindparam("now"))
)
_NEXT_NUMBER = Query(
    sql_update(models)
    .where(models.c.id == bindparam("wanted"), models.c.deleted_at.is_(None))
    .values(last_version=models.c.last_version + 1, updated_at=bindparam("now"))
    .returning(models.c.last_version)
)
_QUEUED = Query(
    select(predictions.c.id)
    .join_from(predictions, versions, versions.c.id == predictions.c.version_id)
    .where(
        versions.c.model_id == bindparam("model_id"),
        predictions.c.finished_at.is_(None),
        predictions.c.worker_id.is_(None),
    )
    .order_by(predictions.c.id)
    .limit(bindparam("limit"))
)
