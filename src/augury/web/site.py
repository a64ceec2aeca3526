"""Serves the built web app: its page for every path that it routes, and the files that the page asks for.

    request -> a file of the app? -> that file, as compressed as the browser takes it
            -> a browser that wants a page, and no path of the API? -> the app's page, or how to get one
            -> what is behind

Stands before the API's own routes and knows them by the beginnings of their paths only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import anyio.to_thread
from starlette.responses import FileResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from augury.http import pages, problems

BUILT = Path(str(files("augury.web"))) / "dist"
"""Where the build of the front end puts it."""

_NOT_OURS = ("/v1", "/docs", "/openapi.json", "/metrics", "/livez", "/readyz", "/replicate", "/openai")
_ASSETS = "/assets/"
_READING = ("GET", "HEAD")
_FOREVER = "public, max-age=31536000, immutable"
_KINDS = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".html": "text/html",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".map": "application/json",
    ".txt": "text/plain",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".wasm": "application/wasm",
}
_COMPRESSED = (("br", ".br"), ("gzip", ".gz"))
"""Names of encodings and endings of the files that the build has put beside each, the best first."""


@dataclass(frozen=True, slots=True)
class WebApp:
    """The web app in `folder`, in front of `app`, which gets everything else."""

    app: ASGIApp
    folder: Path = BUILT

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or scope["method"] not in _READING or _is_of_api(scope["path"]):
            await self.app(scope, receive, send)
            return
        answer = await self._answer(scope)
        await (answer or self.app)(scope, receive, send)

    async def _answer(self, scope: Scope) -> Response | None:
        path: str = scope["path"]
        headers: dict[bytes, bytes] = dict(scope["headers"])
        if (name := _file_name(path)) is not None:
            accepted = headers.get(b"accept-encoding", b"").decode("latin-1")
            found = await anyio.to_thread.run_sync(_find, self.folder, name, accepted)
            if found is not None:
                return _file(found, hashed=path.startswith(_ASSETS))
        if path.startswith(_ASSETS):
            return problems.no_route(scope, path)
        if "text/html" not in headers.get(b"accept", b"").decode("latin-1"):
            return None
        return await self._page(headers.get(b"if-none-match"))

    async def _page(self, known: bytes | None) -> Response:
        index = self.folder / "index.html"
        try:
            content = await anyio.to_thread.run_sync(index.read_bytes)
        except OSError:
            return Response(_NOT_BUILT, 503, {**_PAGE, "Cache-Control": "no-store"}, "text/html")
        etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        headers = {**_PAGE, "ETag": etag, "Cache-Control": "no-cache"}
        if known is not None and etag in (one.strip().removeprefix("W/") for one in known.decode("latin-1").split(",")):
            return Response(status_code=304, headers=headers)
        return Response(content, headers=headers, media_type="text/html")


@dataclass(frozen=True, slots=True)
class _Found:
    path: Path
    kind: str
    encoding: str | None


def _is_of_api(path: str) -> bool:
    return any(path == one or path.startswith(one + "/") for one in _NOT_OURS)


def _file_name(path: str) -> str | None:
    """What a path means in the folder, if it can mean a file there: one in assets/, or one beside the page."""
    name = path.removeprefix("/")
    plain = name.removeprefix("assets/")
    if not plain or plain.startswith(".") or any(one in plain for one in "/\\\0") or name == "index.html":
        return None
    return name if Path(name).suffix in _KINDS else None


def _find(folder: Path, name: str, accepted: str) -> _Found | None:
    path, kind = folder / name, _KINDS[Path(name).suffix]
    if not path.is_file():
        return None
    wanted = {one.partition(";")[0].strip(): one.partition(";")[2] for one in accepted.lower().split(",")}
    for encoding, ending in _COMPRESSED:
        refused = wanted.get(encoding, "q=0").replace(" ", "") in ("q=0", "q=0.0", "q=0.00", "q=0.000")
        if not refused and (compressed := path.with_name(path.name + ending)).is_file():
            return _Found(compressed, kind, encoding)
    return _Found(path, kind, None)


def _file(found: _Found, *, hashed: bool) -> Response:
    headers = {**pages.HEADERS, "Vary": "Accept-Encoding", "Cache-Control": _FOREVER if hashed else "no-cache"}
    if found.encoding is not None:
        headers["Content-Encoding"] = found.encoding
    return FileResponse(found.path, media_type=found.kind, headers=headers)


_PAGE: Mapping[str, str] = {**pages.HEADERS, "Vary": "Accept"}

_NOT_BUILT = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Augury</title>
</head>
<body>
<h1>Augury</h1>
<p>The server runs. Its web app is not there: this is a copy of the sources in which it was not built.</p>
<p>To have it, run <code>make setup</code> with Node.js 20 or newer installed, or install a wheel, which has it.</p>
<p>The API works without it: see <a href="/docs">its reference</a>.</p>
</body>
</html>
"""
