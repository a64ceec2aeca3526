"""Who asks: from the Authorization header to a Caller.

A route takes `AnyCaller` when it needs a token and `MaybeCaller` when it answers without one too. Knows nothing about
what a caller may do: the services decide that.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from augury.domain.account import Caller
from augury.domain.errors import Unauthenticated
from augury.service.access import Access

SCHEME = "token"
"""The name of the security scheme in the API's description."""

_bearer = HTTPBearer(
    scheme_name=SCHEME,
    description="A token of an account. The first start of a server prints the owner's; `augury tokens` makes more.",
    auto_error=False,
)


async def identify(access: Access, authorization: bytes | None) -> Caller:
    """The caller that an Authorization header proves; raises Unauthenticated."""
    token = _token(authorization)
    return access.cached(token) or await access.authenticate(token)


async def _any_caller(
    request: Request, _documented: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
) -> Caller:
    return await identify(request.app.state.access, _header(request))


async def _maybe_caller(
    request: Request, _documented: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
) -> Caller | None:
    authorization = _header(request)
    # A token that is there has to be right: answering as to a stranger would hide that it is not.
    return await identify(request.app.state.access, authorization) if authorization is not None else None


AnyCaller = Annotated[Caller, Depends(_any_caller)]
MaybeCaller = Annotated[Caller | None, Depends(_maybe_caller)]


def _header(request: Request) -> bytes | None:
    return next((value for name, value in request.scope["headers"] if name == b"authorization"), None)


def _token(authorization: bytes | None) -> str:
    if authorization is None:
        raise Unauthenticated(
            "This needs a token.", code="missing_token", hint="Send it as `Authorization: Bearer <token>`."
        )
    scheme, _, token = authorization.decode("latin-1").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated(
            "The Authorization header holds no bearer token.",
            code="malformed_token",
            hint="Send the token as `Authorization: Bearer <token>`.",
        )
    return token
