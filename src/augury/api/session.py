"""Signing in and out of the web app over HTTP, and links for it. Knows the cookie by what `http` does with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request, Response

from augury.api import presenting, session_schemas
from augury.api.describe import described
from augury.domain.account import SCOPES
from augury.domain.errors import InvalidRequest
from augury.http import auth, bodies, origins
from augury.http.auth import AnyCaller, MaybeCaller
from augury.http.cookies import SESSION, Cookies
from augury.http.services import Services
from augury.service.access import Access
from augury.service.presentation import timestamp
from augury.service.sessions import Sessions, SignedIn

Everywhere = Annotated[
    bool, Query(description="Ends every session of your account, and every link to sign in, instead of this one.")
]


def routes(services: Services, cookies: Cookies) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/v1/session", tags=["users"])
    at = _Routes(services.sessions, services.access, cookies)
    session = session_schemas.Session
    router.add_api_route("", at.get, methods=["GET"], **described("get_session", session, 401))
    create = described("create_session", session, 401, 403, body=session_schemas.NewSession)
    router.add_api_route("", at.create, methods=["POST"], **create)
    delete = described("delete_session", None, 401, 403, 422, status=204)
    delete["responses"]["204"] = {"description": "Signed out."}
    router.add_api_route("", at.delete, methods=["DELETE"], response_class=Response, **delete)
    link = described("create_session_link", session_schemas.SessionLink, 401, 403, status=201)
    router.add_api_route("/links", at.link, methods=["POST"], **link)
    return router


@dataclass(frozen=True, slots=True)
class _Routes:
    sessions: Sessions
    access: Access
    cookies: Cookies

    async def get(self, request: Request, caller: MaybeCaller) -> Response:
        """Who you are: answers without a session, too, and takes the cookie of one that has ended away."""
        if caller is not None:
            return _answer(await self.sessions.look(caller))
        nobody = _answer(None)
        # What was shown was not worth anything; a token would have been refused.
        return nobody if auth.header(request.scope) is None else self._out(request, nobody)

    async def create(self, request: Request) -> Response:
        """Sign a browser in: the answer sets a cookie that takes the place of a token.

        The session may what the token may that it was made from, and ends with it.
        """
        if origins.sent_from(request.scope, self.cookies.public_url) == "elsewhere":
            raise origins.cross_site()
        body, ignored = bodies.parse(session_schemas.NewSession, await bodies.read(request.receive))
        if body.code is not None and body.token is None:
            made, text = await self.sessions.by_code(body.code)
        elif body.token is not None and body.code is None:
            made, text = await self.sessions.by_token(body.token)
        else:
            msg = "Input should have either a code or a token."
            raise InvalidRequest.at("body", msg=msg, type="code_or_token")
        answer = _answer(made, ignored)
        answer.headers.append("Set-Cookie", self.cookies.given(request.scope, text, self.sessions.seconds_left(made)))
        return answer

    async def delete(self, request: Request, caller: MaybeCaller, everywhere: Everywhere = False) -> Response:
        """Sign out: the session is worthless at once, its open streams end, and the cookie is taken away."""
        if everywhere:
            caller = caller or await auth.identify(self.access, auth.header(request.scope))
            await self.sessions.end_all(caller)
        elif (text := request.scope.get(SESSION)) is not None:
            await self.sessions.end(text)
        return self._out(request, Response(status_code=204))

    async def link(self, caller: AnyCaller) -> Response:
        """Make a link that signs a browser in as you, once and within a quarter of an hour."""
        made = await self.sessions.link(caller)
        content = orjson.dumps({"url": made.url, "expires_at": timestamp(made.expires_at)})
        return Response(content, 201, {"Cache-Control": "no-store"}, "application/json")

    def _out(self, request: Request, answer: Response) -> Response:
        for value in self.cookies.cleared(request.scope) if SESSION in request.scope else ():
            answer.headers.append("Set-Cookie", value)
        return answer


def _answer(who: SignedIn | None, ignored: str | None = None) -> Response:
    content: dict[str, Any] = {"user": None, "admin": False, "scopes": [], "expires_at": None}
    if who is not None:
        content = {
            "user": orjson.Fragment(presenting.user(who.account)),
            "admin": who.caller.admin,
            "scopes": [one for one in SCOPES if one in who.caller.scopes],
            "expires_at": None if who.expires_at is None else timestamp(who.expires_at),
        }
    answer = presenting.response(orjson.dumps(content), ignored)
    answer.headers["Cache-Control"] = "no-store"
    return answer
