"""The access list of a model over HTTP (ours): who is on it, put on it, taken off it."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Response

from augury.api import presenting, schemas
from augury.api.account_schemas import UserPath
from augury.api.describe import described
from augury.api.paging import CursorQuery, PageSize, page_response
from augury.http.auth import Administering, AnyCaller
from augury.service.sharing import Sharing


def routes(sharing: Sharing) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/v1/models/{owner}/{name}/access", tags=["models"])
    at = _Routes(sharing)
    page = described("list_model_access", schemas.page_of(schemas.BaseUser), 401, 403, 404, 422)
    router.add_api_route("", at.page, methods=["GET"], **page)
    known = (schemas.BaseUser, 401, 403, 404)
    router.add_api_route("/{user}", at.get, methods=["GET"], **described("get_model_access", *known))
    router.add_api_route("/{user}", at.allow, methods=["PUT"], **described("put_model_access", *known))
    gone = described("delete_model_access", None, 401, 403, 404)
    router.add_api_route("/{user}", at.deny, methods=["DELETE"], **gone)
    return router


@dataclass(frozen=True, slots=True)
class _Routes:
    sharing: Sharing

    async def page(
        self,
        caller: AnyCaller,
        owner: schemas.OwnerPath,
        name: schemas.NamePath,
        cursor: CursorQuery = None,
        page_size: PageSize = 25,
    ) -> Response:
        """Who, besides its owner, may run a model while it is restricted; for its owner."""
        found = await self.sharing.page(caller, owner, name, cursor=cursor, page_size=page_size)
        return page_response(found, [presenting.base_user(one) for one in found.items])

    async def get(
        self, caller: AnyCaller, owner: schemas.OwnerPath, name: schemas.NamePath, user: UserPath
    ) -> Response:
        """Whether a user is on the list; 404 where not."""
        return presenting.response(presenting.base_user(await self.sharing.get(caller, owner, name, user)))

    async def allow(
        self, caller: Administering, owner: schemas.OwnerPath, name: schemas.NamePath, user: UserPath
    ) -> Response:
        """Put a user on the list. One who is on it already stays there."""
        return presenting.response(presenting.base_user(await self.sharing.allow(caller, owner, name, user)))

    async def deny(
        self, caller: Administering, owner: schemas.OwnerPath, name: schemas.NamePath, user: UserPath
    ) -> Response:
        """Take a user off the list. What they have created already runs to its end."""
        await self.sharing.deny(caller, owner, name, user)
        return presenting.response(b"null")
