"""Search over HTTP: models and users that have certain words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Response

from augury.api import account_schemas, presenting, schemas
from augury.api.describe import described
from augury.api.paging import CursorQuery, PageSize, page_response
from augury.http.auth import MaybeCaller
from augury.service.search import LONGEST, Search

Words = Annotated[
    str | None,
    Query(
        description=f"Words, all of which have to be there, the last one perhaps not to its end; 1 to {LONGEST} "
        "characters. May be left out with a cursor, which knows it.",
        examples=["text to im"],
    ),
]


def routes(search: Search) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/v1/search", tags=["search"])
    at = _Routes(search)
    models = described("search_models", schemas.page_of(schemas.ModelSummary), 401, 422)
    router.add_api_route("/models", at.models, methods=["GET"], **models)
    users = described("search_users", schemas.page_of(account_schemas.UserSummary), 401, 422)
    router.add_api_route("/users", at.users, methods=["GET"], **users)
    return router


@dataclass(frozen=True, slots=True)
class _Routes:
    search: Search

    async def models(
        self, caller: MaybeCaller, q: Words = None, cursor: CursorQuery = None, page_size: PageSize = 25
    ) -> Response:
        """Models by their name, owner, categories, description and overview, the best first."""
        found = await self.search.models(caller, q, cursor=cursor, page_size=page_size)
        return page_response(found, [presenting.model_summary(one) for one in found.items])

    async def users(
        self, _caller: MaybeCaller, q: Words = None, cursor: CursorQuery = None, page_size: PageSize = 25
    ) -> Response:
        """Users by their names and bio, the best first."""
        found = await self.search.users(q, cursor=cursor, page_size=page_size)
        return page_response(found, [presenting.user_summary(one) for one in found.items])
