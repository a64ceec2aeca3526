"""Models over HTTP: made, listed, shown, changed, deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, cast

from fastapi import APIRouter, Query, Request, Response

from augury.api import presenting, schemas
from augury.api.describe import IDEMPOTENCY_KEY, described
from augury.api.paging import CursorQuery, PageSize, page_response
from augury.http import bodies
from augury.http.auth import Administering, MaybeCaller
from augury.http.preferences import once
from augury.http.services import Services
from augury.service.models import ModelChange, Models, NewModel

SortBy = Annotated[
    Literal["created_at", "predictions_count"],
    Query(description="An owner's models by predictions_count are only those that ever ran."),
]
SortDirection = Annotated[
    Literal["asc", "desc"] | None, Query(description="Left out: oldest first, or most predictions first.")
]
CategorySlugs = Annotated[list[str], Query(description="Only those in any of these categories, at most 20.")]


def routes(services: Services) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/v1/models", tags=["models"])
    at = _Routes(services.models)
    page, model, path = schemas.page_of(schemas.ModelSummary), schemas.Model, "/{owner}/{name}"
    router.add_api_route("", at.page, methods=["GET"], **described("list_models", page, 401, 422))
    create = described("create_model", model, 401, 403, 409, 410, body=schemas.NewModel, parameters=(IDEMPOTENCY_KEY,))
    router.add_api_route("", at.create, methods=["POST"], **create)
    router.add_api_route(
        "/{owner}", at.page_of_owner, methods=["GET"], **described("list_models_of_owner", page, 401, 404, 422)
    )
    router.add_api_route(path, at.get, methods=["GET"], **described("get_model", model, 401, 404))
    update = described("update_model", model, 401, 403, 404, 409, body=schemas.ModelChange)
    router.add_api_route(path, at.update, methods=["PATCH"], **update)
    router.add_api_route(path, at.delete, methods=["DELETE"], **described("delete_model", None, 401, 403, 404))
    return router


@dataclass(frozen=True, slots=True)
class _Routes:
    models: Models

    async def page(
        self,
        _caller: MaybeCaller,
        cursor: CursorQuery = None,
        page_size: PageSize = 25,
        sort_by: SortBy = "created_at",
        sort_direction: SortDirection = None,
        category_slugs: CategorySlugs = [],  # noqa: B006 - FastAPI copies it
    ) -> Response:
        """The models that everyone may see."""
        found = await self.models.page(
            cursor=cursor,
            page_size=page_size,
            sort_by=sort_by,
            sort_direction=sort_direction,
            category_slugs=category_slugs,
        )
        return page_response(found, [presenting.model_summary(one) for one in found.items])

    async def page_of_owner(
        self,
        _caller: MaybeCaller,
        owner: schemas.OwnerPath,
        cursor: CursorQuery = None,
        page_size: PageSize = 25,
        sort_by: SortBy = "created_at",
        sort_direction: SortDirection = None,
        category_slugs: CategorySlugs = [],  # noqa: B006 - FastAPI copies it
    ) -> Response:
        """One owner's models that everyone may see."""
        found = await self.models.page_of_owner(
            owner,
            cursor=cursor,
            page_size=page_size,
            sort_by=sort_by,
            sort_direction=sort_direction,
            category_slugs=category_slugs,
        )
        return page_response(found, [presenting.model_summary(one) for one in found.items])

    async def create(self, caller: Administering, request: Request) -> Response:
        """Make a model. It can be called when it has a version."""
        raw = await bodies.read(request.receive)
        body, ignored = bodies.parse(schemas.NewModel, raw)
        made = await self.models.create(caller, NewModel(**body.model_dump()), once(caller, request.headers, raw))
        return presenting.response(presenting.model(made), ignored)

    async def get(self, caller: MaybeCaller, owner: schemas.OwnerPath, name: schemas.NamePath) -> Response:
        """A model with its latest version."""
        return presenting.response(presenting.model(await self.models.get(caller, owner, name)))

    async def update(
        self, caller: Administering, owner: schemas.OwnerPath, name: schemas.NamePath, request: Request
    ) -> Response:
        """Change something about a model, its name for instance."""
        body, ignored = bodies.parse(schemas.ModelChange, await bodies.read(request.receive))
        change = cast("ModelChange", body.model_dump(exclude_unset=True))
        changed = await self.models.update(caller, owner, name, change)
        return presenting.response(presenting.model(changed), ignored)

    async def delete(self, caller: Administering, owner: schemas.OwnerPath, name: schemas.NamePath) -> Response:
        """Take a model away with its versions. What is queued for it is abandoned; its predictions stay."""
        await self.models.delete(caller, owner, name)
        return presenting.response(b"null")
