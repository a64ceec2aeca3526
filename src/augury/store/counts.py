"""How often models were run: what is folded into the model's row, and what came since.

A trigger counts each new prediction in `fresh_counts`, in its own transaction; `fold` adds that to the models now and
then, so that lists can be sorted by an index. Both together are the exact number at any time, also of predictions that
were removed since. Knows no clock.
"""

from __future__ import annotations

from collections import Counter

from sqlalchemy import BigInteger, ColumnElement, bindparam, cast, delete, func, literal_column, select, tuple_, update

from augury.store.connection import Connection, Query
from augury.store.derived import fresh_counts
from augury.store.tables import models, versions

FOLD = 500
"""Rows that one transaction folds."""

_VERSIONS = versions.alias("counted_versions")
_FRESH = fresh_counts.alias("fresh")

TOTAL: ColumnElement[int] = models.c.predictions + func.coalesce(
    select(cast(func.sum(_FRESH.c.predictions), BigInteger))
    .select_from(_VERSIONS)
    .join(_FRESH, _FRESH.c.version_id == _VERSIONS.c.id)
    .where(_VERSIONS.c.model_id == models.c.id)
    .correlate(models)
    .scalar_subquery(),
    0,
)
"""The number of predictions of all versions of a model, in a statement that has its row."""

# Not the column itself: SQLite would go through all versions in the order of an index.
_MODEL_ID = versions.c.model_id.concat(literal_column("''"))
FRESH = (
    select(
        _MODEL_ID.label("model_id"),
        cast(func.sum(fresh_counts.c.predictions), BigInteger).label("predictions"),
    )
    .join_from(fresh_counts, versions, versions.c.id == fresh_counts.c.version_id)
    .group_by(_MODEL_ID)
    .subquery("fresh_models")
)
"""Models that were run since the last fold, and how often since."""

RUN_OF_LATE = select(versions.c.model_id).join_from(fresh_counts, versions, versions.c.id == fresh_counts.c.version_id)
"""The ids of those models, some of them more than once."""


def unfolded(c: Connection) -> bool:
    """Whether there is anything to fold."""
    return bool(c.run(_ANY))


def fold(c: Connection) -> int:
    """Add fresh counts to their models; how many rows that were. What is being written just now waits for next time."""
    taken = c.run(_TAKE, limit=FOLD)
    sums: Counter[str] = Counter()
    for model_id, predictions in taken:
        sums[model_id] += predictions
    # In one order, so that two that fold at once cannot wait for each other.
    c.change_many(_ADD, [{"wanted": model_id, "more": sums[model_id]} for model_id in sorted(sums)])
    return len(taken)


_ANY = Query(select(fresh_counts.c.version_id).limit(1))
_KEY = (fresh_counts.c.version_id, fresh_counts.c.writer)
_TAKE = Query(
    delete(fresh_counts)
    .where(tuple_(*_KEY).in_(select(*_KEY).limit(bindparam("limit")).with_for_update(skip_locked=True)))
    .returning(
        select(versions.c.model_id).where(versions.c.id == fresh_counts.c.version_id).scalar_subquery(),
        fresh_counts.c.predictions,
    )
)
_ADD = Query(
    update(models)
    .where(models.c.id == bindparam("wanted"))
    .values(predictions=models.c.predictions + bindparam("more"))
)
