"""Predictions over HTTP: create and hold, get, list, cancel.

Creating is the hot path, so it is a plain ASGI layer in front of FastAPI's own layers and routing (measured: they
cost more than everything else in it together), and it is described in the OpenAPI by hand. A hold is one call of
the service; only one that lasts looks whether its client is still there.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Query, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from augury.api import schemas
from augury.api import streams as streaming
from augury.api.describe import described
from augury.api.paging import CursorQuery, PageSize, page_response
from augury.domain.account import Caller
from augury.domain.errors import CallerError
from augury.domain.event import Event
from augury.domain.prediction import Prediction, Status
from augury.http import auth, bodies, preferences, problems, sse
from augury.http.auth import AnyCaller, Predicting
from augury.http.services import Limits, Services
from augury.service.access import Access
from augury.service.browsing import Browse
from augury.service.predictions import NewPrediction, Predictions, WebhookTarget
from augury.service.presentation import prediction_json
from augury.service.streams import Streams

logger = logging.getLogger(__name__)

PATH = "/v1/predictions"

ModelQuery = Annotated[
    str | None,
    Query(description="Only those of `owner/name`, or of one version: `owner/name:number`.", examples=["ada/echo:1"]),
]
_MOMENT: Mapping[str, Any] = {"format": "date-time"}
AfterQuery = Annotated[
    str | None, Query(description="Only those that were created then or later.", json_schema_extra={**_MOMENT})
]
BeforeQuery = Annotated[
    str | None, Query(description="Only those that were created before.", json_schema_extra={**_MOMENT})
]

_QUICK_SECONDS = 1.0
"""How long a hold goes without looking whether its client is still there."""
_EARLY_SECONDS = 0.02
"""How long before its end a hold is over, so that the answer leaves in time (D12)."""


def routes(services: Services) -> APIRouter:
    """The other routes of predictions."""
    router = APIRouter(prefix=PATH, tags=["predictions"])
    at = _Routes(services.predictions)
    one = "/{prediction_id}"
    summaries = schemas.page_of(schemas.PredictionSummary)
    router.add_api_route("", at.page, methods=["GET"], **described("list_predictions", summaries, 401, 403, 422))
    router.add_api_route(
        one, at.get, methods=["GET"], **described("get_prediction", schemas.Prediction, 401, 404, 410, 422)
    )
    router.add_api_route(
        one + "/cancel",
        at.cancel,
        methods=["POST"],
        **described("cancel_prediction", None, 401, 403, 404, 409, 422, status=202),
    )
    return router


@dataclass(frozen=True, slots=True)
class CreatePrediction:
    """POST /v1/predictions, in front of `app`, which gets everything else."""

    app: ASGIApp
    predictions: Predictions
    streams: Streams
    access: Access
    limits: Limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or scope["path"] != PATH or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        try:
            await self._answer(scope, receive, send)
        except CallerError as error:
            error = await auth.explained(self.access, auth.header(scope), error)
            await problems.answer(error, scope)(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        caller = await auth.identify(self.access, headers.get(b"authorization"))
        caller.demand("predict")
        raw = await bodies.read(receive)
        body, ignored = bodies.parse(schemas.NewPrediction, raw)
        hold = None
        request = _request(headers, raw, body)
        if b"prefer" in headers:
            prefer = [value for name, value in scope["headers"] if name == b"prefer"]
            if body.stream and (idle := sse.idle_seconds(prefer, self.limits)) is not None:
                answer = await self._stream(caller, request, idle, ignored)
                await answer(scope, receive, send)
                return
            hold = preferences.wait_seconds(prefer, self.limits.default_wait, self.limits.max_wait)
        prediction = await self._create(caller, request, hold or 0.0, receive)
        await _respond(send, prediction, hold, ignored)

    async def _stream(
        self, caller: Caller, request: NewPrediction, idle: float, ignored: str | None
    ) -> sse.EventStream[Event]:
        """The prediction's events as its answer (D13)."""
        prediction = await self.predictions.create(caller, request)
        follower = self.streams.follow(prediction)
        allowed = partial(self.access.stands, caller)
        return streaming.answer(follower, allowed, self.limits, idle, _about(prediction, ignored))

    async def _create(self, caller: Caller, request: NewPrediction, hold: float, receive: Receive) -> Prediction:
        if hold <= 0:
            return await self.predictions.create(caller, request)
        started = time.monotonic()
        hold -= min(_EARLY_SECONDS, hold * 0.1)
        first = min(hold, _QUICK_SECONDS)
        prediction = await self.predictions.create(caller, request, first)
        passed = time.monotonic() - started
        # Answered before its time and not ended: the server wants the hold to be over.
        if prediction.finished or passed < first * 0.9 or passed >= hold:
            return prediction
        return await self._watch(prediction, hold - passed, receive)

    async def _watch(self, prediction: Prediction, seconds: float, receive: Receive) -> Prediction:
        """Hold on for as long as the client does."""
        async with anyio.create_task_group() as tasks:

            async def stop_when_gone() -> None:
                while (await receive())["type"] != "http.disconnect":
                    pass
                tasks.cancel_scope.cancel()

            tasks.start_soon(stop_when_gone)
            try:
                prediction = await self.predictions.wait(prediction, seconds)
            except Exception:
                # The prediction is stored: an error now would make the client create it again (D4).
                logger.exception("hold failed", extra={"prediction": prediction.id})
            tasks.cancel_scope.cancel()
        return prediction


async def nothing_else(scope: Scope, receive: Receive, send: Send) -> None:
    """What is behind CreatePrediction where only what it answers can come."""
    raise LookupError(f"{scope['method']} {scope['path']} is not answered here")


@dataclass(frozen=True, slots=True)
class _Routes:
    predictions: Predictions

    async def page(
        self,
        caller: AnyCaller,
        cursor: CursorQuery = None,
        page_size: PageSize = 25,
        statuses: Annotated[Sequence[Status], Query(description="Only those in one of these states.")] = (),
        model: ModelQuery = None,
        created_after: AfterQuery = None,
        created_before: BeforeQuery = None,
        everyone: Annotated[bool, Query(description="Everybody's, not your own alone; for admins.")] = False,
    ) -> Response:
        """Your predictions, newest first."""
        browse = Browse(statuses, model, created_after, created_before, everyone)
        found = await self.predictions.page(caller, cursor=cursor, page_size=page_size, browse=browse)
        return page_response(found, [prediction_json(one, details=False) for one in found.items])

    async def get(self, caller: AnyCaller, prediction_id: schemas.PredictionIdPath) -> Response:
        """A prediction as it is now."""
        found = await self.predictions.get(caller, prediction_id)
        return Response(prediction_json(found), media_type="application/json")

    async def cancel(self, caller: Predicting, prediction_id: schemas.PredictionIdPath) -> Response:
        """Ask for the end of a prediction.

        A queued one ends at once, a running one when its model has stopped. Asking again changes nothing.
        """
        await self.predictions.cancel(caller, prediction_id)
        return Response(b"null", 202, media_type="application/json")


def _request(headers: dict[bytes, bytes], raw: bytes, body: schemas.NewPrediction) -> NewPrediction:
    key = preferences.idempotency_key(headers.get(b"idempotency-key"))
    return NewPrediction(
        model=body.model,
        input=body.input,
        stream=body.stream,
        validate=preferences.validate_input(headers.get(b"validate-input")),
        idempotency_key=key,
        body_hash=hashlib.sha256(raw).hexdigest() if key is not None else None,
        cancel_after=preferences.cancel_after(headers.get(b"cancel-after")),
        webhook=None if body.webhook is None else WebhookTarget(body.webhook.url, body.webhook.secret),
    )


def _about(prediction: Prediction, ignored: str | None) -> list[tuple[bytes, bytes]]:
    """The headers of every answer to a create."""
    location = (b"location", f"{PATH}/{prediction.id}".encode())
    return [location] if ignored is None else [location, (bodies.IGNORED.lower().encode(), ignored.encode())]


async def _respond(send: Send, prediction: Prediction, hold: float | None, ignored: str | None) -> None:
    content = prediction_json(prediction)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(content)),
        *_about(prediction, ignored),
    ]
    if hold is not None:
        headers.append((b"preference-applied", f"wait={hold:g}".encode()))
    status = 200 if hold is not None and prediction.finished else 202
    start: dict[str, Any] = {"type": "http.response.start", "status": status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": content})
