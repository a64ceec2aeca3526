"""Replicate's files: uploads of ours in one request, kept for as long, with links that need no token.

    multipart body -> a temporary file -> an upload, part by part -> the file and its link

Knows nothing about predictions: their inputs are links like any others.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from fastapi import Response
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from augury.compat.replicate.presenting import BASE, Presenter
from augury.compat.replicate.requests import caller
from augury.domain import jsontext
from augury.domain.account import Caller
from augury.domain.errors import InvalidRequest, NotFound
from augury.domain.file import UNKNOWN_TYPE, Upload, is_media_type
from augury.domain.ids import is_uuid
from augury.domain.jsontext import InvalidJson, JsonObject
from augury.http import problems
from augury.service.access import Access
from augury.service.files import Files
from augury.service.uploads import Uploads

PATH = f"{BASE}/files"
PAGE = 100
_CHUNK = 1 << 18
_METADATA = 64 * 1024
"""Bytes of what a client says of its file."""


@dataclass(frozen=True, slots=True)
class FileRoutes:
    """The routes of files."""

    access: Access
    uploads: Uploads
    files: Files
    presenter: Presenter

    async def create(self, request: Request) -> Response:
        """POST /files: multipart, with the file as `content`."""
        asking = await caller(self.access, request, "predict")
        try:
            form = await request.form(max_files=2, max_fields=8, max_part_size=_METADATA)
        except HTTPException as error:
            raise InvalidRequest.at("body", msg=str(error.detail), type="multipart") from None
        try:
            content = form.get("content")
            if not isinstance(content, UploadFile):
                raise InvalidRequest.at("body", "content", msg="A file is expected here.", type="missing")
            metadata = await _metadata(form.get("metadata"))
            upload = await self._begin(asking, content)
            await self._take(asking, upload, content)
        finally:
            await form.close()
        stored = await self.files.get(asking, upload.id)
        return problems.respond(201, self.presenter.file(stored, metadata))

    async def get(self, request: Request) -> Response:
        """GET /files/{id}."""
        asking = await caller(self.access, request)
        return problems.respond(200, self.presenter.file(await self.files.get(asking, _id(request))))

    async def page(self, request: Request) -> Response:
        """GET /files: newest first."""
        asking = await caller(self.access, request)
        found = await self.files.page(asking, cursor=request.query_params.get("cursor"), page_size=PAGE)
        shown = [self.presenter.file(one) for one in found.items]
        page = self.presenter.page("files", shown, found.previous_cursor, found.next_cursor)
        return problems.respond(200, page)

    async def delete(self, request: Request) -> Response:
        """DELETE /files/{id}."""
        asking = await caller(self.access, request, "predict")
        await self.files.remove(asking, _id(request))
        return Response(status_code=204)

    async def _begin(self, asking: Caller, content: UploadFile) -> Upload:
        kind = (content.content_type or "").partition(";")[0].strip()
        return await self.uploads.create(
            asking,
            size=content.size or 0,
            mime_type=kind if is_media_type(kind) else UNKNOWN_TYPE,
            name=content.filename,
        )

    async def _take(self, asking: Caller, upload: Upload, content: UploadFile) -> None:
        await content.seek(0)
        etags: list[str] = []
        for number in range(1, upload.parts + 1):
            size = upload.length(number)
            etags.append(await self.uploads.put_part(upload.id, number, size, _chunks(content, size)))
        await self.uploads.complete(asking, upload.id, etags)


def _id(request: Request) -> str:
    text: str = request.path_params["id"]
    if not is_uuid(text):
        raise NotFound(f"There is no file {text[:64]}, or it is not yours.", code="file_not_found")
    return text


async def _metadata(given: UploadFile | str | None) -> JsonObject:
    """What the client says of its file: a field of Python's client, a part of JavaScript's."""
    text = await given.read(_METADATA + 1) if isinstance(given, UploadFile) else given
    try:
        value = jsontext.loads(text) if text else {}
    except InvalidJson:
        value = None
    if not isinstance(value, dict) or len(text or "") > _METADATA:
        msg = f"Metadata is a JSON object of at most {_METADATA:,} bytes."
        raise InvalidRequest.at("body", "metadata", msg=msg, type="dict_type")
    return value


async def _chunks(content: UploadFile, size: int) -> AsyncIterator[bytes]:
    while size > 0 and (chunk := await content.read(min(_CHUNK, size))):
        size -= len(chunk)
        yield chunk
