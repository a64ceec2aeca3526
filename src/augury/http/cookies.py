"""The cookie that a browser's session is kept in, and how a request with it becomes one with an Authorization.

    Cookie -> no Authorization, and sent from our own pages -> Authorization: <scheme of this process> <session>

Knows nothing about whether a session is worth anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from augury.http import auth, origins, problems

PURPOSE = "cookie names"
"""What the keys are derived for that cookies are named by."""
SESSION = "augury.session"
"""Where the text of a cookie's session is kept in the ASGI scope."""

_READING = frozenset(("GET", "HEAD", "OPTIONS"))
_DIGITS = 4
"""Bytes of a key that tell the cookies of two servers on one host apart: cookies know no ports."""
_FLAGS = "Path=/; HttpOnly; SameSite=Strict"


@dataclass(frozen=True, slots=True)
class Cookies:
    """Names, reads and writes the cookie. `public_url` is where browsers reach the server, if that is known."""

    names: tuple[str, ...]
    """By each secret key, the newest first: the first is given, all are read."""
    public_url: str | None

    @classmethod
    def of(cls, keys: Sequence[bytes], public_url: str | None) -> Cookies:
        """The cookies of an installation that has these keys."""
        return cls(tuple(f"augury-{key[:_DIGITS].hex()}" for key in keys), public_url)

    def read(self, scope: Scope, header: bytes) -> str | None:
        """The session in a Cookie header; None where there is none."""
        found: dict[str, str] = {}
        for part in header.decode("latin-1").split(";"):
            name, _, value = part.strip().partition("=")
            found.setdefault(name, value)
        prefix = self._prefix(scope)
        return next((found[prefix + name] for name in self.names if prefix + name in found), None)

    def given(self, scope: Scope, text: str, seconds: int) -> str:
        """The value of the Set-Cookie header that begins a session."""
        return f"{self._prefix(scope)}{self.names[0]}={text}; Max-Age={seconds}; {self._flags(scope)}"

    def cleared(self, scope: Scope) -> list[str]:
        """The values of the Set-Cookie headers that end one."""
        prefix, flags = self._prefix(scope), self._flags(scope)
        return [f"{prefix}{name}=; Max-Age=0; {flags}" for name in self.names]

    def _flags(self, scope: Scope) -> str:
        return f"{_FLAGS}; Secure" if self._secure(scope) else _FLAGS

    def _prefix(self, scope: Scope) -> str:
        """What browsers take from nobody but this host, over a secure connection."""
        return "__Host-" if self._secure(scope) else ""

    def _secure(self, scope: Scope) -> bool:
        return scope["scheme"] == "https" or (self.public_url or "").startswith("https:")


@dataclass(frozen=True, slots=True)
class ByCookie:
    """Lets a request with a session's cookie, and without an Authorization of its own, be that session's.

    One that changes something has to come from our own pages, and is refused else; one that reads and comes from
    somebody else's is a stranger's.
    """

    app: ASGIApp
    cookies: Cookies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http" and (header := _cookie(scope["headers"])) is not None:
            text = self.cookies.read(scope, header)
            if text is not None:
                if not self._admit(scope, text):
                    await problems.answer(origins.cross_site(), scope)(scope, receive, send)
                    return
                send = _unstored(send)
        await self.app(scope, receive, send)

    def _admit(self, scope: Scope, text: str) -> bool:
        scope[SESSION] = text
        where = origins.sent_from(scope, self.cookies.public_url)
        reads = scope["method"] in _READING
        if where == "here" or (reads and where == "nowhere"):
            scope["headers"] = [*scope["headers"], (b"authorization", auth.by_cookie(text))]
            return True
        return reads


def _unstored(send: Send) -> Send:
    """What caches know not to keep where there is an Authorization has to be said where there is a cookie."""

    async def send_unstored(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers: Sequence[tuple[bytes, bytes]] = message.get("headers", ())
            if not any(name == b"cache-control" for name, _ in headers):
                message["headers"] = [*headers, (b"cache-control", b"no-store")]
        await send(message)

    return send_unstored


def _cookie(headers: Sequence[tuple[bytes, bytes]]) -> bytes | None:
    """The Cookie header, which may come in pieces; None where there is none, or an Authorization, which counts."""
    found = None
    for name, value in headers:
        if name == b"authorization":
            return None
        if name == b"cookie":
            found = value if found is None else found + b"; " + value
    return found
