"""How often a token may ask, or an address without one (D9): answers 429 before a body or the database is looked at.

    request -> class of its route -> bucket of its token, or of its address -> 429, or the answer with x-ratelimit-*

A token is worth a bucket of its own once it was seen to be valid; before, and when it is wrong, its address pays. Not
installed where no rate is set.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from ipaddress import IPv6Address

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from augury.api import predictions
from augury.api.middleware import ADDED
from augury.domain.errors import TooManyRequests, Unauthenticated
from augury.domain.rate import Buckets, Verdict
from augury.http import auth, problems
from augury.http.fronts import FRONT, Front
from augury.service.access import Access

PREFIX = "/v1/"
UPLOADS = "/v1/uploads/"
ANONYMOUS = "anonymous"

_PROVED_MOST = 10_000
_READING = frozenset(("GET", "HEAD", "OPTIONS"))

Headers = list[tuple[bytes, bytes]]


@dataclass(slots=True)
class _Proved:
    """Tokens that were valid when they were last used: a hash of each, those unused the longest dropped."""

    _known: OrderedDict[bytes, None] = field(default_factory=OrderedDict[bytes, None])

    def __contains__(self, token: bytes) -> bool:
        if token not in self._known:
            return False
        self._known.move_to_end(token)
        return True

    def add(self, token: bytes) -> None:
        self._known[token] = None
        if len(self._known) > _PROVED_MOST:
            self._known.popitem(last=False)

    def discard(self, token: bytes) -> None:
        self._known.pop(token, None)


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Counts each request below /v1 and of other APIs.

    But for parts of uploads, which are paid for when the upload is announced.

    `buckets` by class: read, write, predict, and anonymous for whoever has no valid token, where that is to be one
    class; a class that is missing has no limit. `clock` is in seconds.
    """

    app: ASGIApp
    access: Access
    buckets: Mapping[str, Buckets]
    clock: Callable[[], float] = time.monotonic
    _proved: _Proved = field(default_factory=_Proved)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or not (scope["path"].startswith(PREFIX) or FRONT in scope):
            await self.app(scope, receive, send)
            return
        request = _Request(self, scope)
        if not request.admitted:
            refusal = problems.answer(request.refusal(), scope)
            await refusal(scope, receive, send)
            return

        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                found: Sequence[tuple[bytes, bytes]] = message.get("headers", ())
                added = request.answered(message["status"])
                # A full queue has said already when to come again.
                if not any(name == b"x-ratelimit-reset" for name, _ in found):
                    message["headers"] = [*found, *added]
            await send(message)

        try:
            await self.app(scope, receive, send_counted)
        except Exception:
            scope[ADDED] = request.answered(500)
            raise

    def of(self, name: str) -> Buckets | None:
        """The buckets of a class; None where it has no limit."""
        return self.buckets.get(name)

    @property
    def proved(self) -> _Proved:
        """The tokens that have buckets of their own."""
        return self._proved


class _Request:
    """What one request was counted as."""

    __slots__ = ("_address", "_by_address", "_hash", "_limit", "_name", "_now", "_token", "_verdict")

    def __init__(self, limit: RateLimit, scope: Scope) -> None:
        self._limit = limit
        self._name = _class(scope)
        self._token = _token(scope)
        self._hash = b"" if self._token is None else blake2b(self._token.encode(), digest_size=16).digest()
        self._address = _address(scope)
        self._now = limit.clock()
        self._by_address = self._token is None or self._hash not in limit.proved
        buckets = self._buckets()
        if buckets is None:
            self._verdict: Verdict | None = None
        else:
            self._verdict = (buckets.look if _is_part(scope) else buckets.spend)(self._key, self._now)

    @property
    def admitted(self) -> bool:
        return self._verdict is None or self._verdict.allowed

    def refusal(self) -> TooManyRequests:
        verdict = self._verdict
        assert verdict is not None  # noqa: S101 - what has no limit is not refused
        who = "address without a valid token" if self._by_address else "token"
        return TooManyRequests(
            f"Too many requests of the class {self._class}: each {who} may send {verdict.limit} at once.",
            code="rate_limited",
            limit=verdict.limit,
            reset=self._wall(verdict.more_at),
            hint="Wait until the time in x-ratelimit-reset, in Unix seconds, and send it again.",
        )

    def answered(self, status: int) -> Headers:
        """What was learned of the token, and the headers that say what is left."""
        if self._token is not None:
            if not self._by_address and status == 401:
                self._limit.proved.discard(self._hash)
            elif self._by_address and self._limit.access.cached(self._token) is not None:
                self._prove()
        return [] if self._verdict is None else self._headers(self._verdict)

    def _prove(self) -> None:
        """The token is valid: it pays, and its address gets back what it paid."""
        buckets = self._buckets()
        if buckets is not None:
            buckets.put_back(self._key)
        self._limit.proved.add(self._hash)
        self._by_address = False
        buckets = self._buckets()
        self._verdict = None if buckets is None else buckets.owe(self._key, self._now)

    @property
    def _class(self) -> str:
        return ANONYMOUS if self._by_address and self._limit.of(ANONYMOUS) is not None else self._name

    @property
    def _key(self) -> Hashable:
        return self._address if self._by_address else self._hash

    def _buckets(self) -> Buckets | None:
        return self._limit.of(self._class)

    def _headers(self, verdict: Verdict) -> Headers:
        return [
            (b"x-ratelimit-limit", b"%d" % verdict.limit),
            (b"x-ratelimit-remaining", b"%d" % verdict.remaining),
            (b"x-ratelimit-reset", b"%d" % math.ceil(self._wall(verdict.more_at))),
        ]

    def _wall(self, at: float) -> float:
        return time.time() + at - self._now


def _class(scope: Scope) -> str:
    front: Front | None = scope.get(FRONT)
    if front is not None:
        return front.rate(scope)
    if scope["method"] in _READING:
        return "read"
    return "predict" if scope["path"] == predictions.PATH else "write"


def _is_part(scope: Scope) -> bool:
    """A part of an upload: sent with no token, many at once, and not sent again by clients that are refused."""
    return scope["method"] == "PUT" and scope["path"].startswith(UPLOADS)


def _token(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"authorization":
            try:
                return auth.bearer(value)
            except Unauthenticated:
                return None
    return None


def _address(scope: Scope) -> Hashable:
    """The peer's address; of IPv6 the network that one subscriber has."""
    client = scope.get("client")
    host = client[0] if client else ""
    if ":" not in host:
        return host
    try:
        address = IPv6Address(host.partition("%")[0])
    except ValueError:
        return host
    return str(address.ipv4_mapped) if address.ipv4_mapped is not None else int(address) >> 64
