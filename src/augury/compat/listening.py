"""Streams that are listened to for whoever wants their text in one piece, so that it can end at a stop.

    follower -> items -> Cutter -> the text, and the stop that ended it;  then nobody waits for the model any more

Knows no provider.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import anyio
from starlette.types import Receive

from augury.compat import failures, texts
from augury.compat.calls import Calls
from augury.compat.stops import Cutter
from augury.domain.account import Caller
from augury.domain.errors import CallerError
from augury.domain.event import Kind
from augury.domain.jsontext import JsonObject
from augury.domain.prediction import Prediction, Status
from augury.service.models import RunnableVersion
from augury.service.streams import StreamFollower


@dataclass(frozen=True, slots=True)
class Heard:
    """One answer: its text, and the stop that ended it."""

    prediction: Prediction
    text: str
    stop: str | None = None


def worth_it(version: RunnableVersion, stops: Sequence[str]) -> bool:
    """Whether listening can end anything before its time: there is a stop to be found, and text comes in pieces."""
    return bool(stops) and version.schemas.stream_output is not None


async def listen(
    calls: Calls, caller: Caller, model: str, inputs: Sequence[JsonObject], stops: Sequence[str], receive: Receive
) -> list[Heard]:
    """The answer to each input; raises as Calls.run_all does."""
    followers = await calls.follow_all(caller, model, inputs, receive)
    made = [one.prediction for one in followers]
    deadline = anyio.current_time() + calls.limits.compat_wait
    heard: list[Heard] = []
    wrong: CallerError | None = None
    async with calls.while_there(caller, made, receive):
        try:
            # All of them run at once; what is in the store is read when its turn comes.
            heard = [await _heard(calls, caller, one, Cutter(stops), deadline) for one in followers]
        except CallerError as error:
            wrong = error
    if wrong is not None:
        for one in made:
            await calls.drop(caller, one)
        raise wrong
    return heard


async def _heard(calls: Calls, caller: Caller, follower: StreamFollower, cutter: Cutter, deadline: float) -> Heard:
    pieces: list[str] = []
    with follower:
        while not follower.over and cutter.found is None:
            left = deadline - anyio.current_time()
            if left <= 0 or follower.released:
                raise calls.unfinished(follower.prediction)
            events = await follower.next(left)
            pieces += [cutter.feed(texts.piece(one.data)) for one in events if one.kind is Kind.OUTPUT]
    if cutter.found is not None:
        await calls.cancel(caller, follower.prediction)
    prediction = await calls.predictions.get(caller, follower.prediction.id)
    if cutter.found is None and prediction.status is not Status.SUCCEEDED:
        raise failures.failed(prediction)
    return Heard(prediction, "".join([*pieces, cutter.rest()]), cutter.found)
