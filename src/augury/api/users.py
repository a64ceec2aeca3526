"""Accounts over HTTP: who you are, and what you change about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from fastapi import APIRouter, Request, Response

from augury.api import bodies, presenting, schemas
from augury.api.auth import Administering, AnyCaller
from augury.api.describe import described
from augury.api.paging import CursorQuery, PageSize, page_response
from augury.api.services import Services
from augury.service.models import Models
from augury.service.users import AccountChange, Users


def routes(services: Services) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/v1/user", tags=["users"])
    at = _Routes(services.users, services.models)
    router.add_api_route("", at.get, methods=["GET"], **described("get_authenticated_user", schemas.User, 401))
    router.add_api_route(
        "",
        at.update,
        methods=["PATCH"],
        **described("update_authenticated_user", schemas.User, 401, 409, body=schemas.UserChange),
    )
    mine = described("list_own_models", schemas.Page[schemas.ModelSummary], 401, 422)
    router.add_api_route("/models", at.models_page, methods=["GET"], **mine)
    return router


@dataclass(frozen=True, slots=True)
class _Routes:
    users: Users
    models: Models

    async def get(self, caller: AnyCaller) -> Response:
        """The account whose token this is."""
        return presenting.response(presenting.user(await self.users.me(caller)))

    async def update(self, caller: Administering, request: Request) -> Response:
        """Change something about the account whose token this is."""
        body, ignored = bodies.parse(schemas.UserChange, await bodies.read(request.receive))
        account = await self.users.update_me(caller, cast("AccountChange", body.model_dump(exclude_unset=True)))
        return presenting.response(presenting.user(account), ignored)

    async def models_page(self, caller: AnyCaller, cursor: CursorQuery = None, page_size: PageSize = 25) -> Response:
        """Your own models, oldest first, private ones among them."""
        page = await self.models.page_of_mine(caller, cursor=cursor, page_size=page_size)
        return page_response(page, [presenting.model_summary(one) for one in page.items])
