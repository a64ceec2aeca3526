"""Where Anthropic's API is: its routes, what class of requests each is, and whose token a request has.

`/v1/models` it shares with others; a request for it comes here when its client says to be Anthropic's. Knows every
route's place and nothing about what it does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from augury.compat.anthropic.described import described
from augury.compat.anthropic.errors import Errors
from augury.compat.anthropic.messages import MessageRoutes
from augury.compat.anthropic.models import ModelRoutes
from augury.compat.calls import Calls
from augury.compat.texts import Plans
from augury.domain.errors import NotFound
from augury.http import problems
from augury.http.fronts import Front
from augury.http.services import Services

MESSAGES = "/v1/messages"
COUNT = "/v1/messages/count_tokens"
MODELS = "/v1/models"
_KEY = b"x-api-key"
_AUTHORIZATION = b"authorization"


def front(calls: Calls, plans: Plans, services: Services) -> Front:
    """The API."""
    messages = MessageRoutes(calls, plans)
    models = ModelRoutes(services.models, services.access)
    routes = [
        Route(MESSAGES, messages.create, methods=["POST"]),
        Route(COUNT, messages.count, methods=["POST"]),
        Route(MODELS, models.page, methods=["GET"]),
        Route(f"{MODELS}/{{owner}}/{{name}}", models.get, methods=["GET"]),
    ]
    errors = Errors()
    exact = {("POST", one.path): one.app for one in routes if one.methods == {"POST"}}
    return Front(
        app=_Routes(Router(routes, redirect_slashes=False), errors, exact),
        shape=errors,
        rate=_rate,
        paths=frozenset((MESSAGES,)),
        prefix=f"{MESSAGES}/",
        admit=_admit,
        described=described(MESSAGES, COUNT),
    )


@dataclass(frozen=True, slots=True)
class _Routes:
    """The routes, those that are asked most found at once; and what is said where there is none."""

    router: Router
    errors: Errors
    exact: Mapping[tuple[str, str], ASGIApp]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method, path = scope["method"], scope["path"]
        if (found := self.exact.get((method, path))) is not None:
            await found(scope, receive, send)
            return
        try:
            await self.router(scope, receive, send)
        except HTTPException as error:
            if error.status_code == 405:
                request_id: str = scope.get(problems.REQUEST_ID, "")
                await self.errors.method_not_allowed(method, path, request_id)(scope, receive, send)
                return
            hint = "Batches, files and what else is not in /openapi.json is not offered here."
            raise NotFound(f"There is nothing at {path[:200]}.", code="route_not_found", hint=hint) from None


def _admit(scope: Scope) -> None:
    """Bring a token that came as `x-api-key` into our form; one in both forms counts as it is in ours."""
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    key = next((value for name, value in headers if name == _KEY), None)
    if key is not None and not any(name == _AUTHORIZATION for name, _ in headers):
        scope["headers"] = [*headers, (_AUTHORIZATION, b"Bearer " + key)]


def _rate(scope: Scope) -> str:
    return "predict" if scope["path"] == MESSAGES and scope["method"] == "POST" else "read"
