"""What every request passes on its way in and out: Envelope around BodyLimit around the routes.

Pure ASGI, because a layer that costs nothing can be around everything. Knows nothing about routes, but for
the prefixes under which bodies may be bigger.
"""

from __future__ import annotations

import itertools
import logging
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from augury import logs
from augury.domain.errors import TooLarge
from augury.http import problems

logger = logging.getLogger(__name__)

ADDED = "augury.added_headers"
"""Where a layer leaves, in the ASGI scope, the headers of the answer where that is an error of ours."""

_NO_SNIFFING = (b"x-content-type-options", b"nosniff")


@dataclass(frozen=True, slots=True)
class Envelope:
    """Names each request, adds the name to its answer, and answers 500 for an error of ours.

    No answer may be taken by a browser for another kind of content than it says.
    """

    app: ASGIApp
    answers: list[int] = field(default_factory=lambda: [0] * 6)
    """Counts the answers by the hundreds of their status."""
    # Unique across restarts and processes, and cheaper than a random number for each request.
    names: Iterable[str] = field(default_factory=lambda: _names(secrets.token_hex(5)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        name = next(iter(self.names))
        scope[problems.REQUEST_ID] = name
        header = (b"x-request-id", name.encode())
        started = False

        async def send_named(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self.answers[message["status"] // 100] += 1
                message["headers"] = [*message.get("headers", ()), header, _NO_SNIFFING]
            await send(message)

        with logs.bound(request=name):
            try:
                await self.app(scope, receive, send_named)
            except ClientDisconnect:
                return
            except Exception:
                logger.exception("request failed", extra={"path": scope["path"]})
                if started:
                    # Half an answer cannot be mended: the server closes the connection, and nobody takes it for whole.
                    raise
                answer = problems.internal(scope)
                answer.raw_headers.extend(scope.get(ADDED, ()))
                await answer(scope, receive, send_named)


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many bytes a body may have, and the name of the setting that says so."""

    size: int
    setting: str


@dataclass(frozen=True, slots=True)
class BodyLimit:
    """Refuses a body over the limit: by its announced length before any of it, else as soon as it has got too long.

    Bodies of requests with a certain method below a certain path have an allowance of their own, or (None) none: then
    their route looks after it.
    """

    app: ASGIApp
    usual: Allowance
    others: Mapping[tuple[str, str], Allowance | None]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        allowed: Allowance | None = self.usual
        for (method, prefix), other in self.others.items():
            if scope["method"] == method and scope["path"].startswith(prefix):
                allowed = other
        if allowed is None:
            await self.app(scope, receive, send)
            return
        announced = _announced(scope["headers"])
        if announced is None:
            await self.app(scope, _counted(receive, allowed), send)
        elif announced <= allowed.size:
            await self.app(scope, receive, send)
        else:
            refusal = problems.answer(_too_large(allowed), scope)
            await refusal(scope, receive, send)


def _names(process: str) -> Iterable[str]:
    return (f"req_{process}{number:06x}" for number in itertools.count(1))


def _announced(headers: Iterable[tuple[bytes, bytes]]) -> int | None:
    for name, value in headers:
        if name == b"content-length":
            return int(value) if value.isdigit() else None
    return None


def _counted(receive: Receive, allowed: Allowance) -> Receive:
    size = 0

    async def receive_counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > allowed.size:
            raise _too_large(allowed)
        return message

    return receive_counted


def _too_large(allowed: Allowance) -> TooLarge:
    return TooLarge(
        f"The body is over the limit of {allowed.size:,} bytes.",
        code="body_too_large",
        hint=f"Whoever runs this server can raise the limit: the setting is {allowed.setting}.",
    )
