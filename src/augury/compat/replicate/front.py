"""Where Replicate's API is: every route below `/replicate/v1`.

Knows every route's place and nothing about what it does.
"""

from __future__ import annotations

from starlette.routing import Route, Router
from starlette.types import Scope

from augury.compat import routing
from augury.compat.calls import Calls
from augury.compat.replicate import files, requests
from augury.compat.replicate.described import described
from augury.compat.replicate.files import FileRoutes
from augury.compat.replicate.models import ModelRoutes
from augury.compat.replicate.predictions import PredictionRoutes
from augury.compat.replicate.presenting import BASE, Presenter
from augury.compat.replicate.shape import ProblemDetails
from augury.compat.replicate.targets import Targets
from augury.compat.replicate.webhooks import WebhookRoutes
from augury.compat.routing import Routes
from augury.domain.errors import NotFound
from augury.http.fronts import Front
from augury.http.services import Services

PREFIX = "/replicate/"
_READING = frozenset(("GET", "HEAD", "OPTIONS", "QUERY"))
_MODEL = f"{BASE}/models/{{owner}}/{{name}}"
_DEPLOYMENT = f"{BASE}/deployments/{{owner}}/{{name}}"
_PREDICTION = f"{BASE}/predictions/{{id}}"


def front(calls: Calls, services: Services) -> Front:
    """The API."""
    presenter = Presenter(services.files.links)
    targets = Targets(services.models)
    predictions = PredictionRoutes(calls, targets, services.logbook, presenter)
    models = ModelRoutes(services, presenter)
    hooks = WebhookRoutes(services.access, presenter.links)
    stored = FileRoutes(services.access, services.uploads, services.files, presenter)
    routes = [
        Route(f"{BASE}/predictions", predictions.create, methods=["POST"]),
        Route(f"{_MODEL}/predictions", predictions.create_of_model, methods=["POST"]),
        Route(_PREDICTION, predictions.get, methods=["GET"]),
        Route(f"{_PREDICTION}/stream", predictions.stream, methods=["GET"]),
        Route(f"{_PREDICTION}/cancel", predictions.cancel, methods=["POST"]),
        Route(f"{_DEPLOYMENT}/predictions", predictions.create_of_model, methods=["POST"]),
        Route(f"{BASE}/predictions", predictions.page, methods=["GET"]),
        Route(_MODEL, models.get, methods=["GET"]),
        Route(_MODEL, models.delete, methods=["DELETE"]),
        Route(f"{_MODEL}/versions", models.versions, methods=["GET"]),
        Route(f"{_MODEL}/versions/{{id}}", models.version, methods=["GET"]),
        Route(f"{_MODEL}/versions/{{id}}", models.delete_version, methods=["DELETE"]),
        Route(f"{BASE}/models", models.page, methods=["GET"]),
        Route(f"{BASE}/models", models.search, methods=["QUERY"]),
        Route(f"{BASE}/models", models.create, methods=["POST"]),
        Route(f"{BASE}/deployments", models.deployments, methods=["GET"]),
        Route(_DEPLOYMENT, models.deployment, methods=["GET"]),
        Route(f"{BASE}/account", models.account, methods=["GET"]),
        Route(f"{BASE}/hardware", models.hardware, methods=["GET"]),
        Route(f"{BASE}/webhooks/default/secret", hooks.secret, methods=["GET"]),
        Route(files.PATH, stored.create, methods=["POST"]),
        Route(files.PATH, stored.page, methods=["GET"]),
        Route(f"{files.PATH}/{{id}}", stored.get, methods=["GET"]),
        Route(f"{files.PATH}/{{id}}", stored.delete, methods=["DELETE"]),
    ]
    return Front(
        app=Routes(Router(routes, redirect_slashes=False), _missing),
        shape=ProblemDetails(),
        rate=_rate,
        prefix=PREFIX,
        admit=requests.admit,
        big=frozenset({("POST", files.PATH)}),
        described=described(routes),
    )


def _missing(path: str) -> NotFound:
    return routing.nothing_at(path, "Trainings, collections and what else is not in its list is not offered here.")


def _rate(scope: Scope) -> str:
    if scope["method"] in _READING:
        return "read"
    return "predict" if scope["path"].endswith("/predictions") else "write"
