"""Versions over HTTP: published, listed, shown, deleted, and their configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from fastapi import APIRouter, Request, Response

from augury.api import presenting, schemas
from augury.api.describe import IDEMPOTENCY_KEY, described
from augury.api.paging import CursorQuery, PageSize, page_response
from augury.http import bodies
from augury.http.auth import Administering, MaybeCaller
from augury.http.preferences import once
from augury.http.services import Services
from augury.service.models import Models
from augury.service.versions import ConfigurationChange


def routes(services: Services) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/v1/models/{owner}/{name}/versions", tags=["versions"])
    at = _Routes(services.models)
    one, settings = "/{number}", "/{number}/configuration"
    page = described("list_versions", schemas.page_of(schemas.VersionSummary), 401, 404, 422)
    router.add_api_route("", at.page, methods=["GET"], **page)
    publish = described(
        "create_version",
        schemas.PublishedVersion,
        *(401, 403, 404, 410),
        body=schemas.NewVersion,
        parameters=(IDEMPOTENCY_KEY,),
    )
    router.add_api_route("", at.publish, methods=["POST"], **publish)
    router.add_api_route(one, at.get, methods=["GET"], **described("get_version", schemas.Version, 401, 404, 422))
    router.add_api_route(one, at.delete, methods=["DELETE"], **described("delete_version", None, 401, 403, 404, 422))
    shown = described("get_version_configuration", schemas.Configuration, 401, 404, 422)
    router.add_api_route(settings, at.configuration, methods=["GET"], **shown)
    changed = described(
        "update_version_configuration", schemas.Configuration, 401, 403, 404, body=schemas.ConfigurationChange
    )
    router.add_api_route(settings, at.configure, methods=["PATCH"], **changed)
    return router


@dataclass(frozen=True, slots=True)
class _Routes:
    models: Models

    async def page(
        self,
        caller: MaybeCaller,
        owner: schemas.OwnerPath,
        name: schemas.NamePath,
        cursor: CursorQuery = None,
        page_size: PageSize = 25,
    ) -> Response:
        """The versions of a model, newest first."""
        found = await self.models.page_versions(caller, owner, name, cursor=cursor, page_size=page_size)
        return page_response(found, [presenting.version_summary(one) for one in found.items])

    async def publish(
        self, caller: Administering, owner: schemas.OwnerPath, name: schemas.NamePath, request: Request
    ) -> Response:
        """Publish a version. Its bundle has been put before; its environment is built before this answers."""
        raw = await bodies.read(request.receive)
        body, ignored = bodies.parse(schemas.NewVersion, raw)
        given = body.model_dump(exclude_unset=True)
        made = await self.models.publish(caller, owner, name, **given, idempotency=once(caller, request.headers, raw))
        return presenting.response(presenting.published_version(made), ignored)

    async def get(
        self, caller: MaybeCaller, owner: schemas.OwnerPath, name: schemas.NamePath, number: schemas.NumberPath
    ) -> Response:
        """A version with its schemas."""
        return presenting.response(presenting.version(await self.models.get_version(caller, owner, name, number)))

    async def delete(
        self, caller: Administering, owner: schemas.OwnerPath, name: schemas.NamePath, number: schemas.NumberPath
    ) -> Response:
        """Take a version away. Its number is not used again."""
        await self.models.delete_version(caller, owner, name, number)
        return presenting.response(b"null")

    async def configuration(
        self, caller: MaybeCaller, owner: schemas.OwnerPath, name: schemas.NamePath, number: schemas.NumberPath
    ) -> Response:
        """On which hardware a version runs, and with which variables."""
        found = await self.models.get_configuration(caller, owner, name, number)
        return presenting.response(presenting.configuration(found))

    async def configure(
        self,
        caller: Administering,
        owner: schemas.OwnerPath,
        name: schemas.NamePath,
        number: schemas.NumberPath,
        request: Request,
    ) -> Response:
        """Change how a version runs, from its next worker on."""
        body, ignored = bodies.parse(schemas.ConfigurationChange, await bodies.read(request.receive))
        change = cast("ConfigurationChange", body.model_dump(exclude_unset=True))
        changed = await self.models.update_configuration(caller, owner, name, number, change)
        return presenting.response(presenting.configuration(changed), ignored)
