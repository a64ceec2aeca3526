"""What runs where, for admins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import APIRouter, Response

from augury.api import schemas
from augury.api.describe import described
from augury.http.auth import AnyCaller
from augury.service.fleet import Fleet, NodeRow, WorkerRow
from augury.service.presentation import timestamp


def routes(fleet: Fleet) -> APIRouter:
    """The route."""
    router = APIRouter(tags=["operations"])
    router.add_api_route(
        "/v1/workers", _Routes(fleet).get, methods=["GET"], **described("list_workers", schemas.Fleet, 401, 403)
    )
    return router


@dataclass(frozen=True, slots=True)
class _Routes:
    fleet: Fleet

    async def get(self, caller: AnyCaller) -> Response:
        """Every node, and every worker with what it does. For admins."""
        nodes, workers = await self.fleet.overview(caller)
        content = {"nodes": [_node(one) for one in nodes], "workers": [_worker(one) for one in workers]}
        return Response(orjson.dumps(content), media_type="application/json")


def _node(node: NodeRow) -> dict[str, Any]:
    return {
        "id": node.id,
        "hostname": node.hostname,
        "pid": node.pid,
        "started_at": timestamp(node.started_at),
        "lease_until": timestamp(node.lease_until),
    }


def _worker(worker: WorkerRow) -> dict[str, Any]:
    model = worker.model
    return {
        "id": worker.id,
        "node_id": worker.node_id,
        "hostname": worker.hostname,
        "pid": worker.pid,
        "model": {"owner": model.owner, "name": model.name, "version_number": model.version_number},
        "state": worker.state,
        "slots": worker.slots,
        "predictions": list(worker.predictions),
        "created_at": timestamp(worker.created_at),
        "ready_at": None if worker.ready_at is None else timestamp(worker.ready_at),
    }
