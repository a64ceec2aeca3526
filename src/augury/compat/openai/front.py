"""Where OpenAI's API is: below /v1, as its clients are told most simply, and the same below /openai/v1.

Below /v1 it shares `/models` with our own; below /openai/v1 all is its own. An endpoint of it is one line in the
table. Knows every place and nothing about what is done there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from augury.compat.calls import Calls
from augury.compat.openai import chat, embeddings, images, models, responses
from augury.compat.openai.errors import Errors
from augury.compat.openai.places import Place, described
from augury.compat.texts import Plans
from augury.domain.errors import NotFound
from augury.domain.jsontext import JsonObject
from augury.http.fronts import Front
from augury.http.services import Limits, Services

BASE = "/v1"
PREFIX = "/openai/"
SECOND = "/openai/v1"
_READING = frozenset(("GET", "HEAD", "OPTIONS"))


def table(calls: Calls, plans: Plans, services: Services, limits: Limits) -> Sequence[Place]:
    """Every endpoint, the busiest first."""
    return [
        *chat.places(calls, plans),
        *embeddings.places(calls),
        *images.places(calls, services.files),
        *models.places(calls),
        *responses.places(calls, plans, services.removal),
    ]


def front(calls: Calls, plans: Plans, services: Services, limits: Limits) -> Front:
    """The API."""
    places = table(calls, plans, services, limits)
    routes = [Route(base + one.path, one.answer, methods=[one.method]) for base in (BASE, SECOND) for one in places]
    errors = Errors()
    return Front(
        app=_Routes(Router(routes, redirect_slashes=False), errors, _exact(routes)),
        shape=errors,
        rate=_rate,
        # Other paths below /v1 with names in them are told by `Shared`, as they begin with one of these.
        paths=frozenset(BASE + one.path for one in places if not one.shared and "{" not in one.path),
        prefix=PREFIX,
        described=_described(places),
    )


@dataclass(frozen=True, slots=True)
class _Routes:
    """The routes, those whose path is fixed found at once; and what is said where there is none."""

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
                await self.errors.method_not_allowed(method, path)(scope, receive, send)
                return
            raise _not_found(path) from None


def _not_found(path: str) -> NotFound:
    """What is no model's name is the name of a model that there is not, such as those of OpenAI's own."""
    if name := path.partition("/models/")[2]:
        hint = "GET /models lists those that there are: owner/name."
        return NotFound(f"There is no model {name[:200]}.", code="model_not_found", hint=hint)
    hint = "GET /openapi.json lists every route."
    return NotFound(f"There is nothing at {path[:200]}.", code="route_not_found", hint=hint)


def _exact(routes: Sequence[Route]) -> dict[tuple[str, str], ASGIApp]:
    return {
        (method, route.path): route.app for route in routes if "{" not in route.path for method in route.methods or ()
    }


def _described(places: Sequence[Place]) -> dict[str, JsonObject]:
    found: dict[str, JsonObject] = {}
    for base, prefix in ((BASE, "openai"), (SECOND, "openai_v1")):
        for one in places:
            if one.shared and base == BASE:
                continue
            found.setdefault(base + one.path, {})[one.method.lower()] = described(base, prefix, one)
    return found


def _rate(scope: Scope) -> str:
    method: str = scope["method"]
    if method in _READING:
        return "read"
    return "predict" if method == "POST" else "write"
