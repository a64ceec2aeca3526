"""Models as rows: stored, found by name, listed, changed, deleted.

A deleted model keeps its row, as its predictions refer to it, and frees its name. Knows no clock and no rule about who
may do what; versions are in `versions`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Select,
    bindparam,
    false,
    func,
    literal,
    select,
    tuple_,
)
from sqlalchemy import (
    insert as sql_insert,
)
from sqlalchemy import (
    update as sql_update,
)

from augury.domain.ids import AccountId, ModelId, PredictionId
from augury.domain.model import Model, Visibility
from augury.store.connection import Connection, Query, Row
from augury.store.tables import accounts, models, predictions, versions

CHANGEABLE = (
    "name", "visibility", "description", "overview", "source_url", "license_url", "paper_url"
)  # fmt: skip
"""The columns that `update` takes."""

Selected: TypeAlias = "Select[Any, *tuple[Any, ...]]"

_COLUMNS = (
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
)


@dataclass(frozen=True, slots=True)
class Listing:
    """Which models are listed, and in which order."""

    visibilities: tuple[Visibility, ...] = (Visibility.PUBLIC, Visibility.RESTRICTED)
    account_id: AccountId | None = None
    by_count: bool = False
    """Sorted by how often they ran, else by when they were made."""
    descending: bool = False
    used: bool = False
    """Only those that ever ran."""


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


def find(c: Connection, owner: str, name: str) -> Model | None:
    """The model of that owner and name; its predictions are not counted."""
    return next(map(_from_row, c.run(_FIND, owner=owner, name=name)), None)


def get(c: Connection, model_id: ModelId) -> Model | None:
    """The model, unless it was deleted; its predictions are not counted."""
    return next(map(_from_row, c.run(_GET, id=model_id)), None)


def update(c: Connection, model_id: ModelId, changes: Mapping[str, str | None], now: int) -> bool:
    """Set columns of CHANGEABLE; False where there is no such model any more, raises ConstraintViolated for a name
    that is taken."""
    return c.change(_update(tuple(sorted(changes))), wanted=model_id, now=now, **changes) == 1


def delete(c: Connection, model_id: ModelId, now: int) -> bool:
    """Take the model away and free its name; False where that was done before."""
    return c.change(_DELETE, wanted=model_id, now=now) == 1


def next_number(c: Connection, model_id: ModelId, now: int) -> int | None:
    """Count up and return the number for a new version; no two transactions get the same. None: the model is gone."""
    rows = c.run(_NEXT_NUMBER, wanted=model_id, now=now)
    return rows[0][0] if rows else None


def page(
    c: Connection, listing: Listing, *, position: tuple[int, str] | None, backward: bool, limit: int
) -> list[Model]:
    """The `limit` models next to a position (count or time, and id), in the list's order; predictions are counted."""
    statement, value = _listed(listing)
    upwards = listing.descending == backward
    if position is not None:
        here, there = tuple_(value, models.c.id), tuple_(literal(position[0]), literal(position[1]))
        statement = statement.where(here > there if upwards else here < there)
    order = (value, models.c.id)
    found = c.execute(statement.order_by(*(one.asc() if upwards else one.desc() for one in order)).limit(limit))
    listed = [_from_row(tuple(row)) for row in found]
    if backward:
        listed.reverse()
    return counted(c, listed)


def counted(c: Connection, listed: Iterable[Model]) -> list[Model]:
    """The models with the number of predictions of all their versions."""
    wanted = list(listed)
    if not wanted:
        return []
    counts = _counts().where(versions.c.model_id.in_([one.id for one in wanted]))
    known: dict[str, int] = dict(map(tuple, c.execute(counts)))
    return [replace(one, predictions_count=known.get(one.id, 0)) for one in wanted]


def queued(c: Connection, model_id: ModelId, limit: int) -> Sequence[PredictionId]:
    """The oldest predictions of the model's versions that no worker has yet."""
    return [row[0] for row in c.run(_QUEUED, model_id=model_id, limit=limit)]


def _from_row(row: Row) -> Model:
    id_, account_id, owner, avatar, name, visibility, *rest = row[: len(_COLUMNS)]
    return Model(id_, account_id, owner, avatar, name, Visibility(visibility), *rest)


def _select() -> Selected:
    return (
        select(*_COLUMNS)
        .join_from(models, accounts, accounts.c.id == models.c.account_id)
        .where(models.c.deleted_at.is_(None))
    )


def _listed(listing: Listing) -> tuple[Selected, ColumnElement[int]]:
    """The models of a list, and what they are sorted by."""
    statement = _select().where(models.c.visibility.in_([one.value for one in listing.visibilities] or [None]))
    if not listing.visibilities:
        statement = statement.where(false())
    if listing.account_id is not None:
        statement = statement.where(models.c.account_id == listing.account_id)
    if not listing.by_count:
        return statement, models.c.created_at
    counts = _counts().subquery()
    statement = statement.join(counts, counts.c.model_id == models.c.id, isouter=not listing.used)
    return statement, func.coalesce(counts.c.predictions, 0)


def _counts() -> Selected:
    return (
        select(versions.c.model_id, func.count().label("predictions"))
        .join_from(predictions, versions, versions.c.id == predictions.c.version_id)
        .group_by(versions.c.model_id)
    )


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
_FIND = Query(_select().where(accounts.c.name == bindparam("owner"), models.c.name == bindparam("name")))
_GET = Query(_select().where(models.c.id == bindparam("id")))
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
