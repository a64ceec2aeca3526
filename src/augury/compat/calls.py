"""A call by another provider's client as a prediction of ours: made, and held or followed to its end.

    caller, model -> a version that offers the endpoint -> a prediction -> its end, or its events

A client that hangs up cancels what it has asked for, unless the operator says otherwise (D33). Knows no provider.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import anyio
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from augury.compat import failures
from augury.domain import errors
from augury.domain.account import Caller
from augury.domain.event import Event, Kind
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
        found = self.models.cached(caller, model) or await self.models.resolve(caller, model)
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
        limit = self.limits.compat_wait
        prediction = await self.predictions.create(caller, request, min(QUICK_SECONDS, limit))
        if not prediction.finished:
            async with self._while_there(caller, prediction, receive):
                prediction = await self.predictions.wait(prediction, limit - QUICK_SECONDS)
        if not prediction.finished:
            await self.cancel(caller, prediction)
            raise failures.TimedOut(
                f"Prediction {prediction.id} took longer than {limit:g} s and was cancelled.",
                code="timeout",
                hint="Whoever runs this server can raise the limit: the setting is compat_wait.",
            )
        if prediction.status is not Status.SUCCEEDED:
            raise failures.failed(prediction)
        return prediction

    async def follow(self, caller: Caller, model: str, input: JsonObject, receive: Receive) -> StreamFollower:
        """The events of a new prediction; raises as `run` does for what fails before the first item."""
        request = NewPrediction(model=model, input=input, validate=True, stream=True)
        prediction = await self.predictions.create(caller, request)
        follower = self.streams.follow(prediction)
        found: list[Event] = []
        with follower:
            deadline = anyio.current_time() + FIRST_SECONDS
            async with self._while_there(caller, prediction, receive):
                while len(found) < 2 and not follower.released and (left := deadline - anyio.current_time()) > 0:
                    found.extend(await follower.next(left))
        if any(one.kind is Kind.ERROR for one in found[:2]):
            raise failures.failed(await self.predictions.get(caller, prediction.id))
        follower.put_back(found)
        return follower

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
            headers=headers,
            end=end,
            heartbeat=heartbeat,
            on_gone=partial(self.gone, caller, follower.prediction),
        )

    async def gone(self, caller: Caller, prediction: Prediction) -> None:
        """The client has hung up."""
        if self.limits.compat_cancel:
            with anyio.CancelScope(shield=True):
                await self.cancel(caller, prediction)

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
    async def _while_there(self, caller: Caller, prediction: Prediction, receive: Receive) -> AsyncGenerator[None]:
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
            await self.gone(caller, prediction)
            raise ClientDisconnect
