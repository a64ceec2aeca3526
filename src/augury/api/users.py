"""Accounts over HTTP: who you are, who there is, and what admins do about accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, cast

from fastapi import APIRouter, Query, Request, Response

from augury.api import account_schemas, presenting, schemas
from augury.api.account_schemas import UserPath, View
from augury.api.describe import IDEMPOTENCY_KEY, described
from augury.api.paging import CursorQuery, PageSize, page_response
from augury.domain.account import Account, Caller
from augury.domain.errors import Unauthenticated
from augury.http import bodies
from augury.http.auth import Administering, AnyCaller, MaybeCaller
from augury.http.preferences import once
from augury.http.services import Services
from augury.service.models import Models
from augury.service.users import AccountChange, Administration, NewAccount, Users

SortBy = Annotated[Literal["created_at"], Query(description="When they joined.")]
SortDirection = Annotated[Literal["asc", "desc"], Query(description="asc: the oldest first.")]


def routes(services: Services) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/v1", tags=["users"])
    _own_routes(router, _Own(services.users, services.models))
    at = _All(services.users)
    one, user, administered = "/users/{user}", schemas.User, account_schemas.AdministeredUser
    page = described(
        "list_users", schemas.page_of(account_schemas.UserSummary, account_schemas.AdministeredUser), 401, 403, 422
    )
    router.add_api_route("/users", at.page, methods=["GET"], **page)
    get = described("get_user", user | administered, 401, 403, 404, 422)
    router.add_api_route(one, at.get, methods=["GET"], **get)
    create = described(
        "create_user",
        administered,
        *(401, 403, 409, 410),
        body=account_schemas.NewUser,
        parameters=(IDEMPOTENCY_KEY,),
    )
    router.add_api_route("/users", at.create, methods=["POST"], **create)
    change = described("update_user", administered, 401, 403, 404, 409, body=account_schemas.UserAdministration)
    router.add_api_route(one, at.change, methods=["PATCH"], **change)
    router.add_api_route(one, at.delete, methods=["DELETE"], **described("delete_user", None, 401, 403, 404, 409))
    return router


def _own_routes(router: APIRouter, at: _Own) -> None:
    router.add_api_route("/user", at.get, methods=["GET"], **described("get_authenticated_user", schemas.User, 401))
    router.add_api_route(
        "/user",
        at.update,
        methods=["PATCH"],
        **described("update_authenticated_user", schemas.User, 401, 403, 409, body=schemas.UserChange),
    )
    mine = described("list_own_models", schemas.page_of(schemas.ModelSummary), 401, 422)
    router.add_api_route("/user/models", at.models_page, methods=["GET"], **mine)


@dataclass(frozen=True, slots=True)
class _Own:
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


@dataclass(frozen=True, slots=True)
class _All:
    users: Users

    async def page(
        self,
        caller: MaybeCaller,
        cursor: CursorQuery = None,
        page_size: PageSize = 25,
        sort_by: SortBy = "created_at",
        sort_direction: SortDirection = "asc",
        view: View = "public",
    ) -> Response:
        """All users, in the order in which they joined."""
        as_admin = _as_admin(caller, view)
        found = await self.users.page(
            cursor=cursor, page_size=page_size, sort_by=sort_by, sort_direction=sort_direction
        )
        show = presenting.administered_user if as_admin else presenting.user_summary
        return page_response(found, [show(one) for one in found.items])

    async def get(self, caller: MaybeCaller, user: UserPath, view: View = "public") -> Response:
        """A user by name."""
        as_admin = _as_admin(caller, view)
        found = await self.users.get(user)
        return presenting.response(presenting.administered_user(found) if as_admin else presenting.user(found))

    async def create(self, caller: Administering, request: Request) -> Response:
        """Make an account. For admins."""
        raw = await bodies.read(request.receive)
        body, ignored = bodies.parse(account_schemas.NewUser, raw)
        made = await self.users.create(caller, NewAccount(**body.model_dump()), once(caller, request.headers, raw))
        return _administered(made, ignored)

    async def change(self, caller: Administering, user: UserPath, request: Request) -> Response:
        """Change something about an account, disable it for instance. For admins."""
        body, ignored = bodies.parse(account_schemas.UserAdministration, await bodies.read(request.receive))
        change = cast("Administration", body.model_dump(exclude_unset=True))
        return _administered(await self.users.change(caller, user, change), ignored)

    async def delete(self, caller: Administering, user: UserPath) -> Response:
        """Delete an account that has no models and no predictions. For admins."""
        await self.users.delete(caller, user)
        return presenting.response(b"null")


def _as_admin(caller: Caller | None, view: str) -> bool:
    if view != "admin":
        return False
    if caller is None:
        raise Unauthenticated(
            "This view needs an admin's token.",
            code="missing_token",
            hint="Send it as `Authorization: Bearer <token>`, or leave `view` out.",
        )
    caller.demand_admin("see this view")
    return True


def _administered(account: Account, ignored: str | None) -> Response:
    return presenting.response(presenting.administered_user(account), ignored)
