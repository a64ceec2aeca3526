"""Where OpenAI's API is: below /v1, as its clients are told most simply, and the same below /openai/v1.

Below /v1 it shares `/models` with our own; below /openai/v1 all is its own. An endpoint of it is one line in the
table. Knows every place and nothing about what is done there.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.routing import Route, Router
from starlette.types import ASGIApp, Scope

from augury.compat import routing
from augury.compat.calls import Calls
from augury.compat.openai import chat, embeddings, images, models, responses
from augury.compat.openai.errors import Errors
from augury.compat.openai.places import Place, described
from augury.compat.routing import Routes
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
    return Front(
        app=Routes(Router(routes, redirect_slashes=False), _missing, _exact(routes)),
        shape=Errors(),
        rate=_rate,
        # Other paths below /v1 with names in them are told by `Shared`, as they begin with one of these.
        paths=frozenset(BASE + one.path for one in places if not one.shared and "{" not in one.path),
        prefix=PREFIX,
        described=_described(places),
    )


def _missing(path: str) -> NotFound:
    """What is no model's name is the name of a model that there is not, such as those of OpenAI's own."""
    if name := path.partition("/models/")[2]:
        hint = "GET /models lists those that there are: owner/name."
        return NotFound(f"There is no model {name[:200]}.", code="model_not_found", hint=hint)
    return routing.nothing_at(path, "GET /openapi.json lists every route.")


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
