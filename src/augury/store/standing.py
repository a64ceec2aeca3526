"""How models stand: what is known of each one's latest version and of the workers that it has.

Read for a page of models at once, each by an index. What follows from it is `domain.model.model_status`.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, bindparam, select, text

from augury.domain.ids import ModelId
from augury.domain.model import ModelStatus, model_status
from augury.store.connection import Connection, Query, Row
from augury.store.tables import versions, workers


def of_models(c: Connection, model_ids: Sequence[ModelId]) -> dict[ModelId, ModelStatus]:
    """The status of those models that have a version."""
    if not model_ids:
        return {}
    found: Sequence[Row]
    if len(model_ids) == 1:
        found = c.run(_OF_ONE, model_id=model_ids[0])
    else:
        found = [tuple(row) for row in c.execute(_OF_MODELS.where(versions.c.model_id.in_(model_ids)))]
    broken: dict[ModelId, bool] = {}
    workers_of: dict[ModelId, set[str]] = {}
    for model_id, broken_at, state in found:
        broken[model_id] = broken_at is not None
        workers_of.setdefault(model_id, set()).add(state)
    return {one: model_status(broken=broken[one], workers=workers_of[one]) for one in broken}


_later = versions.alias("later")
_OF_MODELS = (
    select(versions.c.model_id, versions.c.broken_at, workers.c.state)
    # Of no type: a partial index is found for what is said word by word.
    .join_from(
        versions, workers, and_(workers.c.version_id == versions.c.id, text("workers.state <> 'ended'")), isouter=True
    )
    .where(
        versions.c.deleted_at.is_(None),
        ~select(_later.c.id)
        .where(
            _later.c.model_id == versions.c.model_id, _later.c.number > versions.c.number, _later.c.deleted_at.is_(None)
        )
        .exists(),
    )
)
_OF_ONE = Query(_OF_MODELS.where(versions.c.model_id == bindparam("model_id")))
