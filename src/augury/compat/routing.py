"""The routes of another API: those that are busiest found at once, and an error of ours where there is none.

Knows no API, and not how its errors look.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from starlette.exceptions import HTTPException
from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from augury.compat.failures import MethodNotAllowed
from augury.domain.errors import NotFound


@dataclass(frozen=True, slots=True)
class Routes:
    """An ASGI application; raises NotFound, as `missing` makes it of a path, and MethodNotAllowed."""

    router: Router
    missing: Callable[[str], NotFound]
    exact: Mapping[tuple[str, str], ASGIApp] = field(default_factory=dict[tuple[str, str], ASGIApp])
    """By method and path, what need not be looked for."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        method, path = scope["method"], scope["path"]
        if (found := self.exact.get((method, path))) is not None:
            await found(scope, receive, send)
            return
        try:
            await self.router(scope, receive, send)
        except HTTPException as error:
            if error.status_code == 405:
                raise MethodNotAllowed(f"{path} does not take {method}.", code="method_not_allowed") from None
            raise self.missing(path) from None


def nothing_at(path: str, hint: str) -> NotFound:
    """The error for a path that is no route; `hint` says where those that there are stand."""
    return NotFound(f"There is nothing at {path[:200]}.", code="route_not_found", hint=hint)
