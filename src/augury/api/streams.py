"""The stream of a prediction over HTTP, behind any event of it.

Knows how events look on the wire; what they are, and where a reader stands, the service knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response

from augury.api import schemas
from augury.api.describe import EventStream, described
from augury.api.event_schemas import PredictionEvent
from augury.domain.errors import InvalidRequest
from augury.domain.event import Event
from augury.http import preferences, sse
from augury.http.auth import AnyCaller
from augury.http.services import Limits, Services
from augury.service.access import Access
from augury.service.streams import StreamFollower, Streams

LARGEST = 2**31 - 1

AfterId = Annotated[
    str | None,
    Query(description="Send what follows this event; without it, and without `Last-Event-ID`, everything."),
]


def routes(services: Services, limits: Limits) -> APIRouter:
    """The route of streams."""
    router = APIRouter(prefix="/v1/predictions", tags=["predictions"])
    at = _Routes(services.streams, services.access, limits)
    router.add_api_route(
        "/{prediction_id}/stream",
        at.stream,
        methods=["GET"],
        **described(
            "stream_prediction",
            None,
            401,
            404,
            409,
            410,
            422,
            parameters=(preferences.PREFER_IDLE,),
            streams=EventStream("The events that follow.", PredictionEvent),
        ),
    )
    return router


@dataclass(frozen=True, slots=True)
class _Routes:
    streams: Streams
    access: Access
    limits: Limits

    async def stream(
        self,
        request: Request,
        caller: AnyCaller,
        prediction_id: schemas.PredictionIdPath,
        after_id: AfterId = None,
        last_event_id: Annotated[str | None, Header(description="As `after_id`, which wins.")] = None,
    ) -> Response:
        """The events of a prediction that was created with `stream`: those that there are, then those that come.

        Ends with the event `done` or `error`, or after a while without an event; then ask again with the last id.
        """
        after = _after(after_id, last_event_id)
        idle = sse.idle_seconds((value for name, value in request.headers.raw if name == b"prefer"), self.limits)
        follower = await self.streams.open(caller, prediction_id, after)
        return answer(follower, partial(self.access.stands, caller), self.limits, idle)


def answer(
    follower: StreamFollower,
    allowed: sse.Permission,
    limits: Limits,
    idle: float | None,
    headers: sse.Headers = (),
) -> sse.EventStream[Event]:
    """The answer that is a stream; `idle` is what its reader has asked for, `allowed` whether it may still read."""
    return sse.EventStream(follower, _frame, limits, idle, allowed=allowed, headers=headers)


def _frame(event: Event) -> bytes:
    return sse.frame(event.number, event.kind.value, event.data)


def _after(after_id: str | None, last_event_id: str | None) -> int:
    for place, text in ((("query", "after_id"), after_id), (("header", "Last-Event-ID"), last_event_id)):
        if text is None or (text == "" and place[0] == "header"):
            # A browser that has seen no event yet sends an empty one.
            continue
        if not (text.isascii() and text.isdigit() and len(text) <= 20):
            raise InvalidRequest.at(
                *place, msg="Input should be the id of an event: a whole number", type="int_parsing", input=text[:100]
            )
        return min(int(text), LARGEST)
    return 0
