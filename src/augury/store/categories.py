"""Categories as rows, and which models are in which.

Knows no clock and no rule about who may make one. What is found by search follows each change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from sqlalchemy import bindparam, delete, select
from sqlalchemy import insert as sql_insert
from sqlalchemy import update as sql_update

from augury.domain.ids import ModelId
from augury.domain.model import Category
from augury.store import search
from augury.store.connection import Connection, Query
from augury.store.tables import categories, model_categories, models

CHANGEABLE = ("name", "description")
"""The columns that `update` takes."""


def insert(c: Connection, category: Category) -> None:
    """Store a new category; raises ConstraintViolated where there is one with its slug."""
    c.change(
        _INSERT,
        slug=category.slug,
        name=category.name,
        description=category.description,
        created_at=category.created_at,
    )


def get(c: Connection, slug: str) -> Category | None:
    """The category."""
    return next((Category(*row) for row in c.run(_GET, slug=slug)), None)


def page(c: Connection, *, position: str | None, backward: bool, limit: int) -> list[Category]:
    """The `limit` categories next to a slug, in the order of their slugs."""
    place = {} if position is None else {"position": position}
    found = [Category(*row) for row in c.run(_page(position is not None, backward), limit=limit, **place)]
    if backward:
        found.reverse()
    return found


def update(c: Connection, slug: str, changes: Mapping[str, str]) -> Category | None:
    """Set columns of CHANGEABLE; the category as it is then, None where there is none."""
    members = _members(c, slug)
    if changes:
        c.change(_update(tuple(sorted(changes))), wanted=slug, **changes)
        search.refresh_models(c, members)
    return get(c, slug)


def remove(c: Connection, slug: str) -> bool:
    """Delete the category and take it off its models; False where there is none."""
    members = _members(c, slug)
    if c.change(_DELETE, slug=slug) != 1:
        return False
    search.refresh_models(c, members)
    return True


def missing(c: Connection, slugs: Sequence[str]) -> list[int]:
    """The places of those slugs that name no category; the others stay until this transaction has ended."""
    return [place for place, slug in enumerate(slugs) if not c.run(_KEEP, slug=slug)]


def put(c: Connection, model_id: ModelId, slugs: Sequence[str]) -> None:
    """Make these the categories of a model, whose row this transaction has changed or made."""
    c.change(_TAKE_OFF, model_id=model_id)
    c.change_many(_PUT, [{"model_id": model_id, "slug": slug} for slug in dict.fromkeys(slugs)])
    search.refresh_model(c, model_id)


def of_models(c: Connection, model_ids: Sequence[ModelId]) -> dict[ModelId, tuple[Category, ...]]:
    """The categories of those models that are in any, by name."""
    if not model_ids:
        return {}
    found: dict[ModelId, tuple[Category, ...]] = {}
    if len(model_ids) == 1:
        rows = c.run(_OF_ONE, model_id=model_ids[0])
    else:
        rows = [tuple(row) for row in c.execute(_OF_MODELS.where(model_categories.c.model_id.in_(model_ids)))]
    for model_id, *category in rows:
        found[model_id] = (*found.get(model_id, ()), Category(*category))
    return found


def _members(c: Connection, slug: str) -> list[ModelId]:
    """The models in a category; whoever changes one of them just now ends first."""
    return [row[0] for row in c.run(_MEMBERS, slug=slug)]


@lru_cache(maxsize=8)
def _page(placed: bool, backward: bool) -> Query:
    statement, slug = select(*_COLUMNS), categories.c.slug
    if placed:
        statement = statement.where(slug < bindparam("position") if backward else slug > bindparam("position"))
    return Query(statement.order_by(slug.desc() if backward else slug.asc()).limit(bindparam("limit")))


@lru_cache(maxsize=8)
def _update(names: tuple[str, ...]) -> Query:
    if unknown := set(names) - set(CHANGEABLE):
        raise ValueError(f"{unknown} cannot be changed")
    return Query(
        sql_update(categories)
        .where(categories.c.slug == bindparam("wanted"))
        .values(**{name: bindparam(name) for name in names})
    )


_COLUMNS = (categories.c.slug, categories.c.name, categories.c.description, categories.c.created_at)
_INSERT = Query(sql_insert(categories).values({column.name: bindparam(column.name) for column in _COLUMNS}))
_GET = Query(select(*_COLUMNS).where(categories.c.slug == bindparam("slug")))
_KEEP = Query(select(categories.c.slug).where(categories.c.slug == bindparam("slug")).with_for_update(key_share=True))
_DELETE = Query(delete(categories).where(categories.c.slug == bindparam("slug")))
_TAKE_OFF = Query(delete(model_categories).where(model_categories.c.model_id == bindparam("model_id")))
_PUT = Query(sql_insert(model_categories).values(model_id=bindparam("model_id"), slug=bindparam("slug")))
_MEMBERS = Query(
    select(models.c.id)
    .join_from(model_categories, models, models.c.id == model_categories.c.model_id)
    .where(model_categories.c.slug == bindparam("slug"), models.c.deleted_at.is_(None))
    .order_by(models.c.id)
    .with_for_update(of=models)
)
_OF_MODELS = (
    select(model_categories.c.model_id, *_COLUMNS)
    .join_from(model_categories, categories, categories.c.slug == model_categories.c.slug)
    .order_by(categories.c.name, categories.c.slug)
)
_OF_ONE = Query(_OF_MODELS.where(model_categories.c.model_id == bindparam("model_id")))
