"""Where webhooks may be sent to: what such a URL looks like, and which addresses behind it may be called (D44).

Asked when a prediction is created, so that a bad URL is refused before anything is stored, and again whenever a
connection is made, for names may lead elsewhere by then. Knows nothing about what is sent.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

import anyio
import anyio.to_thread

from augury.domain.delivery import SECRET_PREFIX, Webhook
from augury.domain.errors import InvalidRequest
from augury.sdk.addresses import Address, Allowed, literal, parse

URL_LIMIT = 2048
SECRET_LIMIT = 1024
"""Characters."""
LOOK_UP_SECONDS = 2.0
"""How long a name may take to be looked up before a prediction is accepted without that."""
_THREADS = 32
_PORTS = {"http": 80, "https": 443}
_LOOPBACK = (ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1"))

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host; raises OSError where it has none."""


class Refused(OSError):
    """There are addresses, and none of them may be called."""


class Resolver:
    """Looks names up as the C library does, in threads of its own: a name server that hangs keeps others waiting."""

    def __init__(self) -> None:
        self._threads = anyio.CapacityLimiter(_THREADS)

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """The addresses of a host, the preferred one first."""

        def look_up() -> list[str]:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            return list(dict.fromkeys(str(entry[4][0]) for entry in found))

        try:
            return await anyio.to_thread.run_sync(look_up, abandon_on_cancel=True, limiter=self._threads)
        except UnicodeError as error:
            raise OSError(f"not a host name: {error}") from None


@dataclass(frozen=True, slots=True)
class Targets:
    """Which webhooks are taken, and which addresses are called for them."""

    allowed: Allowed = field(default_factory=Allowed)
    resolve: Resolve = field(default_factory=Resolver)

    async def webhook(self, url: str, secret: str | None) -> Webhook:
        """The webhook at this URL; raises InvalidRequest at body.webhook where it is none that may be called."""
        parts = _parts(url)
        _check_secret(secret)
        scheme, host, port = place(parts)
        if not await self._may_be_called(host, port):
            raise _bad_url(url, "It leads to an address that this server does not call.", type="webhook_address")
        shown = f"[{host}]" if ":" in host else host
        return Webhook(url, secret, f"{scheme}://{shown}:{port}")

    async def addresses(self, host: str, port: int) -> Sequence[Address]:
        """The addresses of a host that may be called; raises Refused, or OSError where there are none at all."""
        known = literal(host)
        found = [known] if known is not None else [parse(one) for one in await self.resolve(host, port)]
        permitted = [one for one in found if self.allowed.permits(one)]
        if not permitted:
            raise Refused(f"{host} is at an address that this server does not call")
        return permitted

    async def _may_be_called(self, host: str, port: int) -> bool:
        if host == "localhost" or host.endswith(".localhost"):
            return any(self.allowed.permits(one) for one in _LOOPBACK)
        if (known := literal(host)) is not None:
            return self.allowed.permits(known)
        try:
            with anyio.fail_after(LOOK_UP_SECONDS):
                await self.addresses(host, port)
        except Refused:
            return False
        except (OSError, ValueError):
            # Not known now; by the time something is sent it may be. A time-out is an OSError, too.
            return True
        return True


def place(parts: SplitResult) -> tuple[str, str, int]:
    """Scheme, host and port of a URL that was accepted."""
    return parts.scheme, (parts.hostname or "").rstrip("."), parts.port or _PORTS[parts.scheme]


def _parts(url: str) -> SplitResult:
    if len(url) > URL_LIMIT:
        raise _bad_url(url, f"A webhook's URL has at most {URL_LIMIT} characters.", limit=URL_LIMIT)
    if re.search(r"[^\x21-\x7e]|\\", url):
        raise _bad_url(url, "Spaces, control characters, backslashes and what is not ASCII have to be escaped.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _bad_url(url, f"This is no URL: {error}.") from None
    if parts.scheme not in _PORTS:
        raise _bad_url(url, "A webhook's URL begins with http:// or https://.")
    if "@" in parts.netloc:
        raise _bad_url("", "A URL with a user name or password in it is refused; use the secret.")
    if not _is_host(parts.hostname or ""):
        raise _bad_url(url, "This URL names no host.")
    if port == 0 or parts.netloc.endswith(":"):
        raise _bad_url(url, "A port is a number from 1 to 65535.")
    if "#" in url:
        raise _bad_url(url, "A fragment (#...) is never sent; leave it out.")
    return parts


def _is_host(host: str) -> bool:
    if ":" in host:
        # Only in brackets, and then urlsplit has looked at it; a scope means something on one machine only.
        return "%" not in host
    return bool(re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?", host)) and len(host) <= 253


def _check_secret(secret: str | None) -> None:
    if secret is None:
        return
    problem = None
    if not 1 <= len(secret) <= SECRET_LIMIT or re.search(r"[\x00-\x1f\x7f-\x9f]", secret):
        problem = f"A secret has 1 to {SECRET_LIMIT} characters, and no control characters."
    elif secret.startswith(SECRET_PREFIX):
        try:
            if not base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True):
                problem = f"A secret that begins with {SECRET_PREFIX} goes on with the base64 of a key."
        except (binascii.Error, ValueError):
            problem = f"A secret that begins with {SECRET_PREFIX} goes on with base64."
    if problem is not None:
        # The secret itself is not shown, not even to the one who sent it: errors are kept in logs.
        raise InvalidRequest.at("body", "webhook", "secret", msg=problem, type="webhook_secret")


def _bad_url(url: str, msg: str, *, type: str = "webhook_url", **ctx: int) -> InvalidRequest:
    shown = url if len(url) <= URL_LIMIT else url[:URL_LIMIT] + "…"
    return InvalidRequest.at("body", "webhook", "url", msg=msg, type=type, input=shown or None, **ctx)
