"""A prediction's stream for one reader: what there is after a position, then what comes, to the last event.

    position -> the newest items as they were committed, or a page of the store -> wait for a hint -> again

Replaying and following are the same steps. Whoever reads slowly reads pages, and costs nobody anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import anyio

from augury.domain import errors
from augury.domain.account import Caller
from augury.domain.event import FIRST_OUTPUT, Event, Kind, first_event, last_event
from augury.domain.prediction import Prediction
from augury.service.hints import Hints
from augury.service.predictions import Predictions
from augury.service.tails import Tails
from augury.store import events
from augury.store import predictions as rows
from augury.store.connection import Connection
from augury.store.database import Database

RECHECK_SECONDS = 15.0
"""How often a reader looks into the store by itself, should every hint be lost."""


@dataclass(frozen=True)
class Streams:
    """The use case of reading a stream."""

    db: Database
    hints: Hints
    tails: Tails
    predictions: Predictions

    async def open(self, caller: Caller, prediction_id: str, after: int = 0) -> Follower:
        """The stream of the caller's prediction behind event number `after`.

        Raises InvalidRequest and NotFound as Predictions.get does, Conflict `not_streaming` for one that was created
        without a stream, and Gone `prediction_removed` for one whose events were removed.
        """
        found = await self.predictions.get(caller, prediction_id)
        if found.removed_at is not None:
            raise errors.Gone(
                f"The events of prediction {found.id} were removed.",
                code="prediction_removed",
                hint="What it was and how it ended is still there: GET /v1/predictions/{id}.",
            )
        return self.follow(found, after)

    def follow(self, prediction: Prediction, after: int = 0) -> Follower:
        """The stream of a prediction that the caller may see; raises Conflict `not_streaming`."""
        if not prediction.stream:
            raise errors.Conflict(
                f"Prediction {prediction.id} was created without a stream.",
                code="not_streaming",
                hint='Create it with "stream": true, or wait for its output.',
            )
        return Follower(self, prediction, after)


class Follower:
    """One reader's way through a stream. Use as a context manager, from one task."""

    def __init__(self, streams: Streams, prediction: Prediction, after: int) -> None:
        self.prediction = prediction
        self._streams = streams
        self._position = after
        self._over = False
        self._fresh = anyio.Event()
        self._context = ExitStack()

    def __enter__(self) -> Self:
        streams, prediction = self._streams, self.prediction
        self._context.enter_context(streams.tails.follow(prediction.id))
        self._context.enter_context(streams.hints.following(prediction.id, prediction.version_id, self._hear))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._context.close()

    async def next(self, timeout: float) -> Sequence[Event]:
        """The events that follow, in order and without a gap; none when `timeout` seconds passed without one.

        After one that is `last` there is nothing.
        """
        deadline = anyio.current_time() + timeout
        while not self._over:
            self._fresh = anyio.Event()
            if found := await self._look():
                self._position = max(self._position, found[-1].number)
                self._over = found[-1].last
                return found
            left = deadline - anyio.current_time()
            if left <= 0:
                break
            with anyio.move_on_after(min(left, RECHECK_SECONDS)):
                await self._fresh.wait()
        return ()

    def _hear(self) -> None:
        self._fresh.set()

    async def _look(self) -> list[Event]:
        beginning = [first_event(self.prediction)] if self._position < 1 else []
        after = max(self._position, FIRST_OUTPUT - 1)
        kept = self._streams.tails.after(self.prediction.id, after)
        if kept:
            return [*beginning, *(Event(number, Kind.OUTPUT, data) for number, data in kept)]
        now, items, complete = await self._streams.db.read(lambda c: _read(c, self.prediction, after))
        found = [*beginning, *(Event(number, Kind.OUTPUT, data) for number, data in items)]
        if now.finished and complete is not None:
            found.append(last_event(now, complete))
        return found


def _read(c: Connection, prediction: Prediction, after: int) -> tuple[Prediction, list[events.Item], int | None]:
    """The prediction, a page of its items, and the number that follows its last item if the page reaches it."""
    now = rows.summary(c, prediction.id) or prediction
    items = events.after(c, prediction.id, after)
    if not now.finished:
        return now, items, None
    last = events.last_number(c, prediction.id)
    reached = items[-1][0] if items else after
    if reached < last:
        return now, items, None
    return rows.get(c, prediction.id) or now, items, last + 1
