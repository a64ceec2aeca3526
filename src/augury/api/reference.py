"""The reference page at /docs, the document it shows, and what is at / for programs.

Everything that the page loads comes from this server, so that it works without the internet. It runs where browsers
are signed in, so what it may do is as little as the web app may.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

import anyio.to_thread
import orjson
from fastapi import APIRouter, FastAPI, Response
from starlette.exceptions import HTTPException

from augury.api import openapi
from augury.http import pages
from augury.http.fronts import Fronts

# Only the files of that package are used: they are Swagger UI, at a version that knows OpenAPI 3.1.
_FOLDER = files("fastapi_offline") / "static"
_ASSETS = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "favicon.png": "image/png",
}
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Augury API</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="icon" href="docs/favicon.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/begin.js"></script>
</body>
</html>
"""
# Scripts in a page are against its policy.
_BEGIN = """SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  layout: "BaseLayout",
  deepLinking: true,
  showExtensions: true,
  showCommonExtensions: true,
  persistAuthorization: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset],
});
"""


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
    router.add_api_route("/docs/begin.js", _begin, methods=["GET"])
    router.add_api_route("/docs/{asset}", _asset, methods=["GET"])
    return router


async def _pointers() -> Response:
    content = {"name": "Augury", "api": "/v1", "docs": "/docs", "openapi": "/openapi.json", "ready": "/readyz"}
    # Browsers get the web app there.
    return Response(orjson.dumps(content), headers={"Vary": "Accept"}, media_type="application/json")


def _json_of(document: Callable[[], dict[str, Any]]) -> Callable[[], Any]:
    async def get() -> Response:
        return Response(orjson.dumps(document()), media_type="application/json")

    return get


async def _page() -> Response:
    return Response(_PAGE, headers=pages.HEADERS, media_type="text/html")


async def _begin() -> Response:
    return Response(_BEGIN, headers={"Cache-Control": "no-cache"}, media_type="text/javascript")


async def _asset(asset: str) -> Response:
    kind = _ASSETS.get(asset)
    if kind is None:
        raise HTTPException(404)
    content = await anyio.to_thread.run_sync((_FOLDER / asset).read_bytes)
    return Response(content, media_type=kind, headers={"Cache-Control": "max-age=3600"})
