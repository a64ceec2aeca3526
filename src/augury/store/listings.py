"""Lists of models: by age or by how often they ran, of everybody or of one owner, in certain categories.

Each is read from its place on along an index. Those that ran of late stand elsewhere than the index says, as their
fresh predictions are not in it: they are few, left out of the walk, and merged into its end. Knows no rule about who
may see what.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import merge
from itertools import islice

from sqlalchemy import ColumnElement, Integer, bindparam, func, literal_column, select, tuple_

from augury.domain.ids import AccountId
from augury.domain.model import Model
from augury.store.connection import Connection, Query, Row
from augury.store.counts import FRESH, RUN_OF_LATE
from augury.store.models import COLUMNS, Selected, from_rows, select_models
from augury.store.tables import accounts, model_categories, models

MOST_CATEGORIES = 20
"""How many categories a list may be narrowed to."""
_FEW = 2_000
"""So many models of categories are sorted; where there are more, the next ones are soon met in the list's order."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Which models are listed, and in which order."""

    listed: bool = True
    """Only those that everybody sees."""
    account_id: AccountId | None = None
    by_count: bool = False
    """Sorted by how often they ran, else by when they were made."""
    descending: bool = False
    used: bool = False
    """Only those that ever ran."""
    categories: tuple[str, ...] = ()
    """Only those in any of these, where there are any."""


def page(
    c: Connection, listing: Listing, *, position: tuple[int, str] | None, backward: bool, limit: int
) -> list[Model]:
    """The `limit` models next to a position (count or time, and id), in the list's order."""
    params: dict[str, object] = {f"slug{number}": slug for number, slug in enumerate(listing.categories)}
    few = bool(listing.categories) and c.run(_size(len(listing.categories)), **params)[0][0] <= _FEW
    if listing.account_id is not None:
        params["account_id"] = listing.account_id
    if position is not None:
        params |= {"value": position[0], "id": position[1]}
    shape = _Shape(
        listing.listed,
        listing.account_id is not None,
        listing.by_count,
        listing.used,
        len(listing.categories),
        few,
        None if position is None else listing.descending == backward,
        listing.descending == backward,
    )
    found: Sequence[Row] = c.run(_walk(shape), limit=limit, **params)
    if listing.by_count:
        found = _merged(found, c.run(_late(shape), limit=limit, **params), limit, upwards=shape.upwards)
    listed = from_rows(c, found)
    if backward:
        listed.reverse()
    return listed


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a statement is made of; its values come later."""

    listed: bool
    of_account: bool
    by_count: bool
    used: bool
    categories: int
    few: bool
    """The categories have so few models that they are read first."""
    placed: bool | None
    """Whether what is greater than a position is wanted, or what is less; None from the beginning."""
    upwards: bool


def _merged(one: Iterable[Row], other: Iterable[Row], limit: int, *, upwards: bool) -> list[Row]:
    both = merge(one, other, key=lambda row: (row[-1], row[0]), reverse=not upwards)
    return list(islice(both, limit))


@lru_cache(maxsize=256)
def _walk(shape: _Shape) -> Query:
    """What is found along an index; the last column is what the list is sorted by."""
    value: ColumnElement[int] = models.c.predictions if shape.by_count else models.c.created_at
    if shape.few:
        # Not along the index of the order, but sorted: nobody else knows how few there are.
        value = value + literal_column("0", Integer)
    statement = select_models().add_columns(value.label("value"))
    if shape.by_count:
        statement = statement.where(models.c.id.not_in(RUN_OF_LATE))
        if shape.used:
            statement = statement.where(models.c.predictions > 0)
    return _placed(_narrowed(statement, shape), shape, value)


@lru_cache(maxsize=256)
def _late(shape: _Shape) -> Query:
    """Those that ran of late, by how often they ran in all."""
    value: ColumnElement[int] = models.c.predictions + FRESH.c.predictions
    statement = (
        select(*COLUMNS, value.label("value"))
        .select_from(FRESH)
        .join(models, models.c.id == FRESH.c.model_id)
        .join(accounts, accounts.c.id == models.c.account_id)
        .where(models.c.deleted_at.is_(None))
    )
    return _placed(_narrowed(statement, shape), shape, value)


def _narrowed(statement: Selected, shape: _Shape) -> Selected:
    if shape.listed:
        # As the index says it, word by word.
        statement = statement.where(literal_column("models.visibility <> 'private'"))
    if shape.of_account:
        statement = statement.where(models.c.account_id == bindparam("account_id"))
    if not shape.categories:
        return statement
    chosen = select(model_categories.c.model_id).where(_in_categories(shape.categories))
    if shape.few:
        return statement.where(models.c.id.in_(chosen))
    return statement.where(chosen.where(model_categories.c.model_id == models.c.id).correlate(models).exists())


def _placed(statement: Selected, shape: _Shape, value: ColumnElement[int]) -> Query:
    order = (value, models.c.id)
    if shape.placed is not None:
        here, there = tuple_(*order), tuple_(bindparam("value"), bindparam("id"))
        statement = statement.where(here > there if shape.placed else here < there)
    ordered = statement.order_by(*(one.asc() if shape.upwards else one.desc() for one in order))
    return Query(ordered.limit(bindparam("limit")))


@lru_cache(maxsize=MOST_CATEGORIES)
def _size(categories: int) -> Query:
    """How many models are in some of the categories, as far as that matters."""
    some = select(model_categories.c.model_id).where(_in_categories(categories)).limit(_FEW + 1).subquery()
    return Query(select(func.count()).select_from(some))


def _in_categories(categories: int) -> ColumnElement[bool]:
    return model_categories.c.slug.in_([bindparam(f"slug{number}") for number in range(categories)])
