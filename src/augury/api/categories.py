"""Categories over HTTP: listed by everyone; made, changed and deleted by admins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from fastapi import APIRouter, Request, Response

from augury.api import presenting, schemas
from augury.api.category_schemas import CategoryChange as ChangeBody
from augury.api.category_schemas import ModelCategory, SlugPath
from augury.api.category_schemas import NewCategory as NewBody
from augury.api.describe import IDEMPOTENCY_KEY, described
from augury.api.paging import CursorQuery, PageSize, page_response
from augury.http import bodies
from augury.http.auth import Administering, MaybeCaller
from augury.http.preferences import once
from augury.service.categories import Categories, CategoryChange, NewCategory


def routes(categories: Categories) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/v1/model_categories", tags=["models"])
    at, one = _Routes(categories), "/{slug}"
    page = described("list_categories", schemas.page_of(ModelCategory), 401, 422)
    router.add_api_route("", at.page, methods=["GET"], **page)
    router.add_api_route(one, at.get, methods=["GET"], **described("get_category", ModelCategory, 401, 404))
    create = described(
        "create_category", ModelCategory, 401, 403, 409, 410, body=NewBody, parameters=(IDEMPOTENCY_KEY,)
    )
    router.add_api_route("", at.create, methods=["POST"], **create)
    update = described("update_category", ModelCategory, 401, 403, 404, body=ChangeBody)
    router.add_api_route(one, at.update, methods=["PATCH"], **update)
    router.add_api_route(one, at.delete, methods=["DELETE"], **described("delete_category", None, 401, 403, 404))
    return router


@dataclass(frozen=True, slots=True)
class _Routes:
    categories: Categories

    async def page(self, _caller: MaybeCaller, cursor: CursorQuery = None, page_size: PageSize = 25) -> Response:
        """All categories, in the order of their slugs."""
        found = await self.categories.page(cursor=cursor, page_size=page_size)
        return page_response(found, [presenting.category(one) for one in found.items])

    async def get(self, _caller: MaybeCaller, slug: SlugPath) -> Response:
        """A category."""
        return presenting.response(presenting.category(await self.categories.get(slug)))

    async def create(self, caller: Administering, request: Request) -> Response:
        """Make a category. For admins."""
        raw = await bodies.read(request.receive)
        body, ignored = bodies.parse(NewBody, raw)
        made = await self.categories.create(
            caller, NewCategory(**body.model_dump()), once(caller, request.headers, raw)
        )
        return presenting.response(presenting.category(made), ignored)

    async def update(self, caller: Administering, slug: SlugPath, request: Request) -> Response:
        """Change the name or the description of a category. For admins."""
        body, ignored = bodies.parse(ChangeBody, await bodies.read(request.receive))
        change = cast("CategoryChange", body.model_dump(exclude_unset=True))
        return presenting.response(presenting.category(await self.categories.update(caller, slug, change)), ignored)

    async def delete(self, caller: Administering, slug: SlugPath) -> Response:
        """Delete a category, which takes it off its models. For admins."""
        await self.categories.delete(caller, slug)
        return presenting.response(b"null")
