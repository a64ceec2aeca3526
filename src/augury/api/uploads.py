"""Uploads over HTTP: begun and completed with a token, their parts put to signed links without one.

A part goes to the disk as it comes, never held in memory. Knows nothing about where that is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Request, Response

from augury.api import file_schemas, presenting
from augury.api.describe import BYTES, IDEMPOTENCY_KEY, described
from augury.domain.errors import InvalidRequest
from augury.domain.jsontext import JsonObject
from augury.http import bodies, preferences
from augury.http.auth import Predicting
from augury.service.links import UPLOADS
from augury.service.uploads import Uploads

PREFIX = UPLOADS + "/"

_FILE_NAME: JsonObject = {
    "name": preferences.FILE_NAME,
    "in": "header",
    "required": False,
    "description": "As `name` in the body, percent-encoded, for clients that cannot send that.",
    "schema": {"type": "string"},
}
Expires = Annotated[str | None, Query(description="Until when the link is good, in Unix seconds.")]
Signature = Annotated[str | None, Query(description="What proves that this server has made the link.")]


def routes(uploads: Uploads) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix=UPLOADS, tags=["files"])
    at = _Routes(uploads)
    create = described(
        "create_upload",
        file_schemas.Upload,
        401,
        403,
        503,
        body=file_schemas.NewUpload,
        parameters=(IDEMPOTENCY_KEY, _FILE_NAME),
    )
    router.add_api_route("", at.create, methods=["POST"], **create)
    put = described("put_upload_part", None, 403, 404, 409, 410, 422, 503)
    put["openapi_extra"] = {"requestBody": BYTES}
    router.add_api_route("/{upload_id}/parts/{number}", at.put, methods=["PUT"], **put)
    complete = described(
        "complete_upload", file_schemas.CompletedUpload, 401, 403, 404, 410, 503, body=file_schemas.UploadCompletion
    )
    router.add_api_route("/{upload_id}/complete", at.complete, methods=["POST"], **complete)
    return router


@dataclass(frozen=True, slots=True)
class _Routes:
    uploads: Uploads

    async def create(self, caller: Predicting, request: Request) -> Response:
        """Begin to upload a file: the answer says where each of its parts is put."""
        raw = await bodies.read(request.receive)
        body, ignored = bodies.parse(file_schemas.NewUpload, raw)
        upload = await self.uploads.create(
            caller,
            size=body.size,
            mime_type=body.mime_type,
            name=body.name or preferences.file_name(request.headers.get(preferences.FILE_NAME)),
            idempotency=preferences.once(caller, request.headers, raw),
        )
        answer = {"id": upload.id, "urls": self.uploads.part_links(upload), "part_size": upload.part_size}
        return presenting.response(orjson.dumps(answer), ignored)

    async def put(
        self,
        upload_id: file_schemas.UploadIdPath,
        number: file_schemas.PartPath,
        request: Request,
        expires: Expires = None,
        signature: Signature = None,
    ) -> Response:
        """Put a part of a file, by the link that was given for it. It may be put again, whole.

        The answer's ETag is what completing asks for.
        """
        self.uploads.links.check_part(upload_id, number, expires, signature)
        etag = await self.uploads.put_part(upload_id, int(number), _length(request), bodies.chunks(request.receive))
        return Response(b"null", media_type="application/json", headers={"ETag": etag})

    async def complete(self, caller: Predicting, upload_id: file_schemas.UploadIdPath, request: Request) -> Response:
        """Make a file of the parts that have come. Asking again gives the same answer."""
        body, ignored = bodies.parse(file_schemas.UploadCompletion, await bodies.read(request.receive))
        link = await self.uploads.complete(caller, upload_id, body.etags)
        return presenting.response(orjson.dumps({"download_url": link}), ignored)


def _length(request: Request) -> int | None:
    announced = request.headers.get("content-length")
    if announced is None:
        return None
    if not announced.isdecimal():
        raise InvalidRequest.at(
            "header", "Content-Length", msg="This is no length.", type="int_parsing", input=announced[:100]
        )
    return int(announced)
