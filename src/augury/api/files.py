"""Files over HTTP: fetched by signed links, whole or in part, straight from the disk.

What is served is foreign content: a browser shows it without running anything of it. Knows nothing about who asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import formatdate
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from augury.api import file_schemas
from augury.api.describe import described
from augury.api.uploads import Expires, Signature
from augury.domain.errors import Gone
from augury.service.files import Files
from augury.service.links import FILES

_CHUNK = 256 << 10


def routes(files: Files) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix=FILES, tags=["files"])
    at, path = _Routes(files), "/{file_id}/{name}"
    for method in ("GET", "HEAD"):
        about = described(f"{method.lower()}_file", None, 403, 410)
        about["responses"]["200"] = {
            "description": "Its bytes; with a Range header, a part of them (206).",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
        router.add_api_route(path, at.get, methods=[method], response_class=Response, **about)
    return router


@dataclass(frozen=True, slots=True)
class _Routes:
    files: Files

    async def get(
        self,
        file_id: file_schemas.FileIdPath,
        name: file_schemas.FileNamePath,
        request: Request,
        expires: Expires = None,
        signature: Signature = None,
    ) -> Response:
        """A file, by the link that was given for it. Range and If-None-Match are understood."""
        opened = await self.files.open(file_id, name, expires, signature)
        file = opened.file
        headers = {
            "ETag": file.etag,
            "Last-Modified": formatdate(file.created_at // 1_000_000, usegmt=True),
            "Content-Disposition": f"inline; filename*=utf-8''{quote(file.name, safe='')}",
            "Cache-Control": "private, max-age=3600",
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
            "Referrer-Policy": "no-referrer",
        }
        if file.etag in (one.strip() for one in request.headers.get("if-none-match", "").split(",")):
            return Response(status_code=304, headers=headers)
        if opened.path is None or not opened.path.is_file():
            raise Gone("The file's bytes are not there any more.", code="file_removed")
        return _FromDisk(opened.path, media_type=file.mime_type, headers=headers)


class _FromDisk(FileResponse):
    chunk_size = _CHUNK
