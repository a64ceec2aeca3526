"""What versions may run on, for everybody."""

from __future__ import annotations

import math
from dataclasses import dataclass

import orjson
from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from augury.api import schemas
from augury.api.describe import described
from augury.api.paging import CursorQuery, PageSize, page_response
from augury.domain.hardware import GB, GIB
from augury.http.auth import MaybeCaller
from augury.service.hardware import Catalogue
from augury.service.hardware import Hardware as Entry
from augury.service.presentation import timestamp


class Hardware(BaseModel):
    """Something that versions may run on: what it reserves for each worker, or may use of its machine."""

    name: str
    identifier: str = Field(description="What a configuration's hardware_identifier names.")
    gpus: int
    cpus: int
    vram_gb: int = Field(description="Memory of all its GPUs together, in GB.")
    ram_gib: int = Field(description="Memory, in GiB; whole ones, rounded down.")
    created_at: str
    description: str | None


def routes(catalogue: Catalogue) -> APIRouter:
    """The route."""
    router = APIRouter(prefix="/v1/hardware", tags=["hardware"])
    listed = described("list_hardware", schemas.page_of(Hardware), 401, 422)
    router.add_api_route("", _Routes(catalogue).page, methods=["GET"], **listed)
    return router


@dataclass(frozen=True, slots=True)
class _Routes:
    catalogue: Catalogue

    async def page(self, caller: MaybeCaller, cursor: CursorQuery = None, page_size: PageSize = 25) -> Response:
        """What versions may run on: what the nodes have, and named parts of it."""
        found, since = await self.catalogue.page(cursor=cursor, page_size=page_size)
        return page_response(found, [_json(one, since) for one in found.items])


def _json(one: Entry, since: int) -> bytes:
    content = {
        "name": one.name,
        "identifier": one.identifier,
        "gpus": one.gpus,
        "cpus": one.cpus,
        "vram_gb": round(one.vram / GB),
        "ram_gib": math.floor(one.ram / GIB),
        "created_at": timestamp(since),
        "description": one.description,
    }
    return orjson.dumps(content)
