"""Pictures as an answer of JSON: their bytes in base64, sent in pieces as they are read, so that none is held whole.

Knows nothing about who asked.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass

from starlette.types import Receive, Scope, Send

from augury.domain import jsontext
from augury.domain.file import StoredFile
from augury.domain.jsontext import JsonObject
from augury.service.files import Files

_BEFORE, _BETWEEN, _AFTER = b'{"b64_json":"', b'"},', b'"}'


@dataclass(frozen=True, slots=True)
class Pictures:
    """An ASGI application that answers 200 with what is said about pictures, and the pictures."""

    files: Files
    about: JsonObject
    pictures: Sequence[StoredFile]
    headers: Iterable[tuple[bytes, bytes]] = ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        begin = jsontext.dump_bytes(self.about)[:-1] + b',"data":['
        between = len(_BETWEEN) * (len(self.pictures) - 1) + len(_AFTER)
        sizes = sum(len(_BEFORE) + _encoded(one.size) for one in self.pictures)
        length = len(begin) + sizes + between + len(b"]}")
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % length), *self.headers]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": begin, "more_body": True})
        for place, one in enumerate(self.pictures):
            await send({"type": "http.response.body", "body": _BEFORE, "more_body": True})
            async for piece in self._pieces(one):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            after = _AFTER if place == len(self.pictures) - 1 else _BETWEEN
            await send({"type": "http.response.body", "body": after, "more_body": True})
        await send({"type": "http.response.body", "body": b"]}"})

    async def _pieces(self, one: StoredFile) -> AsyncGenerator[bytes]:
        """The file in base64; what does not fill three bytes waits for the next piece."""
        rest = b""
        async for piece in self.files.blobs.open(one.blob):
            piece = rest + piece
            whole = len(piece) // 3 * 3
            rest = piece[whole:]
            yield base64.b64encode(piece[:whole])
        if rest:
            yield base64.b64encode(rest)


def _encoded(size: int) -> int:
    return -(-size // 3) * 4
