"""How much happened in the last minutes, for admins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from augury.api import schemas
from augury.api.describe import described
from augury.api.logs import line_json
from augury.domain.prediction import ModelRef, Status
from augury.http.auth import AnyCaller
from augury.service.presentation import timestamp
from augury.service.statistics import Broken, Counted, Figures, Minute, OfModel, Statistics, Times

Minutes = Annotated[int, Query(ge=1, le=180, description="How many, up to this one.")]


class TimesTaken(BaseModel):
    """How long it took, in seconds: half of them no longer than p50, 95 in 100 no longer than p95."""

    p50: float
    p95: float


class QueueNow(BaseModel):
    """How many have not ended, by their state."""

    pending: int
    starting: int
    started: int
    oldest_at: str | None = Field(description="When the oldest that has not begun to run was created.")


class EndedCounts(BaseModel):
    """What was created, what ended and how, and what those that ended have taken."""

    created: int
    succeeded: int
    failed: int
    cancelled: int
    abandoned: int
    queue_time: TimesTaken | None = Field(description="From being created until they began to run.")
    run_time: TimesTaken | None


class MinuteStatistics(EndedCounts):
    """One minute; the last one has not ended yet."""

    at: str = Field(description="When it began.")
    queued: int = Field(description="How many waited at its end.")


class ModelStatistics(EndedCounts):
    """The same minutes together, of one version."""

    model: schemas.ModelReference


class BrokenVersion(BaseModel):
    """A version that cannot start."""

    model: schemas.ModelReference
    reason: str
    since: str | None
    logs: list[schemas.LogLine] = Field(description="The last lines of its last attempt to start, at most 50.")


class StatisticsAnswer(BaseModel):
    """How much happened in the last minutes."""

    since: str = Field(description="The beginning of the first minute.")
    until: str = Field(description="When this was read; it may be a few seconds ago.")
    complete: bool = Field(description="false: so much happened that fewer minutes than were asked for are counted.")
    queue: QueueNow
    minutes: list[MinuteStatistics] = Field(description="Oldest first, those in which nothing happened, too.")
    models: list[ModelStatistics] = Field(description="Busiest first, at most 50.")
    broken: list[BrokenVersion] = Field(description="Those that were found broken last, first; at most 50.")


def routes(statistics: Statistics) -> APIRouter:
    """The route."""
    router = APIRouter(tags=["operations"])
    router.add_api_route(
        "/v1/statistics",
        _Routes(statistics).get,
        methods=["GET"],
        **described("get_statistics", StatisticsAnswer, 401, 403, 422),
    )
    return router


@dataclass(frozen=True, slots=True)
class _Routes:
    statistics: Statistics

    async def get(self, caller: AnyCaller, minutes: Minutes = 60) -> Response:
        """What was created, waits, ran and failed in the last minutes, and what is broken. For admins."""
        figures = await self.statistics.read(caller, minutes)
        return Response(orjson.dumps(_figures(figures)), media_type="application/json")


def _figures(figures: Figures) -> dict[str, Any]:
    queue = figures.queue
    return {
        "since": timestamp(figures.since),
        "until": timestamp(figures.until),
        "complete": figures.complete,
        "queue": {
            **{one.value: queue.active.get(one, 0) for one in (Status.PENDING, Status.STARTING, Status.STARTED)},
            "oldest_at": None if queue.oldest_at is None else timestamp(queue.oldest_at),
        },
        "minutes": [_minute(one) for one in figures.minutes],
        "models": [_of_model(one) for one in figures.models],
        "broken": [_broken(one) for one in figures.broken],
    }


def _minute(minute: Minute) -> dict[str, Any]:
    return {"at": timestamp(minute.at), **_counts(minute.created, minute.counted), "queued": minute.queued}


def _of_model(one: OfModel) -> dict[str, Any]:
    return {"model": _model(one.model), **_counts(one.created, one.counted)}


def _broken(one: Broken) -> dict[str, Any]:
    return {
        "model": _model(one.model),
        "reason": one.reason,
        "since": timestamp(one.since),
        "logs": [orjson.Fragment(line_json(line)) for line in one.lines],
    }


def _counts(created: int, counted: Counted) -> dict[str, Any]:
    ended = (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED, Status.ABANDONED)
    return {
        "created": created,
        **{one.value: counted.ended.get(one, 0) for one in ended},
        "queue_time": _times(counted.queue_time),
        "run_time": _times(counted.run_time),
    }


def _times(times: Times | None) -> dict[str, float] | None:
    return None if times is None else {"p50": max(0, times.p50) / 1e6, "p95": max(0, times.p95) / 1e6}


def _model(model: ModelRef) -> dict[str, Any]:
    return {"owner": model.owner, "name": model.name, "version_number": model.version_number}
