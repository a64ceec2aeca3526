"""What is forgotten when it is old, or too much: contents of predictions, their rows, keys, workers, sessions.

    sweep -> walk along the ids from where the last one stopped -> what has ended long enough ago, a few at a time
          -> too big? what is oldest, until it is not

Ids are in the order of time, so a walk ends at the first prediction that is too young, and the next begins there; what
was passed and could not go yet is remembered. No index serves this. Never touches what has not ended.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import anyio

from augury.domain.ids import PredictionId
from augury.service.tally import Tally
from augury.store import idempotency, removal, sealed, sessions, workers
from augury.store.connection import Connection
from augury.store.database import Database
from augury.store.removal import Scanned

log = logging.getLogger(__name__)

T = TypeVar("T")

SETUPS_SECONDS = 30 * 86_400.0
"""How long at most a worker that ended is kept, with what its setup printed: for as long as contents are."""
TELLING_SECONDS = 3 * 86_400.0
"""How long after its end a prediction is kept for a webhook that could not be told yet."""
FRESH_SECONDS = 60.0
"""What ended a shorter time ago is kept, however big the database is: its caller may just be asking for it."""
LONGEST_SECONDS = 3600.0
SHORTEST_SECONDS = 1.0
SIZE_SECONDS = 60.0
"""How often the size is looked at, where it has a limit."""

_SETTLED_SECONDS = 10.0
"""A prediction made a shorter time ago may be stored after ones made after it: a walk comes by here again."""
_AGAIN_SECONDS = 86_400.0
"""How often a walk begins anew at the oldest, should one have missed anything."""
_LOOK = 500
"""Rows that one look reads."""
_BATCH_SECONDS = 0.004
"""How long one transaction goes on removing."""
_BATCH = 200
_FEW = 20
"""How many go before the size is looked at again."""
_ROWS = 2_000
"""Events and lines that one transaction deletes."""
_LATE_MOST = 50_000
"""How many predictions a walk remembers to come back to, before it waits for them."""


@dataclass(eq=False)
class _Walk:
    """Where a walk along the ids is, and what it has to come back to."""

    rows: bool = False
    """Whether whole rows go, and not only contents."""
    position: str = ""
    late: dict[PredictionId, None] = field(default_factory=dict[PredictionId, None])
    began: int | None = None
    first: bool = True
    """Whether it has not come to its end since the process started: what a crash left is looked for."""

    def begin(self, now: int) -> None:
        if self.began is None or now - self.began > _AGAIN_SECONDS * 1e6:
            self.position, self.began = "", now
            self.late.clear()


@dataclass(frozen=True)
class Keep:
    """How long things are kept, in seconds, 0 for ever; and how many bytes the database may have, None without end."""

    idempotency_ttl: float
    retention: float = 0.0
    records: float = 0.0
    size: int | None = None


@dataclass(frozen=True)
class Retention:
    """Removes what nobody needs any more."""

    db: Database
    now: Callable[[], int]
    keep: Keep
    tally: Tally = field(default_factory=Tally)
    _contents: _Walk = field(default_factory=_Walk, repr=False)
    _oldest: _Walk = field(default_factory=_Walk, repr=False)
    _records: _Walk = field(default_factory=lambda: _Walk(rows=True), repr=False)

    @property
    def interval(self) -> float:
        """Seconds from one sweep to the next: short enough that little is kept much longer than it should be."""
        ages = [age / 10 for age in (self.keep.retention, self.keep.records) if age > 0]
        often = min([LONGEST_SECONDS, *ages])
        if self.keep.size is not None:
            often = min(often, SIZE_SECONDS)
        return max(SHORTEST_SECONDS, often)

    async def sweep(self) -> int:
        """Remove what is too old or too much now; returns how many rows that were."""
        now = self.now()
        keep = self.keep
        total = await self._forget_keys(now - int(keep.idempotency_ttl * 1e6)) + await self._forget_secrets()
        total += await self._forget_sessions(now)
        setups = now - int(min(keep.retention or SETUPS_SECONDS, SETUPS_SECONDS) * 1e6)
        total += await self._write(lambda c: workers.forget_ended(c, setups))
        if keep.retention > 0:
            total += await self._by_age(self._contents, keep.retention, now)
        if keep.size is not None:
            total += await self._by_size(keep.size, now)
        if keep.records > 0:
            total += await self._by_age(self._records, keep.records, now)
        return total

    async def _forget_keys(self, before: int) -> int:
        total = 0
        while some := await self._write(lambda c: idempotency.forget_before(c, before, _ROWS)):
            total += some
            await anyio.sleep(_BATCH_SECONDS)
        return total

    async def _forget_secrets(self) -> int:
        """What was secret in the input of a prediction that has ended is not needed any more."""
        total = 0
        while some := await self._write(lambda c: sealed.forget_ended(c, _ROWS)):
            total += some
            await anyio.sleep(_BATCH_SECONDS)
        return total

    async def _forget_sessions(self, now: int) -> int:
        """Sessions that have ended, and codes for some, are not needed even to say so."""
        total = 0
        while some := await self._write(lambda c: sessions.forget_ended(c, now, _ROWS)):
            total += some
            await anyio.sleep(_BATCH_SECONDS)
        return total

    async def _by_age(self, walk: _Walk, age: float, now: int) -> int:
        """Let go what ended longer than `age` seconds ago."""
        before = now - int(age * 1e6)
        walk.begin(now)
        total = await self._come_back(walk, before, now)
        position = walk.position
        while len(walk.late) < _LATE_MOST:
            found = await self.db.read(lambda c, after=position: removal.scan(c, after, _LOOK))
            old = [one for one in found if one.created_at < before]
            if walk.first and not walk.rows and old:
                await self._finish_earlier(old)
            kept = [one for one in old if walk.rows or not one.removed]
            total += await self._let_go(walk, [one.id for one in kept if _due(one, before, now)])
            walk.late.update((one.id, None) for one in kept if not _due(one, before, now))
            settled = [one.id for one in old if one.created_at < now - _SETTLED_SECONDS * 1e6]
            walk.position = settled[-1] if settled else walk.position
            if len(old) < _LOOK:
                walk.first = False
                break
            position = old[-1].id
        return total

    async def _come_back(self, walk: _Walk, before: int, now: int) -> int:
        """What was passed before its time may go by now."""
        total = 0
        passed = list(walk.late)
        for start in range(0, len(passed), _LOOK):
            some = passed[start : start + _LOOK]
            found = await self.db.read(lambda c, some=some: [removal.look(c, one) for one in some])
            due = [one.id for one in found if one is not None and _due(one, before, now)]
            total += await self._let_go(walk, due)
            for prediction_id, one in zip(some, found, strict=True):
                if one is None or _due(one, before, now) or (one.removed and not walk.rows):
                    del walk.late[prediction_id]
        return total

    async def _let_go(self, walk: _Walk, ids: Sequence[PredictionId]) -> int:
        return await (self._delete(ids) if walk.rows else self._remove(ids))

    async def _finish_earlier(self, among: Sequence[Scanned]) -> None:
        """Delete what a removal that was cut off left of some of these."""
        first, last = among[0].id, among[-1].id
        if any(one.removed for one in among):
            for prediction_id in await self.db.read(lambda c: removal.with_rest(c, first, last)):
                await self._remove_rest(prediction_id)

    async def _by_size(self, limit: int, now: int) -> int:
        """Remove what is oldest until the database is below its limit; rows, too, where nothing else is left."""
        meter = _Meter(self.db, limit)
        await meter.look()
        if not meter.over:
            return 0
        total = await self._shrink(self._oldest, meter, now)
        if meter.over:
            total += await self._shrink(_Walk(rows=True), meter, now)
        fields = {"used": meter.used, "limit": limit, "rows": total}
        if meter.over:
            log.warning("the database is over its limit and nothing is left to remove", extra=fields)
        else:
            log.info("removed what was oldest: the database was over its limit", extra=fields)
        return total

    async def _shrink(self, walk: _Walk, meter: _Meter, now: int) -> int:
        """Walk from the oldest on, for as long as there is too much."""
        fresh = now - int(FRESH_SECONDS * 1e6)
        walk.begin(now)
        total, after, unbroken = 0, walk.position, True
        while meter.over:
            found = await self.db.read(lambda c, after=after: removal.scan(c, after, _LOOK))
            going = sorted(
                (one for one in found if (walk.rows or not one.removed) and _due(one, fresh, now)),
                key=lambda one: one.finished_at or 0,
            )
            for start in range(0, len(going), _FEW):
                ids = [one.id for one in going[start : start + _FEW]]
                if meter.over:
                    await meter.note(ids)
                    total += await self._let_go(walk, ids)
                    await meter.look_again()
            # Nothing has to come by here again where nothing is left.
            unbroken = unbroken and meter.over and all(one.removed or _due(one, fresh, now) for one in found)
            if unbroken and found:
                walk.position = found[-1].id
            if len(found) < _LOOK:
                break
            after = found[-1].id
        return total

    async def _remove(self, ids: Sequence[PredictionId]) -> int:
        """Remove the contents of these, a few in each transaction; how many had any."""
        total = 0
        rest = list(ids)
        while rest:
            some, now = rest[:_BATCH], self.now()
            gone, done, seconds = await self._write(lambda c, some=some, now=now: _each(some, partial(_head, c, now)))
            for prediction_id in gone:
                await self._remove_rest(prediction_id)
            total += len(gone)
            rest = rest[done:]
            await anyio.sleep(seconds)
        self.tally.removed += total
        return total

    async def _remove_rest(self, prediction_id: PredictionId) -> None:
        left = True
        while left:
            left = await self._write(lambda c: removal.remove_rest(c, prediction_id, _ROWS)) == _ROWS
            # Others first: as long as it took, about.
            await anyio.sleep(_BATCH_SECONDS if left else 0)

    async def _delete(self, ids: Sequence[PredictionId]) -> int:
        """Delete these altogether, a few in each transaction; how many there were."""
        await self._remove(ids)
        total = 0
        rest = list(ids)
        while rest:
            some = rest[:_BATCH]
            gone, done, seconds = await self._write(lambda c, some=some: _each(some, partial(removal.delete_row, c)))
            total += len(gone)
            rest = rest[done:]
            await anyio.sleep(seconds)
        self.tally.deleted += total
        return total

    async def _write(self, fn: Callable[[Connection], T]) -> T:
        # Should a power cut undo it, it is done again.
        return await self.db.write_soon(fn, durable=False)


@dataclass(slots=True)
class _Meter:
    """How many bytes are in use, against a limit."""

    db: Database
    limit: int
    used: int = 0
    _freeing: int = 0

    @property
    def over(self) -> bool:
        return self.used > self.limit

    async def look(self) -> None:
        self.used = await self.db.read(removal.size)
        if self.over:
            self.used = await self.db.read(removal.used_bytes)

    async def note(self, ids: Sequence[PredictionId]) -> None:
        """These are about to go. PostgreSQL's files stay as they are, so there it is reckoned what that frees."""
        if self.db.dialect == "postgresql":
            self._freeing = await self.db.read(lambda c: sum(removal.content_bytes(c, one) for one in ids))

    async def look_again(self) -> None:
        if self.db.dialect == "postgresql":
            self.used -= self._freeing
        else:
            self.used = await self.db.read(removal.used_bytes)


def _due(one: Scanned, before: int, now: int) -> bool:
    """Whether a prediction ended before this time, and no webhook is still to be told of it."""
    if one.finished_at is None or one.finished_at >= before:
        return False
    return not one.telling or one.finished_at < now - TELLING_SECONDS * 1e6


def _head(c: Connection, now: int, prediction_id: PredictionId) -> bool:
    return removal.remove_head(c, prediction_id, now)


def _each(ids: Sequence[PredictionId], act: Callable[[PredictionId], bool]) -> tuple[list[PredictionId], int, float]:
    """Do it to each until the time of one transaction is over: for which it was true, how many were done, the time."""
    began = time.monotonic()
    gone: list[PredictionId] = []
    for done, prediction_id in enumerate(ids, 1):
        if act(prediction_id):
            gone.append(prediction_id)
        if (seconds := time.monotonic() - began) > _BATCH_SECONDS:
            return gone, done, seconds
    return gone, len(ids), time.monotonic() - began
