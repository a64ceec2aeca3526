"""Who asks, as requests of Replicate's clients say it. Knows no route."""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import Scope

from augury.domain.account import Caller
from augury.domain.account import Scope as Right
from augury.http import auth
from augury.service.access import Access

_NAME = b"authorization"
_OLD = b"token "
"""How Replicate's tokens were sent before, and still are by hand."""


def admit(scope: Scope) -> None:
    """Bring `Authorization: Token ...` into our form."""
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    if any(name == _NAME and value[: len(_OLD)].lower() == _OLD for name, value in headers):
        scope["headers"] = [
            (name, b"Bearer " + value[len(_OLD) :])
            if name == _NAME and value[: len(_OLD)].lower() == _OLD
            else (name, value)
            for name, value in headers
        ]


async def caller(access: Access, request: Request, right: Right = "read") -> Caller:
    """Who asks; raises Unauthenticated, and Forbidden where the token may not be used for this."""
    headers: list[tuple[bytes, bytes]] = request.scope["headers"]
    found = await auth.identify(access, next((value for name, value in headers if name == _NAME), None))
    found.demand(right)
    return found
