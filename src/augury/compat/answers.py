"""An answer that is whole: JSON, and what the headers say of the call. Knows no provider."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from starlette.types import Receive, Scope, Send

_JSON = (b"content-type", b"application/json")


@dataclass(frozen=True, slots=True)
class Answer:
    """An ASGI application that answers 200 with these bytes."""

    content: bytes
    headers: Iterable[tuple[bytes, bytes]] = ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        length = (b"content-length", b"%d" % len(self.content))
        await send({"type": "http.response.start", "status": 200, "headers": [_JSON, length, *self.headers]})
        await send({"type": "http.response.body", "body": self.content})
