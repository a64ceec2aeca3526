"""For whoever watches the server: is it alive, can it take work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import APIRouter, Response

from augury.api import schemas
from augury.api.describe import REFERENCE
from augury.api.services import Readiness


def routes(readiness: Callable[[], Readiness]) -> APIRouter:
    """The routes."""
    router = APIRouter(tags=["health"])
    at = _Routes(readiness)
    router.add_api_route("/livez", at.live, methods=["GET"], operation_id="get_liveness", summary="Get liveness")
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
    readiness: Callable[[], Readiness]

    async def live(self) -> dict[str, str]:
        """The process answers."""
        return {"status": "alive"}

    async def ready(self) -> Response:
        """The server can take work; 503 says why it cannot."""
        found = self.readiness()
        content = {"status": "ready" if found.ready else "not_ready", "problems": list(found.problems)}
        return Response(orjson.dumps(content), 200 if found.ready else 503, media_type="application/json")


_NOT_READY: dict[str, Any] = {
    "description": "It cannot, now.",
    "content": {"application/json": {"schema": {"$ref": REFERENCE.format(model=schemas.Health.__name__)}}},
}
