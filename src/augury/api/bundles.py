"""Bundles over HTTP (ours): a model's files are put under their digest before a version names them.

The bytes are checked and stored as they come in, never held in memory.
"""

from __future__ import annotations

from dataclasses import dataclass

import orjson
from fastapi import APIRouter, Request, Response

from augury.api import schemas
from augury.api.describe import BYTES, described
from augury.domain.errors import NotFound
from augury.http import bodies
from augury.http.auth import Administering, AnyCaller
from augury.http.services import Limits, Services
from augury.service.bundles import Bundles

PREFIX = "/v1/bundles/"


def routes(services: Services, limits: Limits) -> APIRouter:
    """The routes."""
    router = APIRouter(tags=["bundles"])
    at = _Routes(services.bundles, limits.max_bundle)
    path = PREFIX + "{digest}"
    put = described("put_bundle", schemas.Bundle, 401, 403, 413, 422)
    put["openapi_extra"] = {"requestBody": BYTES}
    router.add_api_route(path, at.put, methods=["PUT"], **put)
    found = (schemas.StoredBundle, 401, 404)
    router.add_api_route(path, at.exists, methods=["GET"], **described("get_bundle", *found))
    router.add_api_route(path, at.exists, methods=["HEAD"], **described("head_bundle", *found))
    return router


@dataclass(frozen=True, slots=True)
class _Routes:
    bundles: Bundles
    limit: int

    async def put(self, caller: Administering, digest: schemas.DigestPath, request: Request) -> Response:
        """Store a bundle. Putting one that is there already changes nothing."""
        size = await self.bundles.store(caller, digest, bodies.chunks(request.receive), self.limit)
        return Response(orjson.dumps({"digest": digest, "size": size}), media_type="application/json")

    async def exists(self, _caller: AnyCaller, digest: schemas.DigestPath) -> Response:
        """Whether a bundle is stored, so that it need not be put again."""
        if not await self.bundles.exists(digest):
            raise NotFound(f"There is no bundle {digest}.", code="bundle_not_found", hint="Put it first.")
        return Response(orjson.dumps({"digest": digest}), media_type="application/json")
