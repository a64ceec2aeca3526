"""How much happened in the last minutes, for admins: put together from what the store counts, and kept for a moment.

    counts by minute and version, what is queued now -> minute by minute, how long the queue was at the end of each

However many look at once, it is read once every few seconds. Knows nothing about how it is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import anyio

from augury.domain import jsontext
from augury.domain.account import Caller
from augury.domain.errors import InvalidRequest
from augury.domain.prediction import QUEUED, ModelRef
from augury.store import statistics as rows
from augury.store.connection import Connection
from augury.store.database import Database
from augury.store.statistics import MINUTE, Broken, Counted, Queue, Times

__all__ = ["Broken", "Counted", "Figures", "Minute", "OfModel", "Queue", "Statistics", "Times"]

LONGEST = 180
"""Minutes that may be asked for."""
REMEMBERED = 3_000_000
"""Microseconds that an answer is given again; one that took long, ten times as long as it took."""
MOST_MODELS = 50
MOST_BROKEN = 50
LINES = 50


@dataclass(frozen=True, slots=True)
class Minute:
    """One minute, beginning `at`; the last one has not ended yet."""

    at: int
    created: int
    counted: Counted
    """Of those that ended in it."""
    queued: int
    """How many waited at its end."""


@dataclass(frozen=True, slots=True)
class OfModel:
    """The same minutes together, of one version."""

    model: ModelRef
    created: int
    counted: Counted


@dataclass(frozen=True, slots=True)
class Figures:
    """All of it. Times are microseconds since the epoch."""

    since: int
    until: int
    complete: bool
    """Whether it begins when it should; else more happened than is counted."""
    queue: Queue
    minutes: list[Minute]
    models: list[OfModel]
    broken: list[Broken]


@dataclass(frozen=True)
class Statistics:
    """Reads them. `now` is in microseconds since the epoch."""

    db: Database
    now: Callable[[], int]
    _known: dict[int, tuple[Figures, int]] = field(default_factory=dict[int, tuple[Figures, int]], repr=False)
    """By how many minutes were asked for, and until when it may be given again."""
    _reading: anyio.Lock = field(default_factory=anyio.Lock, repr=False)

    async def read(self, caller: Caller, minutes: int) -> Figures:
        """The last so many minutes; raises Forbidden `admins_only`, and InvalidRequest for too many or none."""
        caller.demand_admin("see statistics")
        if not 1 <= minutes <= LONGEST:
            kind = "greater_than_equal" if minutes < 1 else "less_than_equal"
            raise InvalidRequest.at(
                "query", "minutes", msg=f"Input should be from 1 to {LONGEST}.", type=kind, input=minutes
            )
        async with self._reading:
            known = self._known.get(minutes)
            began = self.now()
            if known is not None and began < known[1]:
                return known[0]
            figures = await self.db.read(lambda c: _figures(c, began, minutes))
            took = self.now() - began
            self._known[minutes] = figures, began + took + max(REMEMBERED, 10 * took)
            return figures


def _figures(c: Connection, now: int, minutes: int) -> Figures:
    last = now // MINUTE
    first = last - minutes + 1
    begin = rows.reach(c, first * MINUTE)
    # Whole minutes, the present one at least.
    reached = min(last, -(-begin // MINUTE))
    since = reached * MINUTE
    by_minute, of_versions = rows.ended(c, since)
    queue = rows.queue(c)
    created = {one: rows.created(c, one * MINUTE, (one + 1) * MINUTE) for one in range(reached, last + 1)}
    lengths = _lengths(queue, created, rows.left(c, since))
    return Figures(
        since,
        now,
        complete=reached == first,
        queue=queue,
        minutes=[
            Minute(one * MINUTE, created[one], by_minute.get(one, Counted()), lengths[one])
            for one in range(reached, last + 1)
        ],
        models=_models(c, of_versions, queue, since),
        broken=[_said(one) for one in rows.broken(c, MOST_BROKEN, LINES)],
    )


def _lengths(queue: Queue, created: Mapping[int, int], left: Mapping[int, int]) -> dict[int, int]:
    """How many waited at the end of each minute: as many as now, without what came since, and with what left since."""
    waiting = sum(queue.active.get(one, 0) for one in QUEUED)
    began: dict[int, int] = {}
    for time in queue.began:
        began[time // MINUTE] = began.get(time // MINUTE, 0) + 1
    lengths: dict[int, int] = {}
    for minute in sorted(created, reverse=True):
        # What was given back began twice, and is counted once.
        lengths[minute] = max(0, waiting)
        waiting += left.get(minute, 0) + began.get(minute, 0) - created[minute]
    return lengths


def _models(c: Connection, of_versions: Mapping[int, Counted], queue: Queue, since: int) -> list[OfModel]:
    def much(version: int) -> tuple[int, int]:
        counted = of_versions.get(version)
        return queue.of_versions.get(version, 0) + (0 if counted is None else sum(counted.ended.values())), version

    busiest = sorted({*of_versions, *queue.of_versions}, key=much, reverse=True)[:MOST_MODELS]
    known = rows.names(c, busiest)
    found = [OfModel(known[one], rows.created_of(c, one, since), of_versions.get(one, Counted())) for one in busiest]
    return sorted(found, key=lambda one: one.created + sum(one.counted.ended.values()), reverse=True)


def _said(broken: Broken) -> Broken:
    """With the sentence alone of its reason."""
    reason = jsontext.loads(broken.reason)
    message = reason.get("message") if isinstance(reason, dict) else None
    return Broken(broken.model, message if isinstance(message, str) else "", broken.since, broken.lines)
