"""A prediction's stream for one reader: what there is after a position, then what comes, to the last event.

    position -> the newest items as they were committed, or a page of the store -> wait for a hint -> again

Replaying and following are the same steps. Whoever reads slowly reads pages, and costs nobody anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from augury.domain import errors
from augury.domain.account import Caller
from augury.domain.event import FIRST_OUTPUT, Event, Kind, first_event, last_event
from augury.domain.ids import PredictionId
from augury.domain.prediction import Prediction
from augury.service.followers import Follower, Followers
from augury.service.hints import Hints
from augury.service.predictions import Predictions
from augury.service.tails import Tails
from augury.store import events
from augury.store import predictions as rows
from augury.store.connection import Connection
from augury.store.database import Database


@dataclass(frozen=True)
class Streams:
    """The use case of reading a stream."""

    db: Database
    hints: Hints
    tails: Tails
    followers: Followers
    predictions: Predictions

    async def open(self, caller: Caller, prediction_id: str, after: int = 0) -> StreamFollower:
        """The stream of the caller's prediction behind event number `after`.

        Raises InvalidRequest and NotFound as Predictions.get does, Conflict `not_streaming` for one that was created
        without a stream, and Gone `prediction_removed` for one whose events were removed.
        """
        return self._follow(await self.predictions.get(caller, prediction_id), after)

    async def by_link(self, prediction_id: PredictionId, after: int = 0) -> StreamFollower:
        """The same, for whoever has come by a link to it that was found right."""
        found = await self.db.read(lambda c: rows.get(c, prediction_id))
        if found is None:
            raise errors.NotFound(f"There is no prediction {prediction_id}.", code="prediction_not_found")
        return self._follow(found, after)

    def follow(self, prediction: Prediction, after: int = 0) -> StreamFollower:
        """The stream of a prediction that the caller may see; raises Conflict `not_streaming`."""
        if not prediction.stream:
            raise errors.Conflict(
                f"Prediction {prediction.id} was created without a stream.",
                code="not_streaming",
                hint='Create it with "stream": true, or wait for its output.',
            )
        return StreamFollower(self, prediction, after)

    def _follow(self, prediction: Prediction, after: int) -> StreamFollower:
        if prediction.removed_at is not None:
            raise errors.Gone(
                f"The events of prediction {prediction.id} were removed.",
                code="prediction_removed",
                hint="What it was and how it ended is still there: GET /v1/predictions/{id}.",
            )
        return self.follow(prediction, after)


class StreamFollower(Follower[Event]):
    """One reader's way through a stream."""

    def __init__(self, streams: Streams, prediction: Prediction, after: int) -> None:
        super().__init__(prediction, streams.hints, streams.followers)
        self.ended: Prediction | None = None
        """The prediction as it ended, once its last event has been read."""
        self._streams = streams
        self._position = after

    def _begin(self, context: ExitStack) -> None:
        context.enter_context(self._streams.tails.follow(self.prediction.id))
        super()._begin(context)

    async def _look(self) -> Sequence[Event]:
        found = [first_event(self.prediction)] if self._position < 1 else []
        after = max(self._position, FIRST_OUTPUT - 1)
        items = self._streams.tails.after(self.prediction.id, after)
        last: Event | None = None
        if not items:
            page = await self._streams.db.read(lambda c: _read(c, self.prediction, after))
            items, self.ended, last, self.over = page
        found.extend(Event(number, Kind.OUTPUT, data) for number, data in items)
        if last is not None:
            found.append(last)
        if found:
            self._position = max(self._position, found[-1].number)
        return found


_Page = tuple[list[events.Item], Prediction | None, Event | None, bool]


def _read(c: Connection, prediction: Prediction, after: int) -> _Page:
    """A page of the items, the end where the page reaches it, and whether there is nothing more to come.

    Of what is being removed there is nothing more: whoever asks again hears that it is gone.
    """
    now = rows.summary(c, prediction.id)
    if now is None or now.removed_at is not None:
        return [], None, None, True
    items = events.after(c, prediction.id, after)
    if items and items[-1][0] - after != len(items):
        return [], None, None, True
    if not now.finished:
        return items, None, None, False
    last = events.last_number(c, prediction.id)
    if (items[-1][0] if items else after) < last:
        return items, None, None, False
    whole = rows.get(c, prediction.id)
    if whole is None or whole.removed_at is not None:
        return [], None, None, True
    return items, whole, last_event(whole, last + 1), True
