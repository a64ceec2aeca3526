"""What happened of late, counted: by the minute, by the version, and how long things waited and ran.

What ended is counted in an index that has all it takes, what was created as ranges of ids: no row is read. Percentiles
are exact, by rank, and worked out by the database, which holds up nobody meanwhile. Knows no clock, and no JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, bindparam, case, func, literal_column, select, text

from augury.domain.ids import before_all, made_at
from augury.domain.logline import LogLine
from augury.domain.prediction import TERMINAL, ModelRef, Status
from augury.store import logbook
from augury.store.connection import Connection, Query, Row
from augury.store.predictions import model_ref
from augury.store.tables import accounts, models, predictions, versions

MINUTE = 60_000_000
"""Microseconds."""
MOST = 100_000
"""Of what ended, and of what was created, so many are counted: the newest."""


@dataclass(frozen=True, slots=True)
class Times:
    """The time that half of some took no longer than, and that of 95 in 100; microseconds."""

    p50: int
    p95: int


@dataclass(slots=True)
class Counted:
    """What happened in a minute, or to a version."""

    ended: dict[Status, int] = field(default_factory=dict[Status, int])
    queue_time: Times | None = None
    """From being created until they began to run, of those that ended here."""
    run_time: Times | None = None


@dataclass(slots=True)
class Queue:
    """What has not ended, by state; `oldest_at` is when the oldest that has not begun was created."""

    active: dict[Status, int] = field(default_factory=dict[Status, int])
    oldest_at: int | None = None
    of_versions: dict[int, int] = field(default_factory=dict[int, int])
    began: list[int] = field(default_factory=list[int])
    """When those began that run."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A version that cannot start, with the last lines of its setups."""

    model: ModelRef
    reason: str
    since: int
    lines: list[LogLine]


def reach(c: Connection, since: int, most: int = MOST) -> int:
    """The time from which on no more than `most` ended and no more were created: `since`, or later."""
    found = since
    for (finished_at,) in c.run(_NTH_ENDED, since=since, most=most):
        found = max(found, finished_at + 1)
    for (id_,) in c.run(_NTH_CREATED, low=before_all(since), most=most):
        found = max(found, int(made_at(id_) * 1_000_000) + 1_000)
    return found


def ended(c: Connection, since: int) -> tuple[dict[int, Counted], dict[int, Counted]]:
    """What ended since a time: by the minute (whole ones since the epoch), and by the id of its version."""
    minutes: dict[int, Counted] = {}
    of_versions: dict[int, Counted] = {}
    for minute, version, status, number in c.run(_ENDED, since=since):
        for each in (minutes.setdefault(minute, Counted()), of_versions.setdefault(version, Counted())):
            each.ended[Status(status)] = each.ended.get(Status(status), 0) + number
    for counted, queue_times, run_times in (
        (minutes, _QUEUE_TIMES_OF_MINUTES, _RUN_TIMES_OF_MINUTES),
        (of_versions, _QUEUE_TIMES_OF_VERSIONS, _RUN_TIMES_OF_VERSIONS),
    ):
        for key, p50, p95 in c.run(queue_times, since=since):
            counted[key].queue_time = Times(p50, p95)
        for key, p50, p95 in c.run(run_times, since=since):
            counted[key].run_time = Times(p50, p95)
    return minutes, of_versions


def left(c: Connection, since: int) -> dict[int, int]:
    """How many of those that ended since a time have left the queue in each minute: by beginning, or without."""
    return dict(map(_pair, c.run(_LEFT, since=since)))


def created(c: Connection, since: int, until: int) -> int:
    """How many were created from a time on, and before another."""
    return c.run(_CREATED, low=before_all(since), high=before_all(until))[0][0]


def created_of(c: Connection, version_id: int, since: int) -> int:
    """How many were created of a version from a time on."""
    low = before_all(since)
    total: int = c.run(_ACTIVE_OF_VERSION, version_id=version_id, low=low)[0][0]
    for status in TERMINAL:
        total += c.run(_ENDED_OF_VERSION, version_id=version_id, status=status.value, low=low)[0][0]
    return total


def queue(c: Connection) -> Queue:
    """What has not ended."""
    found = Queue()
    oldest: list[str] = []
    for version, status, number, first in c.run(_QUEUED):
        _add(found, version, Status(status), number)
        oldest.append(first)
    for id_, version, status, started_at in c.run(_ASSIGNED):
        _add(found, version, Status(status), 1)
        if status == Status.STARTED:
            found.began.append(started_at)
        else:
            oldest.append(id_)
    if oldest:
        found.oldest_at = c.run(_CREATED_AT, wanted=min(oldest))[0][0]
    return found


def broken(c: Connection, limit: int, lines: int) -> list[Broken]:
    """The versions that were found broken last, each with so many lines at most."""
    found: list[Broken] = []
    for version_id, owner, name, number, reason, since in c.run(_BROKEN, limit=limit):
        first = logbook.first_of_version(c, version_id, 1)
        said = logbook.of_version_before(c, version_id, first=first, before=2**62, limit=lines) if first else []
        found.append(Broken(ModelRef(owner, name, number), reason, since, said[::-1]))
    return found


def names(c: Connection, version_ids: list[int]) -> Mapping[int, ModelRef]:
    """What these versions are called."""
    return {one: model_ref(c, one) for one in version_ids}


def _add(found: Queue, version: int, status: Status, number: int) -> None:
    found.active[status] = found.active.get(status, 0) + number
    found.of_versions[version] = found.of_versions.get(version, 0) + number


def _pair(row: Row) -> tuple[int, int]:
    return row[0], row[1]


_P = predictions.c
# As the index says it, word by word.
_HAS_ENDED: ColumnElement[bool] = literal_column("predictions.finished_at IS NOT NULL")
_SINCE = (_HAS_ENDED, _P.finished_at >= bindparam("since"))
# Not the column itself: a database would go through all that ever ended, in the order of its index.
_OF_VERSION_ID = _P.version_id + 0
_OF_MINUTE = _P.finished_at // literal_column(str(MINUTE))


def _times(key: ColumnElement[int], value: ColumnElement[int]) -> Query:
    """For each key the value at which half are reached, and 95 in 100: of n sorted ones the ⌈n·p/100⌉th."""
    ranked = (
        select(
            key.label("key"),
            value.label("value"),
            func.row_number().over(partition_by=key, order_by=value).label("rank"),
            func.count().over(partition_by=key).label("number"),
        )
        .where(*_SINCE, value.is_not(None))
        .subquery()
    )
    reached = [func.min(case((ranked.c.rank * 100 >= ranked.c.number * one, ranked.c.value))) for one in (50, 95)]
    return Query(select(ranked.c.key, *reached).group_by(ranked.c.key))


_WAITED = _P.started_at - _P.created_at
_QUEUE_TIMES_OF_MINUTES = _times(_OF_MINUTE, _WAITED)
_RUN_TIMES_OF_MINUTES = _times(_OF_MINUTE, _P.execution_time)
_QUEUE_TIMES_OF_VERSIONS = _times(_OF_VERSION_ID, _WAITED)
_RUN_TIMES_OF_VERSIONS = _times(_OF_VERSION_ID, _P.execution_time)
_NTH_ENDED = Query(
    select(_P.finished_at).where(*_SINCE).order_by(_P.finished_at.desc()).limit(1).offset(bindparam("most"))
)
_NTH_CREATED = Query(
    select(_P.id).where(_P.id > bindparam("low")).order_by(_P.id.desc()).limit(1).offset(bindparam("most"))
)
_ENDED = Query(
    select(_OF_MINUTE, _P.version_id, _P.status, func.count())
    .where(*_SINCE)
    .group_by(_OF_MINUTE, _P.version_id, _P.status)
)
_LEFT_IN = func.coalesce(_P.started_at, _P.finished_at) // literal_column(str(MINUTE))
_LEFT = Query(select(_LEFT_IN, func.count()).where(*_SINCE).group_by(_LEFT_IN))
_CREATED = Query(
    select(func.count()).select_from(predictions).where(_P.id > bindparam("low"), _P.id < bindparam("high"))
)
_OF_VERSION = (_P.version_id == bindparam("version_id"), _P.id > bindparam("low"))
_ENDED_OF_VERSION = Query(
    select(func.count()).select_from(predictions).where(_HAS_ENDED, *_OF_VERSION, _P.status == bindparam("status"))
)
_IS_QUEUED = text("predictions.status IN ('pending', 'starting') AND predictions.worker_id IS NULL")
_IS_ASSIGNED = (_P.worker_id.is_not(None), _P.finished_at.is_(None))
_ACTIVE_OF_VERSION = Query(
    select(
        select(func.count()).select_from(predictions).where(_IS_QUEUED, *_OF_VERSION).scalar_subquery()
        + select(func.count())
        .select_from(predictions)
        # So that it leads to no index: nobody else knows that they are few.
        .where(*_IS_ASSIGNED, _P.version_id + 0 == bindparam("version_id"), _P.id.concat("") > bindparam("low"))
        .scalar_subquery()
    )
)
_QUEUED = Query(
    select(_P.version_id, _P.status, func.count(), func.min(_P.id)).where(_IS_QUEUED).group_by(_P.version_id, _P.status)
)
_ASSIGNED = Query(select(_P.id, _P.version_id, _P.status, _P.started_at).where(*_IS_ASSIGNED))
_CREATED_AT = Query(select(_P.created_at).where(_P.id == bindparam("wanted")))
_BROKEN = Query(
    select(
        versions.c.id, accounts.c.name, models.c.name, versions.c.number, versions.c.broken_reason, versions.c.broken_at
    )
    .join_from(versions, models, models.c.id == versions.c.model_id)
    .join(accounts, accounts.c.id == models.c.account_id)
    .where(
        literal_column("versions.broken_at IS NOT NULL"),
        versions.c.deleted_at.is_(None),
        models.c.deleted_at.is_(None),
    )
    .order_by(versions.c.broken_at.desc(), versions.c.id.desc())
    .limit(bindparam("limit"))
)
