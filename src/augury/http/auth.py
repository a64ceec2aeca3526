"""Who asks: from the Authorization header to a Caller.

A route that reads takes `AnyCaller`, or `MaybeCaller` where it answers without a token too; one that works with
predictions and their files `Predicting`; one that changes anything else `Administering`. That is all that scopes mean.
Knows nothing about what an account may do: the services decide that.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from augury.domain.account import Caller, Scope
from augury.domain.errors import CallerError, Unauthenticated, Vanished
from augury.service.access import SESSION_PREFIX, Access, no_token, session_ended

_BY_COOKIE = f"cookie-{secrets.token_hex(16)}"
"""The scheme of an Authorization that a cookie was turned into: one that no client can know."""

SCHEME = "token"
"""The name of the security scheme in the API's description."""

_bearer = HTTPBearer(
    scheme_name=SCHEME,
    description="A token of an account. The first start of a server prints the owner's; `augury tokens` makes more.",
    auto_error=False,
)


async def identify(access: Access, authorization: bytes | None) -> Caller:
    """The caller that an Authorization header proves; raises Unauthenticated."""
    token = bearer(authorization)
    return access.cached(token) or await access.authenticate(token)


async def explained(access: Access, authorization: bytes | None, error: CallerError) -> CallerError:
    """The error to answer with: where what vanished is the account or the token that asked, that nobody asked."""
    if isinstance(error, Vanished) and authorization is not None:
        access.forget()
        try:
            await identify(access, authorization)
        except Unauthenticated as refused:
            return refused
    return error


def header(scope: Mapping[str, Any]) -> bytes | None:
    """The Authorization header of a request."""
    return next((value for name, value in scope["headers"] if name == b"authorization"), None)


def by_cookie(text: str) -> bytes:
    """The Authorization of a request whose cookie holds that session."""
    return f"{_BY_COOKIE} {text}".encode("latin-1")


def came_by_cookie(authorization: bytes) -> bool:
    """Whether a cookie was turned into this Authorization."""
    return authorization.startswith(_BY_COOKIE.encode())


def bearer(authorization: bytes | None) -> str:
    """The token or session that an Authorization header holds; raises Unauthenticated."""
    if authorization is None:
        raise Unauthenticated(
            "This needs a token.", code="missing_token", hint="Send it as `Authorization: Bearer <token>`."
        )
    scheme, _, token = authorization.decode("latin-1").partition(" ")
    token = token.strip()
    if scheme == _BY_COOKIE:
        if not token.startswith(SESSION_PREFIX):
            raise session_ended()
        return token
    if token.startswith(SESSION_PREFIX):
        raise no_token()
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated(
            "The Authorization header holds no bearer token.",
            code="malformed_token",
            hint="Send the token as `Authorization: Bearer <token>`.",
        )
    return token


async def _any_caller(
    request: Request, _documented: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
) -> Caller:
    return await identify(request.app.state.access, header(request.scope))


async def _maybe_caller(
    request: Request, _documented: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
) -> Caller | None:
    authorization = header(request.scope)
    if authorization is None:
        return None
    try:
        return await identify(request.app.state.access, authorization)
    except Unauthenticated:
        if came_by_cookie(authorization):
            return None
        # A token that is there has to be right: answering as to a stranger would hide that it is not.
        raise


async def _predicting(caller: Annotated[Caller, Depends(_any_caller)]) -> Caller:
    return _demanded(caller, "predict")


async def _administering(caller: Annotated[Caller, Depends(_any_caller)]) -> Caller:
    return _demanded(caller, "admin")


AnyCaller = Annotated[Caller, Depends(_any_caller)]
"""Needs a token, with any scope: each of them includes reading."""
MaybeCaller = Annotated[Caller | None, Depends(_maybe_caller)]
"""Takes a token where there is one."""
Predicting = Annotated[Caller, Depends(_predicting)]
"""Needs a token with the scope predict: for predictions, and the files that go into them."""
Administering = Annotated[Caller, Depends(_administering)]
"""Needs a token with the scope admin: for whatever else is changed."""


def _demanded(caller: Caller, scope: Scope) -> Caller:
    caller.demand(scope)
    return caller
