"""A call by another provider's client as a prediction of ours: made, and held or followed to its end.

    caller, model -> a version that offers the endpoint -> a prediction -> its end, or its events

A client that hangs up cancels what it has asked for, unless the operator says otherwise (D33). Knows no provider.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import anyio
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from augury.compat import failures
from augury.domain import errors
from augury.domain.account import Caller
from augury.domain.event import Event
from augury.domain.jsontext import JsonObject
from augury.domain.prediction import Prediction, Status
from augury.http import auth, sse
from augury.http.services import Limits
from augury.service.access import Access
from augury.service.models import Models, RunnableVersion
from augury.service.predictions import NewPrediction, Predictions
from augury.service.streams import StreamFollower, Streams

logger = logging.getLogger(__name__)

QUICK_SECONDS = 0.5
"""How long a call goes without looking whether its client is still there."""
FIRST_SECONDS = 10.0
"""How long a stream's answer waits for its first item, so that what fails before it can have a status of its own."""


@dataclass(frozen=True, slots=True)
class Calls:
    """Makes calls."""

    predictions: Predictions
    streams: Streams
    models: Models
    access: Access
    limits: Limits

    async def caller(self, headers: dict[bytes, bytes]) -> Caller:
        """Who calls, and may predict; raises Unauthenticated and Forbidden."""
        caller = await auth.identify(self.access, headers.get(b"authorization"))
        caller.demand("predict")
        return caller

    async def version(self, caller: Caller, model: str, endpoint: str) -> RunnableVersion:
        """The version that "owner/name[:N]" names; raises as Models.resolve does, and NotCompatible."""
        found = self.models.cached(caller, model)
        if found is None:
            try:
                found = await self.models.resolve(caller, model)
            except errors.InvalidRequest as error:
                # To these clients any text may be a model's name: one that cannot be is one that there is not.
                hint = f"{error.problems[0].msg} GET /v1/models lists those that there are."
                raise errors.NotFound(f"There is no model {model[:64]}.", code="model_not_found", hint=hint) from None
        if endpoint not in found.offers:
            offered = ", ".join(sorted(found.offers)) or "none of them"
            raise failures.NotCompatible(
                f"{model} does not offer {endpoint}; of the compatible endpoints it offers {offered}.",
                code="model_not_compatible",
                hint="Every model can be called by POST /v1/predictions.",
            )
        return found

    async def run(self, caller: Caller, model: str, input: JsonObject, receive: Receive) -> Prediction:
        """The prediction, which has succeeded; raises InvalidRequest for a bad input, ModelFailed and TimedOut."""
        request = NewPrediction(model=model, input=input, validate=True)
        prediction = await self.hold(caller, request, self.limits.compat_wait, receive)
        if not prediction.finished:
            await self.drop(caller, prediction)
        return self._succeeded(prediction)

    async def run_all(
        self, caller: Caller, model: str, inputs: Sequence[JsonObject], receive: Receive
    ) -> list[Prediction]:
        """One prediction for each input, at once; as `run`, where one fails the others are cancelled."""
        if len(inputs) == 1:
            return [await self.run(caller, model, inputs[0], receive)]
        made = await self._start(caller, model, inputs, stream=False)
        async with self.while_there(caller, made, receive), anyio.create_task_group() as tasks:

            async def wait(place: int) -> None:
                made[place] = await self.predictions.wait(made[place], self.limits.compat_wait)
                if made[place].status is not Status.SUCCEEDED:
                    tasks.cancel_scope.cancel()

            for place in range(len(made)):
                tasks.start_soon(wait, place)
        bad = [one for one in made if one.finished and one.status is not Status.SUCCEEDED]
        for one in made:
            if not one.finished:
                await self.drop(caller, one)
        return [self._succeeded(one) for one in bad + made]

    async def hold(self, caller: Caller, request: NewPrediction, seconds: float, receive: Receive) -> Prediction:
        """A new prediction as it ended, or as it is when so much time is over."""
        prediction = await self.predictions.create(caller, request, min(QUICK_SECONDS, seconds))
        if not prediction.finished and seconds > QUICK_SECONDS:
            async with self.while_there(caller, [prediction], receive):
                prediction = await self.predictions.wait(prediction, seconds - QUICK_SECONDS)
        return prediction

    async def follow(self, caller: Caller, model: str, input: JsonObject, receive: Receive) -> StreamFollower:
        """The events of a new prediction; raises as `run` does for what fails before the first item."""
        return (await self.follow_all(caller, model, [input], receive))[0]

    async def follow_all(
        self, caller: Caller, model: str, inputs: Sequence[JsonObject], receive: Receive
    ) -> list[StreamFollower]:
        """One prediction for each input, at once; as `follow`, by what becomes of the first of them."""
        made = await self._start(caller, model, inputs, stream=True)
        followers = [self.streams.follow(one) for one in made]
        try:
            with followers[0] as first:
                async with self.while_there(caller, made, receive):
                    found = await self._beginning(first)
                await self._check_beginning(caller, first, found)
                first.put_back(found)
        except errors.CallerError:
            for one in made:
                await self.drop(caller, one)
            raise
        return followers

    def answer(
        self,
        caller: Caller,
        follower: StreamFollower,
        render: Callable[[Event], bytes],
        *,
        headers: sse.Headers = (),
        end: Callable[[], bytes] = bytes,
        heartbeat: bytes = b": ping\n\n",
    ) -> sse.EventStream[Event]:
        """The answer that streams what `render` makes of each event, and `end` after the last."""
        return sse.EventStream(
            follower,
            render,
            self.limits,
            self.limits.compat_wait,
            allowed=self.permission(caller),
            headers=headers,
            end=end,
            heartbeat=heartbeat,
            on_gone=partial(self.gone, caller, follower.prediction),
        )

    def permission(self, caller: Caller) -> sse.Permission:
        """Whether whoever reads a stream may still do so: a token may be revoked, a link ends by itself."""
        return partial(self.access.stands, caller) if caller.token_id else _always

    async def gone(self, caller: Caller, prediction: Prediction) -> None:
        """The client has hung up."""
        if self.limits.compat_cancel:
            with anyio.CancelScope(shield=True):
                await self.cancel(caller, prediction)

    async def drop(self, caller: Caller, prediction: Prediction) -> None:
        """The call ends before its prediction has."""
        # Whoever is cut off because the server stops has gone like one that hangs up.
        await (self.gone if self.stopping else self.cancel)(caller, prediction)

    @property
    def stopping(self) -> bool:
        """Whether calls end because the server is about to stop."""
        return self.streams.followers.released

    def unfinished(self, prediction: Prediction) -> errors.CallerError:
        """Why a call ends before its prediction has."""
        if self.stopping:
            return failures.stopping(prediction)
        return failures.timed_out(prediction, self.limits.compat_wait)

    async def cancel(self, caller: Caller, prediction: Prediction) -> None:
        """End what nobody waits for any more."""
        try:
            await self.predictions.cancel(caller, prediction.id)
        except errors.CallerError:
            # It has ended by itself meanwhile.
            return
        except Exception:
            logger.exception("not cancelled", extra={"prediction": prediction.id})

    @asynccontextmanager
    async def while_there(
        self, caller: Caller, predictions: Sequence[Prediction], receive: Receive
    ) -> AsyncGenerator[None]:
        """Stop what is done inside when the client hangs up; raises ClientDisconnect then."""
        gone = False
        async with anyio.create_task_group() as tasks:

            async def stop_when_gone() -> None:
                nonlocal gone
                while (await receive())["type"] != "http.disconnect":
                    pass
                gone = True
                tasks.cancel_scope.cancel()

            tasks.start_soon(stop_when_gone)
            yield
            tasks.cancel_scope.cancel()
        if gone:
            for one in predictions:
                await self.gone(caller, one)
            raise ClientDisconnect

    async def _start(
        self, caller: Caller, model: str, inputs: Sequence[JsonObject], *, stream: bool
    ) -> list[Prediction]:
        """All of them or none: where one is refused, those before it are cancelled."""
        made: list[Prediction] = []
        try:
            for input in inputs:
                request = NewPrediction(model=model, input=input, validate=True, stream=stream)
                made.append(await self.predictions.create(caller, request))
        except BaseException:
            with anyio.CancelScope(shield=True):
                for one in made:
                    await self.cancel(caller, one)
            raise
        return made

    async def _beginning(self, follower: StreamFollower) -> list[Event]:
        """The events up to the first item, which will be read again."""
        found: list[Event] = []
        deadline = anyio.current_time() + min(FIRST_SECONDS, self.limits.compat_wait)
        while len(found) < 2 and not follower.released and (left := deadline - anyio.current_time()) > 0:
            found.extend(await follower.next(left))
        return found

    async def _check_beginning(self, caller: Caller, follower: StreamFollower, found: Sequence[Event]) -> None:
        """Raise for an end before the first item."""
        if len(found) > 1 and found[1].last:
            self._succeeded(follower.ended or await self.predictions.get(caller, follower.prediction.id))
        elif len(found) < 2 and self.limits.compat_wait <= FIRST_SECONDS and not follower.released:
            self._succeeded(follower.prediction)

    def _succeeded(self, prediction: Prediction) -> Prediction:
        if not prediction.finished:
            raise self.unfinished(prediction)
        if prediction.status is not Status.SUCCEEDED:
            raise failures.failed(prediction)
        return prediction


async def _always() -> bool:
    return True
