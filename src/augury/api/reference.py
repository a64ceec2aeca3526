"""The reference page at /docs, the document it shows, and what is at / until there is a web app.

Everything that the page loads comes from this server, so that it works without the internet.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

import anyio.to_thread
import orjson
from fastapi import APIRouter, FastAPI, Response
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.exceptions import HTTPException

from augury.api import openapi
from augury.http.fronts import Fronts

# Only the files of that package are used: they are Swagger UI, at a version that knows OpenAPI 3.1.
_FOLDER = files("fastapi_offline") / "static"
_ASSETS = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "favicon.png": "image/png",
}


def routes(app: FastAPI, version: str, public_url: str | None, fronts: Fronts) -> APIRouter:
    """The routes; `app` is what they describe, with the other APIs beside it."""
    router = APIRouter(include_in_schema=False)

    @cache
    def document() -> dict[str, Any]:
        return openapi.build(app, version, public_url, fronts)

    app.openapi = document
    router.add_api_route("/", _pointers, methods=["GET"])
    router.add_api_route("/openapi.json", _json_of(document), methods=["GET"])
    router.add_api_route("/docs", _page, methods=["GET"])
    router.add_api_route("/docs/{asset}", _asset, methods=["GET"])
    return router


async def _pointers() -> Response:
    content = {"name": "Augury", "api": "/v1", "docs": "/docs", "openapi": "/openapi.json", "ready": "/readyz"}
    return Response(orjson.dumps(content), media_type="application/json")


def _json_of(document: Callable[[], dict[str, Any]]) -> Callable[[], Any]:
    async def get() -> Response:
        return Response(orjson.dumps(document()), media_type="application/json")

    return get


async def _page() -> Response:
    return get_swagger_ui_html(
        openapi_url="openapi.json",
        title="Augury API",
        swagger_js_url="docs/swagger-ui-bundle.js",
        swagger_css_url="docs/swagger-ui.css",
        swagger_favicon_url="docs/favicon.png",
        swagger_ui_parameters={"persistAuthorization": True, "validatorUrl": None},
    )


async def _asset(asset: str) -> Response:
    kind = _ASSETS.get(asset)
    if kind is None:
        raise HTTPException(404)
    content = await anyio.to_thread.run_sync((_FOLDER / asset).read_bytes)
    return Response(content, media_type=kind, headers={"Cache-Control": "max-age=3600"})
