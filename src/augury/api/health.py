"""For whoever watches the server: is it alive, can it take work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import APIRouter, Response

from augury.api import schemas
from augury.api.describe import REFERENCE
from augury.service.health import Health
from augury.service.presentation import timestamp


def routes(health: Health) -> APIRouter:
    """The routes."""
    router = APIRouter(tags=["health"])
    at = _Routes(health)
    router.add_api_route(
        "/livez",
        at.live,
        methods=["GET"],
        operation_id="get_liveness",
        summary="Get liveness",
        response_model=schemas.Liveness,
    )
    router.add_api_route(
        "/readyz",
        at.ready,
        methods=["GET"],
        operation_id="get_readiness",
        summary="Get readiness",
        response_model=schemas.Health,
        responses={"503": _NOT_READY},
    )
    return router


@dataclass(frozen=True, slots=True)
class _Routes:
    health: Health

    async def live(self) -> dict[str, str]:
        """The process answers."""
        return {"status": "alive"}

    async def ready(self) -> Response:
        """The server can take work; 503 says why it cannot. Besides, what this process has been through."""
        found = await self.health.look()
        vitals = found.vitals
        content = {
            "status": "ready" if found.ready else "not_ready",
            "problems": list(found.problems),
            "node": vitals.node,
            "since": _time(vitals.ready_at),
            "recovered": {"predictions": vitals.recovered_predictions, "processes": vitals.recovered_processes},
            "lease_lost_at": _time(vitals.lease_lost_at),
        }
        return Response(orjson.dumps(content), 200 if found.ready else 503, media_type="application/json")


def _time(microseconds: int | None) -> str | None:
    return None if microseconds is None else timestamp(microseconds)


_NOT_READY: dict[str, Any] = {
    "description": "It cannot, now.",
    "content": {"application/json": {"schema": {"$ref": REFERENCE.format(model=schemas.Health.__name__)}}},
}
