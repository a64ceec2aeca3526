"""Tokens over HTTP: made, listed, revoked. A token's text is in one answer only: the one that makes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request, Response

from augury.api import account_schemas, presenting, schemas
from augury.api.describe import IDEMPOTENCY_KEY, described
from augury.api.paging import CursorQuery, PageSize, page_response
from augury.domain import account
from augury.domain.errors import InvalidRequest
from augury.http import bodies
from augury.http.auth import Administering, AnyCaller
from augury.http.preferences import once
from augury.service.access import Access, NewToken, Token
from augury.service.presentation import timestamp

AccountQuery = Annotated[str | None, Query(description="Whose, for admins; yours where left out.")]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def routes(access: Access) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/v1/tokens", tags=["users"])
    at = _Routes(access)
    page = described("list_tokens", schemas.page_of(account_schemas.Token), 401, 403, 404, 422)
    router.add_api_route("", at.page, methods=["GET"], **page)
    create = described(
        "create_token",
        account_schemas.MadeToken,
        *(401, 403, 404, 410),
        body=account_schemas.NewToken,
        parameters=(IDEMPOTENCY_KEY,),
    )
    router.add_api_route("", at.create, methods=["POST"], **create)
    revoke = described("delete_token", None, 401, 403, 404)
    router.add_api_route("/{token_id}", at.revoke, methods=["DELETE"], **revoke)
    return router


@dataclass(frozen=True, slots=True)
class _Routes:
    access: Access

    async def page(
        self,
        caller: AnyCaller,
        cursor: CursorQuery = None,
        page_size: PageSize = 25,
        account: AccountQuery = None,
    ) -> Response:
        """Your tokens, newest first, those that are revoked or expired among them."""
        found = await self.access.page(caller, account=account, cursor=cursor, page_size=page_size)
        return page_response(found, [orjson.dumps(_json(one)) for one in found.items])

    async def create(self, caller: Administering, request: Request) -> Response:
        """Make a token. Its text is in this answer and nowhere else."""
        raw = await bodies.read(request.receive)
        body, ignored = bodies.parse(account_schemas.NewToken, raw)
        new = NewToken(body.name, tuple(body.scopes), _expiry(body.expires_at), body.account)
        made, text = await self.access.issue(caller, new, once(caller, request.headers, raw))
        answer = presenting.response(orjson.dumps({**_json(made), "token": text}), ignored)
        # What is shown once should not be kept by anything on the way.
        answer.headers["Cache-Control"] = "no-store"
        return answer

    async def revoke(self, caller: Administering, token_id: account_schemas.TokenIdPath) -> Response:
        """Make a token worthless at once, one of yours or, for admins, anybody's."""
        await self.access.revoke(caller, token_id)
        return presenting.response(b"null")


def _expiry(text: str | None) -> int | None:
    """Microseconds since the epoch; raises InvalidRequest for what is no time, or a time of nobody knows where."""
    if text is None:
        return None
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        when = None
    if when is None or when.tzinfo is None:
        raise InvalidRequest.at(
            "body",
            "expires_at",
            msg="Input should be a time with its time zone, such as 2030-01-31T12:00:00Z",
            type="expiry",
            input=text[:100],
        )
    return (when - _EPOCH) // timedelta(microseconds=1)


def _json(token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "scopes": account.known(token.scopes),
        "created_at": timestamp(token.created_at),
        "expires_at": _time(token.expires_at),
        "revoked_at": _time(token.revoked_at),
        "last_used_at": _time(token.last_used_at),
    }


def _time(microseconds: int | None) -> str | None:
    return None if microseconds is None else timestamp(microseconds)
