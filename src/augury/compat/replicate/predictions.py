"""Replicate's predictions: created and held, shown, listed, cancelled, streamed.

    version or path -> Targets -> a prediction of ours -> Presenter

A client that hangs up while its create is held, or its stream is read, cancels as D33 says. Knows no other route.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

from fastapi import Response
from pydantic import BaseModel, Field
from starlette.requests import Request

from augury.compat.calls import Calls
from augury.compat.replicate import webhooks
from augury.compat.replicate.presenting import Presenter
from augury.compat.replicate.requests import caller
from augury.compat.replicate.targets import Targets
from augury.domain import jsontext
from augury.domain.account import Caller
from augury.domain.errors import Conflict, Gone, NotFound
from augury.domain.event import Event, Kind
from augury.domain.ids import PredictionId, is_uuid
from augury.domain.jsontext import JsonObject
from augury.domain.logline import Phase
from augury.domain.paging import Cursor
from augury.domain.prediction import Prediction, Status
from augury.http import bodies, preferences, problems
from augury.service.logbook import Logbook
from augury.service.models import RunnableVersion
from augury.service.predictions import NewPrediction

PAGE = 100
"""Items of a page of a list, as Replicate's."""
LINES = 2_000
"""Lines of a log that are shown: the last ones."""
_EARLY_SECONDS = 0.1
"""How long before its end a hold is over: clients give up half a second after it."""
_LAST = 2**62
_STREAM_HEADERS = ((b"access-control-allow-origin", b"*"),)


class CreateBody(BaseModel):
    """What a prediction is made of."""

    input: dict[str, Any] = Field(default_factory=dict)
    stream: bool | None = None
    webhook: str | None = None
    webhook_completed: str | None = None
    webhook_events_filter: list[str] | None = None

    @property
    def webhook_url(self) -> str | None:
        """Who is told, by its name of today or the one before."""
        return self.webhook_completed if self.webhook is None else self.webhook


class CreateByVersionBody(CreateBody):
    """The same, with what runs."""

    version: str


@dataclass(frozen=True, slots=True)
class PredictionRoutes:
    """The routes of predictions."""

    calls: Calls
    targets: Targets
    logbook: Logbook
    presenter: Presenter

    async def create(self, request: Request) -> Response:
        """POST /predictions."""
        asking = await caller(self.calls.access, request, "predict")
        body, ignored = bodies.parse(CreateByVersionBody, await bodies.read(request.receive))
        version = await self.targets.by_version(asking, body.version)
        return await self._create(request, asking, version, body, ignored)

    async def create_of_model(self, request: Request) -> Response:
        """POST /models/{owner}/{name}/predictions, and the same of deployments."""
        asking = await caller(self.calls.access, request, "predict")
        body, ignored = bodies.parse(CreateBody, await bodies.read(request.receive))
        at = request.path_params
        version = await self.targets.by_path(asking, at["owner"], at["name"])
        return await self._create(request, asking, version, body, ignored)

    async def get(self, request: Request) -> Response:
        """GET /predictions/{id}."""
        asking = await caller(self.calls.access, request)
        return problems.respond(200, await self._shown(asking, await self._find(asking, request)))

    async def page(self, request: Request) -> Response:
        """GET /predictions."""
        asking = await caller(self.calls.access, request)
        cursor = request.query_params.get("cursor")
        found = await self.calls.predictions.page(asking, cursor=cursor, page_size=PAGE)
        results = [self.presenter.prediction(one) for one in found.items]
        page = self.presenter.page("predictions", results, found.previous_cursor, found.next_cursor)
        return problems.respond(200, page)

    async def cancel(self, request: Request) -> Response:
        """POST /predictions/{id}/cancel: what has ended stays as it is, and is shown."""
        asking = await caller(self.calls.access, request, "predict")
        prediction = await self._find(asking, request)
        with contextlib.suppress(Conflict):
            await self.calls.predictions.cancel(asking, prediction.id)
        return problems.respond(200, await self._shown(asking, await self._find(asking, request)))

    async def stream(self, request: Request) -> Response:
        """GET /predictions/{id}/stream: by its link, which needs no token, or with a token."""
        prediction_id = _id(request)
        last = request.headers.get("last-event-id", "")
        # The first event says only what whoever asks has been told already.
        after = max(1, int(last)) if last.isascii() and last.isdigit() and len(last) < 16 else 1
        signature = request.query_params.get("signature")
        if signature is None:
            asking = await caller(self.calls.access, request)
            follower = await self.calls.streams.open(asking, prediction_id, after)
        else:
            self.presenter.links.check_stream(prediction_id, signature)
            follower = await self.calls.streams.by_link(prediction_id, after)
            # For what a hang-up does: whoever has the link acts for the one whom it was given to.
            asking = Caller(follower.prediction.account_id, "", admin=False, token_id="", scopes=frozenset())
        return self.calls.answer(asking, follower, _frame, headers=_STREAM_HEADERS)

    async def _create(
        self, request: Request, asking: Caller, version: RunnableVersion, body: CreateBody, ignored: str | None
    ) -> Response:
        ref = version.ref
        streams = version.schemas.stream_output is not None
        new = NewPrediction(
            model=f"{ref.owner}/{ref.name}:{ref.version_number}",
            input=body.input,
            validate=True,
            # Clients stream without having said so when they create.
            stream=streams and body.stream is not False,
            webhook=webhooks.target(asking, self.presenter.links, body.webhook_url, body.webhook_events_filter),
        )
        limits = self.calls.limits
        prefer = [value for name, value in request.scope["headers"] if name == b"prefer"]
        hold = preferences.wait_seconds(prefer, limits.default_wait, limits.max_wait) or 0.0
        hold -= min(_EARLY_SECONDS, hold * 0.1)
        prediction = await self.calls.hold(asking, new, hold, request.receive)
        headers: dict[str, str] = {"Augury-Prediction": prediction.id}
        if ignored is not None:
            headers[bodies.IGNORED] = ignored
        return problems.respond(201, await self._shown(asking, prediction, created=True), headers)

    async def _shown(self, asking: Caller, prediction: Prediction, *, created: bool = False) -> JsonObject:
        quiet = prediction.status in (Status.PENDING, Status.STARTING) or prediction.removed_at is not None
        logs = "" if quiet else await self._logs(asking, prediction)
        pieces = prediction.output is not None and await self.targets.pieces(prediction)
        return self.presenter.prediction(prediction, logs=logs, pieces=pieces, created=created)

    async def _logs(self, asking: Caller, prediction: Prediction) -> str:
        """What the model wrote, its setup left out."""
        end = Cursor({}, (1, _LAST), backward=True).encode()
        try:
            page = await self.logbook.page(asking, prediction.id, cursor=end, page_size=LINES)
        except Gone:
            return ""
        return "\n".join(one.text for one in page.items if one.phase is Phase.RUN)

    async def _find(self, asking: Caller, request: Request) -> Prediction:
        return await self.calls.predictions.get(asking, _id(request))


def _id(request: Request) -> PredictionId:
    text: str = request.path_params["id"]
    if not is_uuid(text):
        raise NotFound(f"There is no prediction {text[:64]}, or it is not yours.", code="prediction_not_found")
    return PredictionId(text.lower())


def _frame(event: Event) -> bytes:
    """An event as clients read it: texts as they are, everything else as JSON."""
    match event.kind:
        case Kind.INIT:
            return b""
        case Kind.OUTPUT:
            value = jsontext.loads(event.data)
            return _event(event.number, "output", value if isinstance(value, str) else event.data)
        case Kind.DONE:
            value = jsontext.loads(event.data)
            cancelled = isinstance(value, dict) and value.get("status") == Status.CANCELLED.value
            return _event(event.number, "done", '{"reason":"canceled"}' if cancelled else "{}")
        case Kind.ERROR:
            error = jsontext.loads(event.data)
            message = str(error.get("message")) if isinstance(error, dict) else "The prediction failed."
            return _event(event.number, "error", message) + _event(event.number, "done", '{"reason":"error"}')


def _event(number: int, name: str, text: str) -> bytes:
    # Each of the ways to end a line ends one here, too; readers put them together again with line feeds.
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    data = "".join(f"data: {line}\n" for line in lines)
    return f"event: {name}\nid: {number}\n{data}\n".encode("utf-8", "replace")
