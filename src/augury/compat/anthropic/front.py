"""Where Anthropic's API is: `/v1/messages` and what is below it.

`/v1/models` it shares with others; a request for it comes here when its client says to be Anthropic's. Knows every
route's place and nothing about what it does.
"""

from __future__ import annotations

from starlette.routing import Route, Router
from starlette.types import Scope

from augury.compat import routing
from augury.compat.anthropic.described import described
from augury.compat.anthropic.errors import Errors
from augury.compat.anthropic.messages import MessageRoutes
from augury.compat.anthropic.models import ModelRoutes
from augury.compat.calls import Calls
from augury.compat.routing import Routes
from augury.compat.texts import Plans
from augury.domain.errors import NotFound
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
    exact = {("POST", one.path): one.app for one in routes if one.methods == {"POST"}}
    return Front(
        app=Routes(Router(routes, redirect_slashes=False), _missing, exact),
        shape=Errors(),
        rate=_rate,
        paths=frozenset((MESSAGES,)),
        prefix=f"{MESSAGES}/",
        admit=_admit,
        described=described(MESSAGES, COUNT),
    )


def _missing(path: str) -> NotFound:
    return routing.nothing_at(path, "Batches, files and what else is not in /openapi.json is not offered here.")


def _admit(scope: Scope) -> None:
    """Bring a token that came as `x-api-key` into our form; one in both forms counts as it is in ours."""
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    key = next((value for name, value in headers if name == _KEY), None)
    if key is not None and not any(name == _AUTHORIZATION for name, _ in headers):
        scope["headers"] = [*headers, (_AUTHORIZATION, b"Bearer " + key)]


def _rate(scope: Scope) -> str:
    return "predict" if scope["path"] == MESSAGES and scope["method"] == "POST" else "read"
