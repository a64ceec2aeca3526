"""An answer that streams: what the model puts out, in a provider's frames, and what they make of its end.

    events -> Frames.begin, Frames.item for each output, Frames.end with the prediction as it ended | Frames.failed

What ends before its prediction does, because the frames have enough or nothing comes for too long, ends that too.
Knows no provider.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from augury.compat import failures
from augury.compat.calls import Calls
from augury.domain import errors
from augury.domain.account import Caller
from augury.domain.event import Event, Kind
from augury.domain.jsontext import JsonText
from augury.domain.prediction import Prediction, Status
from augury.http import sse
from augury.service.streams import StreamFollower


class Frames(Protocol):
    """What one provider's stream consists of."""

    @property
    def enough(self) -> bool:
        """Whether nothing more is wanted of the model."""
        ...

    def begin(self) -> bytes:
        """The frames before the first output."""
        ...

    def item(self, data: JsonText) -> bytes:
        """The frames of one output."""
        ...

    def end(self, prediction: Prediction) -> bytes:
        """The frames after the last output of one that succeeded, or of which there was enough."""
        ...

    def failed(self, error: errors.CallerError) -> bytes:
        """The frames that say that there will be no end."""
        ...


def answer(
    calls: Calls,
    caller: Caller,
    follower: StreamFollower,
    frames: Frames,
    headers: sse.Headers = (),
    heartbeat: bytes = b": ping\n\n",
    *,
    keeps: bool = False,
) -> sse.EventStream[Event]:
    """The answer that streams a call's prediction, which goes on without its reader where the call `keeps` it."""
    stream = _Stream(calls, caller, follower, frames, keeps)
    return sse.EventStream(
        follower,
        stream.render,
        calls.limits,
        calls.limits.compat_wait,
        allowed=calls.permission(caller),
        headers=headers,
        end=stream.end,
        cut=stream.cut,
        heartbeat=heartbeat,
        on_gone=stream.gone,
    )


@dataclass(slots=True)
class _Stream:
    calls: Calls
    caller: Caller
    follower: StreamFollower
    frames: Frames
    keeps: bool
    wrong: errors.CallerError | None = None
    """Why what the model gives is no such stream."""
    over: bool = False
    """Whether nothing more is shown of what comes."""

    def render(self, event: Event) -> bytes:
        if event.kind is not Kind.OUTPUT:
            return self.frames.begin() if event.kind is Kind.INIT else b""
        if self.over:
            return b""
        try:
            made = self.frames.item(event.data)
        except errors.CallerError as error:
            self.wrong, made = error, b""
        if self.wrong is not None or self.frames.enough:
            self.over = self.follower.over = True
        return made

    async def end(self) -> bytes:
        enough = self.frames.enough
        try:
            if enough or self.wrong is not None:
                # The worker is for others now.
                await self.calls.cancel(self.caller, self.follower.prediction)
            if self.wrong is not None:
                return self.frames.failed(self.wrong)
            prediction = await self._now()
            if not enough and prediction.status is not Status.SUCCEEDED:
                return self.frames.failed(failures.failed(prediction))
            return self.frames.end(prediction)
        except errors.CallerError as error:
            return self.frames.failed(error)

    async def cut(self) -> bytes:
        """Nothing came for too long, or the server is about to stop."""
        one = self.follower.prediction
        if self.keeps:
            return b""
        if self.follower.released:
            await self.gone()
            return self.frames.failed(
                errors.Unavailable(f"The server stops; prediction {one.id} was given up.", code="stopping")
            )
        await self.calls.cancel(self.caller, one)
        limit = self.calls.limits.compat_wait
        return self.frames.failed(
            failures.TimedOut(f"Prediction {one.id} gave nothing for {limit:g} s and was cancelled.", code="timeout")
        )

    async def gone(self) -> None:
        if not self.keeps:
            await self.calls.gone(self.caller, self.follower.prediction)

    async def _now(self) -> Prediction:
        follower = self.follower
        return follower.ended or await self.calls.predictions.get(self.caller, follower.prediction.id)
