"""The HTTP application, on one screen: what a request passes, which routes there are, how errors are answered.

    request -> Envelope -> Recognise -> ByCookie (-> RateLimit) -> BodyLimit -> the hot route | another API (compat)
                                                      | the web app | error handlers -> FastAPI's routes -> services

Knows nothing about what the services do.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.metadata import version

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.routing import Route
from starlette.types import ASGIApp

from augury.api import (
    bundles,
    categories,
    deliveries,
    files,
    hardware,
    health,
    logs,
    metrics,
    models,
    predictions,
    reference,
    removal,
    search,
    session,
    sharing,
    statistics,
    streams,
    tokens,
    uploads,
    users,
    variables,
    versions,
    workers,
)
from augury.api.middleware import Allowance, BodyLimit, Envelope
from augury.api.ratelimit import RateLimit
from augury.domain.rate import Buckets
from augury.http import problems
from augury.http.cookies import ByCookie, Cookies
from augury.http.fronts import Enter, Fronts, Recognise
from augury.http.services import Limits, Services

__all__ = ["create_app"]


def create_app(
    services: Services, limits: Limits, fronts: Fronts, cookies: Cookies, web: Callable[[ASGIApp], ASGIApp]
) -> FastAPI:
    """The application over these services, with other APIs beside ours; it starts nothing and owns nothing.

    `web` puts the web app in front of what is not it.
    """
    create = partial(
        predictions.CreatePrediction,
        predictions=services.predictions,
        streams=services.streams,
        access=services.access,
        limits=limits,
    )
    app = FastAPI(
        # Known to the router, too, which names the methods of a path to those who use another.
        routes=[Route(predictions.PATH, create(predictions.nothing_else), methods=["POST"], include_in_schema=False)],
        middleware=[
            Middleware(Envelope, answers=services.metrics.tally.answers),
            Middleware(Recognise, fronts=fronts),
            Middleware(ByCookie, cookies=cookies),
            *_rate_limit(services, limits),
            _body_limit(limits, fronts),
            Middleware(create),
            Middleware(Enter, access=services.access),
            Middleware(web),
        ],
        redirect_slashes=False,
        # What it would look for on each request, on a server that sends nothing to anybody.
        telemetry={"tracing": False, "metrics": False, "auto_configure": False},
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
    )
    app.state.access = services.access
    problems.install(app)
    app.include_router(predictions.routes(services))
    app.include_router(streams.routes(services, limits))
    app.include_router(logs.routes(services, limits))
    app.include_router(deliveries.routes(services))
    app.include_router(models.routes(services))
    app.include_router(categories.routes(services.categories))
    app.include_router(search.routes(services.search))
    app.include_router(versions.routes(services))
    app.include_router(users.routes(services))
    app.include_router(variables.routes(services.variables))
    app.include_router(tokens.routes(services.access))
    app.include_router(session.routes(services, cookies))
    app.include_router(sharing.routes(services.sharing))
    app.include_router(bundles.routes(services, limits))
    app.include_router(uploads.routes(services.uploads))
    app.include_router(files.routes(services.files))
    app.include_router(removal.routes(services.removal))
    app.include_router(hardware.routes(services.hardware))
    app.include_router(workers.routes(services.fleet))
    app.include_router(statistics.routes(services.statistics))
    app.include_router(metrics.routes(services.metrics, open_to_all=limits.metrics_open))
    app.include_router(health.routes(services.health))
    app.include_router(reference.routes(app, version("augury"), limits.public_url, fronts))
    return app


def _body_limit(limits: Limits, fronts: Fronts) -> Middleware:
    bundle = Allowance(limits.max_bundle, "max_bundle")
    others: dict[tuple[str, str], Allowance | None] = {place: bundle for front in fronts.all for place in front.big}
    others["PUT", bundles.PREFIX] = bundle
    # Each part of an upload has the size that was agreed on.
    others["PUT", uploads.PREFIX] = None
    return Middleware(BodyLimit, usual=Allowance(limits.max_body, "max_body"), others=others)


def _rate_limit(services: Services, limits: Limits) -> list[Middleware]:
    """Nothing where there is no limit, so that it costs nothing then."""
    if not limits.rates:
        return []
    buckets = {name: Buckets(interval, burst) for name, (interval, burst) in limits.rates.items()}
    return [Middleware(RateLimit, access=services.access, buckets=buckets)]
