"""Several predictions of one call, streamed at once: the chunks of each as they come.

    followers -> whichever has something -> its frames -> one stream;  the first that fails ends it for all

Knows nothing about what is in the frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Self

import anyio

from augury.compat import failures
from augury.compat.calls import Calls
from augury.compat.streaming import Frames
from augury.domain import errors
from augury.domain.account import Caller
from augury.domain.event import Event, Kind
from augury.domain.prediction import Prediction, Status
from augury.http import sse
from augury.service.streams import StreamFollower


def answer(
    calls: Calls,
    caller: Caller,
    followers: Sequence[StreamFollower],
    frames: Sequence[Frames],
    headers: sse.Headers = (),
) -> sse.EventStream[bytes]:
    """The answer that streams them all."""
    merged = Merged(calls, caller, followers, frames)
    return sse.EventStream(
        merged,
        bytes,
        calls.limits,
        calls.limits.compat_wait,
        allowed=calls.permission(caller),
        headers=headers,
        cut=merged.cut,
        on_gone=merged.give_up,
    )


class Merged:
    """Frames of several predictions, as a sse.Source."""

    def __init__(
        self, calls: Calls, caller: Caller, followers: Sequence[StreamFollower], frames: Sequence[Frames]
    ) -> None:
        self.over = False
        self._calls = calls
        self._caller = caller
        self._followers = followers
        self._frames = frames
        self._open = dict(enumerate(followers))
        self._context = ExitStack()

    def __enter__(self) -> Self:
        for one in self._followers:
            self._context.enter_context(one)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._context.close()

    @property
    def released(self) -> bool:
        """See sse.Source."""
        return self._followers[0].released

    async def next(self, timeout: float) -> Sequence[bytes]:
        """See sse.Source."""
        found = await self._look(timeout)
        made: list[bytes] = []
        for place, events in found.items():
            made += [one for one in [self._items(place, events)] if one]
            ending = await self._ending(place, events)
            made += [ending] if ending else []
            if self.over:
                break
        self.over = self.over or not self._open
        return made

    async def cut(self) -> bytes:
        """Nothing came for too long, or the server is about to stop."""
        if self.released:
            await self.give_up()
            return self._frames[0].failed(errors.Unavailable("The server stops.", code="stopping"))
        await self._cancel()
        limit = self._calls.limits.compat_wait
        said = f"Nothing came for {limit:g} s: what was asked for was cancelled."
        return self._frames[0].failed(failures.TimedOut(said, code="timeout"))

    async def give_up(self) -> None:
        """The client has hung up."""
        for one in self._open.values():
            await self._calls.gone(self._caller, one.prediction)

    async def _look(self, timeout: float) -> dict[int, Sequence[Event]]:
        """What those have that have something first."""
        found: dict[int, Sequence[Event]] = {}
        async with anyio.create_task_group() as tasks:

            async def look(place: int, follower: StreamFollower) -> None:
                events = await follower.next(timeout)
                if events or follower.over:
                    found[place] = events
                    tasks.cancel_scope.cancel()

            for place, follower in self._open.items():
                tasks.start_soon(look, place, follower)
        return found

    def _items(self, place: int, events: Sequence[Event]) -> bytes:
        frames, made = self._frames[place], b""
        for event in events:
            if event.kind is Kind.INIT:
                made += frames.begin()
            elif event.kind is Kind.OUTPUT and not frames.enough:
                made += frames.item(event.data)
        return made

    async def _ending(self, place: int, events: Sequence[Event]) -> bytes:
        """What follows a choice's last item; one that fails ends the whole."""
        follower, frames = self._open[place], self._frames[place]
        if not (frames.enough or follower.over):
            return b""
        try:
            if frames.enough and not follower.over:
                await self._calls.cancel(self._caller, follower.prediction)
            prediction = await self._calls.predictions.get(self._caller, follower.prediction.id)
            if not frames.enough:
                _demand_success(prediction)
        except errors.CallerError as error:
            await self._cancel()
            self.over = True
            return frames.failed(error)
        del self._open[place]
        return frames.end(prediction)

    async def _cancel(self) -> None:
        for one in self._open.values():
            await self._calls.cancel(self._caller, one.prediction)


def _demand_success(prediction: Prediction) -> None:
    if prediction.status is not Status.SUCCEEDED:
        raise failures.failed(prediction)
