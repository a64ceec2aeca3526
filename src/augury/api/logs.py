"""Logs over HTTP: a prediction's in pages or line by line as it is written, and what a version's setups wrote.

Knows how a line looks on the wire.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated

import orjson
from fastapi import APIRouter, Header, Query, Request, Response

from augury.api import schemas
from augury.api.describe import EventStream, described
from augury.api.event_schemas import PredictionLogEvent
from augury.api.paging import CursorQuery, PageSize, page_response
from augury.domain.account import Caller
from augury.domain.errors import InvalidRequest
from augury.domain.logline import LogLine
from augury.http import preferences, sse
from augury.http.auth import AnyCaller
from augury.http.services import Limits, Services
from augury.service.access import Access
from augury.service.logbook import Logbook, LogFollower, Place
from augury.service.presentation import timestamp

Follow = Annotated[
    bool, Query(description="Send each line as an event as soon as it is written, until the prediction has ended.")
]
After = Annotated[str | None, Query(description="With `follow`: send what comes behind the event with this id.")]


def routes(services: Services, limits: Limits) -> APIRouter:
    """The routes of logs."""
    router = APIRouter(prefix="/v1")
    at = _Routes(services.logbook, services.access, limits)
    router.add_api_route(
        "/models/{owner}/{name}/versions/{number}/logs",
        at.read_setups,
        methods=["GET"],
        tags=["versions"],
        **described("list_version_logs", schemas.page_of(schemas.LogLine), 401, 403, 404, 422),
    )
    router.add_api_route(
        "/predictions/{prediction_id}/logs",
        at.read,
        methods=["GET"],
        tags=["predictions"],
        **described(
            "list_prediction_logs",
            schemas.page_of(schemas.LogLine),
            401,
            404,
            410,
            422,
            parameters=(preferences.PREFER_IDLE,),
            streams=EventStream("The lines, each an event `log`, and at the end an event `done`.", PredictionLogEvent),
        ),
    )
    return router


@dataclass(frozen=True, slots=True)
class _Routes:
    logbook: Logbook
    access: Access
    limits: Limits

    async def read(
        self,
        request: Request,
        caller: AnyCaller,
        prediction_id: schemas.PredictionIdPath,
        cursor: CursorQuery = None,
        page_size: PageSize = 25,
        follow: Follow = False,
        after: After = None,
        last_event_id: Annotated[str | None, Header(description="As `after`, which wins.")] = None,
    ) -> Response:
        """What a prediction's code has written, oldest line first: of the setup that it waited for, then of its runs.

        With `follow`, or where the request accepts `text/event-stream`, the lines come as they are written.
        """
        if follow or "text/event-stream" in request.headers.get("accept", ""):
            return await self._follow(request, caller, prediction_id, _place(after, last_event_id))
        found = await self.logbook.page(caller, prediction_id, cursor=cursor, page_size=page_size)
        return page_response(found, map(line_json, found.items))

    async def read_setups(
        self,
        caller: AnyCaller,
        owner: schemas.OwnerPath,
        name: schemas.NamePath,
        number: schemas.NumberPath,
        cursor: CursorQuery = None,
        page_size: PageSize = 25,
    ) -> Response:
        """What the last attempts to start a version have written, oldest line first. For its owner and admins."""
        found = await self.logbook.page_of_version(caller, owner, name, number, cursor=cursor, page_size=page_size)
        return page_response(found, map(line_json, found.items))

    async def _follow(self, request: Request, caller: Caller, prediction_id: str, place: Place) -> Response:
        prefer = (value for name, value in request.headers.raw if name == b"prefer")
        follower = await self.logbook.follow(caller, prediction_id, place)
        frames = _Frames(follower, place)
        return sse.EventStream(
            follower,
            frames.line,
            self.limits,
            sse.idle_seconds(prefer, self.limits),
            allowed=partial(self.access.stands, caller),
            end=frames.end,
        )


class _Frames:
    """Lines as events; the id of each is the place behind it."""

    def __init__(self, follower: LogFollower, place: Place) -> None:
        self._follower = follower
        self._place = place

    def line(self, line: LogLine) -> bytes:
        """One line."""
        self._place = self._place.after(line)
        return sse.frame(self._place, "log", line_json(line).decode())

    def end(self) -> bytes:
        """The prediction has ended, and no line follows."""
        prediction = self._follower.prediction
        content = orjson.dumps({"id": prediction.id, "status": prediction.status.value})
        return sse.frame(self._place, "done", content.decode())


def line_json(line: LogLine) -> bytes:
    """One line."""
    return orjson.dumps(
        {
            "time": timestamp(line.time),
            "phase": line.phase.value,
            "stream": line.stream,
            "attempt": line.attempt,
            "text": line.text,
        }
    )


def _place(after: str | None, last_event_id: str | None) -> Place:
    for where, text in ((("query", "after"), after), (("header", "Last-Event-ID"), last_event_id or None)):
        if text is None:
            continue
        if (place := Place.parse(text)) is None:
            raise InvalidRequest.at(
                *where, msg="Input should be the id of an event of this log", type="event_id", input=text[:100]
            )
        return place
    return Place()
