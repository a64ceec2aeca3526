"""How things stand, in numbers, for whoever watches: read in one go, each by an index.

Knows no clock, and not how numbers are shown.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, func, select, text

from augury.store import removal
from augury.store.connection import Connection, Query
from augury.store.tables import accounts, deliveries, models, predictions, versions, workers


@dataclass(frozen=True, slots=True)
class VersionGauges:
    """One version that has something queued, running or started. Times are microseconds since the epoch."""

    model: str
    """owner/name:number"""
    queued: int
    oldest_at: int | None
    """When the oldest that is queued was created."""
    assigned: int
    """How many workers have, running or about to."""
    workers: dict[str, int]
    """How many workers are in each state."""


@dataclass(frozen=True, slots=True)
class Gauges:
    """All of it."""

    versions: list[VersionGauges]
    deliveries: int
    """Deliveries to webhooks that are still to be made."""
    oldest_delivery: int | None
    size: int
    """Bytes of the database."""


def read(c: Connection) -> Gauges:
    """How things stand now."""
    queued = {version: (count, first) for version, count, first in c.run(_QUEUED)}
    assigned: dict[int, int] = dict(c.run(_ASSIGNED))
    states: dict[int, dict[str, int]] = {}
    for version, state, count in c.run(_WORKERS):
        states.setdefault(version, {})[state] = count
    found: list[VersionGauges] = []
    for version in sorted({*queued, *assigned, *states}):
        count, first = queued.get(version, (0, None))
        oldest = None if first is None else c.run(_CREATED, wanted=first)[0][0]
        ((owner, name, number),) = c.run(_MODEL, wanted=version)
        found.append(
            VersionGauges(f"{owner}/{name}:{number}", count, oldest, assigned.get(version, 0), states.get(version, {}))
        )
    ((open_, due),) = c.run(_DELIVERIES)
    return Gauges(found, open_, due, removal.size(c))


def answers(c: Connection) -> None:
    """Read next to nothing: whether the database answers."""
    c.run(_NOTHING)


_NOTHING = Query(text("SELECT 1"))
_queued = text("predictions.status IN ('pending', 'starting') AND predictions.worker_id IS NULL")
_QUEUED = Query(
    select(predictions.c.version_id, func.count(), func.min(predictions.c.id))
    .where(_queued)
    .group_by(predictions.c.version_id)
)
_ASSIGNED = Query(
    select(predictions.c.version_id, func.count())
    .where(predictions.c.worker_id.is_not(None), predictions.c.finished_at.is_(None))
    .group_by(predictions.c.version_id)
)
_CREATED = Query(select(predictions.c.created_at).where(predictions.c.id == bindparam("wanted")))
_WORKERS = Query(
    select(workers.c.version_id, workers.c.state, func.count())
    .where(workers.c.state != text("'ended'"))
    .group_by(workers.c.version_id, workers.c.state)
)
_MODEL = Query(
    select(accounts.c.name, models.c.name, versions.c.number)
    .join_from(versions, models, models.c.id == versions.c.model_id)
    .join(accounts, accounts.c.id == models.c.account_id)
    .where(versions.c.id == bindparam("wanted"))
)
_DELIVERIES = Query(
    select(func.count(), func.min(deliveries.c.due_at)).where(text("deliveries.state IN ('due', 'sending')"))
)
