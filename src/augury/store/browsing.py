"""Lists of predictions: of an account or of everybody, of any states, of a model or a version, of some time.

Each is read from its place on along an index, which takes several where states are in different ones: together these
find no more than a few rows too many. Ids sort by time, so a time is a range of them. Knows no rule on who sees what.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, literal_column, select

from augury.domain.ids import AccountId, ModelId, before_all
from augury.domain.prediction import ACTIVE, QUEUED, TERMINAL, Prediction, Status
from augury.store.connection import Connection, Query, Row
from augury.store.predictions import joined, rows_to_predictions
from augury.store.tables import predictions, versions

_SLACK = 10_000_000
"""Microseconds by which an id may tell another time than its row."""


@dataclass(frozen=True, slots=True)
class Among:
    """What a list is narrowed to, beside its states. Times are in microseconds since the epoch."""

    model_id: ModelId | None = None
    """All versions of a model."""
    version_id: int | None = None
    """One version; then no model is needed."""
    since: int | None = None
    """Created then or later."""
    until: int | None = None
    """Created before."""


_ALL = Among()


def page(
    c: Connection,
    account_id: AccountId | None,
    *,
    statuses: Sequence[Status] | None,
    before: str | None,
    after: str | None,
    limit: int,
    among: Among = _ALL,
) -> list[Prediction]:
    """Predictions, newest first: the `limit` next older than `before`, or next newer than `after`.

    Those of an account, or everybody's. Without their contents, which lists do not show: input, output, error and
    metrics are None.
    """
    upwards = after is not None and before is None
    params: dict[str, object] = {
        "limit": limit,
        "account_id": account_id,
        "before": _least(before, None if among.until is None else before_all(among.until + _SLACK)),
        "after": _greatest(after, None if among.since is None else before_all(among.since - _SLACK)),
        "since": among.since,
        "until": among.until,
        "model_id": among.model_id,
        "version_id": among.version_id,
    }
    given = {name: value for name, value in params.items() if value is not None}
    shape = _Shape(frozenset(given) - {"limit"}, None if statuses is None else frozenset(statuses), upwards=upwards)
    found: list[Row] = []
    for source in _sources(shape):
        found += _read(c, source, shape, given)
    found.sort(key=_id, reverse=not upwards)
    listed = rows_to_predictions(found[:limit])
    if upwards:
        listed.reverse()
    return listed


@dataclass(frozen=True, slots=True)
class _Shape:
    """What statements are made of; their values come later."""

    given: frozenset[str]
    """The names of those values."""
    statuses: frozenset[Status] | None
    upwards: bool

    @property
    def of_versions(self) -> bool:
        """Whether it is narrowed to a model or a version."""
        return "version_id" in self.given or "model_id" in self.given


@dataclass(frozen=True, slots=True)
class _Source:
    """What finds a part of a list: all of it at once, or the part of one version after the other."""

    page: Query
    heads: Query | None = None
    """The first id of each version of a model."""


def _read(c: Connection, source: _Source, shape: _Shape, params: Mapping[str, Any]) -> list[Row]:
    """The first rows of a source; of versions those alone are read that have some of them."""
    if source.heads is None:
        return c.run(source.page, **params)
    heads = [(head, version) for version, head in c.run(source.heads, **params) if head is not None]
    found: list[Row] = []
    for head, version in sorted(heads, reverse=not shape.upwards):
        if len(found) == params["limit"] and (head > found[-1][0]) == shape.upwards:
            break
        found += c.run(source.page, **params, version_id=version)
        found.sort(key=_id, reverse=not shape.upwards)
        del found[params["limit"] :]
    return found


def _id(row: Row) -> str:
    return row[0]


def _least(one: str | None, other: str | None) -> str | None:
    return min((each for each in (one, other) if each is not None), default=None)


def _greatest(one: str | None, other: str | None) -> str | None:
    return max((each for each in (one, other) if each is not None), default=None)


@lru_cache(maxsize=1024)
def _sources(shape: _Shape) -> tuple[_Source, ...]:
    return tuple(_of_versions(shape) if shape.of_versions else _of_all(shape))


def _of_all(shape: _Shape) -> Iterator[_Source]:
    """Most predictions have succeeded, and among them nothing else could be found without reading all."""
    plain, own = predictions.c.id, "account_id" in shape.given
    account = [predictions.c.account_id == bindparam("account_id")] if own else []
    if shape.statuses is None:
        yield _source(shape, plain, *account)
        return
    if Status.SUCCEEDED in shape.statuses:
        yield _source(shape, plain, *account, _one_of((Status.SUCCEEDED,)))
    for one in _WRONG:
        if one in shape.statuses:
            yield _source(shape, plain, *account, _GONE, _one_of((one,)))
    active = tuple(one for one in ACTIVE if one in shape.statuses)
    if not active:
        return
    # That they are in order, and of what runs whose it is, is said so that it leads to no index: nobody else knows
    # that they are few.
    whose = [predictions.c.account_id.concat("") == bindparam("account_id")] if own else []
    yield _source(shape, plain.concat(""), *account, _QUEUE, _WAITS, _one_of(active))
    yield _source(shape, plain.concat(""), *whose, _ASSIGNED, _RUNS, _one_of(active))


def _of_versions(shape: _Shape) -> Iterator[_Source]:
    """One index has what ended, by version and state."""
    statuses = frozenset(Status) if shape.statuses is None else shape.statuses
    own = "account_id" in shape.given
    whose = [predictions.c.account_id.concat("") == bindparam("account_id")] if own else []
    account = [predictions.c.account_id == bindparam("account_id")] if own else []
    for one in TERMINAL:
        if one in statuses:
            yield _by_version(shape, *account, _ENDED, predictions.c.status == literal_column(f"'{one}'"))
    active = tuple(one for one in ACTIVE if one in statuses)
    if not active:
        return
    yield _by_version(shape, *whose, _QUEUE, _WAITS, _one_of(active))
    which = (
        predictions.c.version_id + 0 == bindparam("version_id")
        if "version_id" in shape.given
        else versions.c.model_id.concat("") == bindparam("model_id")
    )
    yield _source(shape, predictions.c.id.concat(""), which, *whose, _ASSIGNED, _RUNS, _one_of(active))


def _by_version(shape: _Shape, *where: ColumnElement[bool]) -> _Source:
    found = _source(shape, predictions.c.id, predictions.c.version_id == bindparam("version_id"), *where)
    if "version_id" in shape.given:
        return found
    head = _ordered(
        select(predictions.c.id).where(predictions.c.version_id == versions.c.id, *where), shape, predictions.c.id
    ).limit(1)
    heads = select(versions.c.id, head.correlate(versions).scalar_subquery()).where(
        versions.c.model_id == bindparam("model_id")
    )
    return _Source(found.page, Query(heads))


def _source(shape: _Shape, id_: ColumnElement[str], *where: ColumnElement[bool]) -> _Source:
    return _Source(Query(_ordered(joined(contents=False).where(*where), shape, id_).limit(bindparam("limit"))))


def _ordered(statement: Select[Any], shape: _Shape, id_: ColumnElement[str]) -> Select[Any]:
    limits = {
        "before": id_ < bindparam("before"),
        "after": id_ > bindparam("after"),
        "since": predictions.c.created_at >= bindparam("since"),
        "until": predictions.c.created_at < bindparam("until"),
    }
    narrowed = statement.where(*(limit for name, limit in limits.items() if name in shape.given))
    return narrowed.order_by(id_.asc() if shape.upwards else id_.desc())


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
_ENDED = predictions.c.finished_at.is_not(None)
