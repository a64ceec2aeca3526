"""What callers can read of logs: a prediction's page by page or as it is written, and a version's setups.

Of a prediction the lines of setups that it waited for come first, then those of its attempts. A place in both is two
numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from augury.domain import errors
from augury.domain.account import Caller
from augury.domain.logline import LogLine, Phase
from augury.domain.paging import Cursor, Page, refused
from augury.domain.prediction import Prediction
from augury.service.followers import Follower, Followers
from augury.service.hints import Hints
from augury.service.predictions import Predictions
from augury.service.versions import find_owned_version
from augury.store import logbook
from augury.store import predictions as rows
from augury.store.connection import Connection
from augury.store.database import Database

LINES = 500
"""Lines that a follower reads at once."""
ATTEMPTS = 3
"""Of how many attempts to start a version's log tells."""
_LAST = 2**62


@dataclass(frozen=True, slots=True)
class Place:
    """How far a reader has come: the last line of a setup, and the last one of an attempt."""

    setup: int = 0
    run: int = 0

    @classmethod
    def parse(cls, text: str) -> Place | None:
        """What `str` has written; None for anything else."""
        setup, point, run = text.partition(".")
        digits = setup.isascii() and run.isascii() and setup.isdigit() and run.isdigit()
        if not (point and digits and len(text) <= 40):
            return None
        return cls(min(int(setup), _LAST), min(int(run), _LAST))

    def __str__(self) -> str:
        return f"{self.setup}.{self.run}"

    def after(self, line: LogLine) -> Place:
        """The place behind a line."""
        if line.phase is Phase.SETUP:
            return Place(line.number, self.run)
        return Place(self.setup, line.number)


@dataclass(frozen=True)
class Logbook:
    """The use cases of reading logs; all raise as Predictions.get does, and Gone for what was removed."""

    db: Database
    hints: Hints
    followers: Followers
    predictions: Predictions

    async def page(self, caller: Caller, prediction_id: str, *, cursor: str | None, page_size: int) -> Page[LogLine]:
        """A page of the log, oldest line first."""
        place = Cursor() if cursor is None else Cursor.parse(cursor)
        position = _position(place)
        prediction = await self._find(caller, prediction_id)
        limit = page_size + 1
        read = _page_before if place.backward else _page_after
        found = await self.db.read(lambda c: read(c, prediction, position, limit))
        return place.page(found, page_size, lambda line: (_ORDER[line.phase], line.number))

    async def page_of_version(
        self, caller: Caller, owner: str, name: str, number: str, *, cursor: str | None, page_size: int
    ) -> Page[LogLine]:
        """A page of what a version's last ATTEMPTS to start have written, oldest line first.

        Raises NotFound, Forbidden `not_permitted` where the model is another's, and InvalidRequest.
        """
        place = Cursor() if cursor is None else Cursor.parse(cursor)
        position = place.one_number()
        found = await self.db.read(
            lambda c: _of_version(
                c, find_owned_version(c, caller, owner, name, number).id, position, page_size + 1, back=place.backward
            )
        )
        return place.page(found, page_size, lambda line: (line.number,))

    async def follow(self, caller: Caller, prediction_id: str, after: Place) -> LogFollower:
        """The log behind a place, line by line, until the prediction has ended."""
        return LogFollower(self, await self._find(caller, prediction_id), after)

    async def _find(self, caller: Caller, prediction_id: str) -> Prediction:
        found = await self.predictions.get(caller, prediction_id)
        if found.removed_at is not None:
            raise errors.Gone(
                f"The log of prediction {found.id} was removed.",
                code="prediction_removed",
                hint="How the prediction ended is still there: GET /v1/predictions/{id}.",
            )
        return found


class LogFollower(Follower[LogLine]):
    """One reader's way through a log."""

    def __init__(self, book: Logbook, prediction: Prediction, after: Place) -> None:
        super().__init__(prediction, book.hints, book.followers)
        self.place = after
        """Behind what was read last."""
        self._db = book.db

    async def _look(self) -> Sequence[LogLine]:
        place = self.place
        now, found = await self._db.read(lambda c: _read(c, self.prediction, place))
        self.prediction = now
        for line in found:
            self.place = self.place.after(line)
        self.over = now.finished and len(found) < LINES
        return found


_ORDER = {Phase.SETUP: 0, Phase.RUN: 1}


def _read(c: Connection, prediction: Prediction, place: Place) -> tuple[Prediction, list[LogLine]]:
    now = rows.summary(c, prediction.id) or prediction
    found = logbook.of_setups(c, now, after=place.setup, limit=LINES)
    if len(found) < LINES:
        found += logbook.of_runs(c, now, after=place.run, limit=LINES - len(found))
    return now, found


def _page_after(c: Connection, prediction: Prediction, position: tuple[int, int], limit: int) -> list[LogLine]:
    phase, number = position
    found: list[LogLine] = []
    if phase == _ORDER[Phase.SETUP]:
        found = logbook.of_setups(c, prediction, after=number, limit=limit)
        number = 0
    if len(found) < limit:
        found += logbook.of_runs(c, prediction, after=number, limit=limit - len(found))
    return found


def _page_before(c: Connection, prediction: Prediction, position: tuple[int, int], limit: int) -> list[LogLine]:
    phase, number = position
    found: list[LogLine] = []
    if phase == _ORDER[Phase.RUN]:
        found = logbook.of_runs_before(c, prediction, before=number, limit=limit)
        number = _LAST
    if len(found) < limit:
        found += logbook.of_setups_before(c, prediction, before=number, limit=limit - len(found))
    return found[::-1]


def _position(place: Cursor) -> tuple[int, int]:
    if place.position is None:
        return 0, 0
    match place.position:
        case (int(phase), int(number)) if phase in _ORDER.values():
            return phase, number
        case _:
            raise refused()


def _of_version(c: Connection, version_id: int, position: int | None, limit: int, *, back: bool) -> list[LogLine]:
    first = logbook.first_of_version(c, version_id, ATTEMPTS)
    if back:
        found = logbook.of_version_before(c, version_id, first=first, before=position or 0, limit=limit)
        return found[::-1]
    # Where no attempt has written anything, all that there is is of earlier ones.
    return logbook.of_version(c, version_id, after=max(position or 0, first - 1), limit=limit) if first else []
