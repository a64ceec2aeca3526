"""Other APIs on the same server: which requests are theirs, and the way to them.

    request -> Recognise: is it one's? its shape of errors, our form of its credentials -> limits -> Enter: its routes

Recognise is outermost, so that whatever refuses a request on its way does so in the right shape. Knows none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from augury.domain.errors import CallerError
from augury.domain.jsontext import JsonObject
from augury.http import auth, problems
from augury.service.access import Access

FRONT = "augury.front"
"""Where the API that answers a request is kept in its ASGI scope, if it is not ours."""


def _nothing(_: Scope) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Front:
    """One API: its routes, and what is asked about a request before it gets there."""

    app: ASGIApp
    """Its routes; a CallerError that it raises is answered in its shape."""
    shape: problems.Shape
    rate: Callable[[Scope], str]
    """The class of a request for the rate limit: read, write or predict."""
    paths: frozenset[str] = frozenset()
    """The paths that are its alone."""
    prefix: str | None = None
    """What the paths begin with that are its alone, such as "/openai/"."""
    admit: Callable[[Scope], None] = _nothing
    """Brings credentials that came in a form of its own into ours, in the scope."""
    big: frozenset[tuple[str, str]] = frozenset()
    """Methods and beginnings of paths whose requests may have bodies as big as bundles."""
    described: Mapping[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    """Its paths as OpenAPI describes them."""


@dataclass(frozen=True, slots=True)
class Shared:
    """A path that ours and others both have: `choose` says whose a request is, None for ours."""

    prefix: str
    choose: Callable[[Scope], Front | None]
    vary: str | None = None
    """The headers that it looks at, which every answer there names for caches."""


@dataclass(frozen=True, slots=True)
class Fronts:
    """All other APIs of a server."""

    all: Sequence[Front] = ()
    shared: Sequence[Shared] = ()
    _by_path: dict[str, Front] = field(default_factory=dict[str, Front])

    def __post_init__(self) -> None:
        self._by_path.update({path: front for front in self.all for path in front.paths})

    def of(self, scope: Scope) -> tuple[Front | None, str | None]:
        """Whose request it is, None for ours; and the headers that decided it."""
        path: str = scope["path"]
        if (front := self._by_path.get(path)) is not None:
            return front, None
        for front in self.all:
            if front.prefix is not None and path.startswith(front.prefix):
                return front, None
        front, vary = None, None
        for one in self.shared:
            if path.startswith(one.prefix):
                vary = vary or one.vary
                if (front := one.choose(scope)) is not None:
                    break
        return front, vary


@dataclass(frozen=True, slots=True)
class Recognise:
    """Notes in its scope whose a request is."""

    app: ASGIApp
    fronts: Fronts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http":
            front, vary = self.fronts.of(scope)
            if front is not None:
                scope[FRONT] = front
                scope[problems.SHAPE] = front.shape
                front.admit(scope)
            if vary is not None:
                send = _varying(send, vary.encode())
        await self.app(scope, receive, send)


@dataclass(frozen=True, slots=True)
class Enter:
    """Passes a request on to the API whose it is."""

    app: ASGIApp
    access: Access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        front: Front | None = scope.get(FRONT)
        if front is None:
            await self.app(scope, receive, send)
            return
        try:
            await front.app(scope, receive, send)
        except CallerError as error:
            error = await auth.explained(self.access, auth.header(scope), error)
            await problems.answer(error, scope)(scope, receive, send)


def _varying(send: Send, names: bytes) -> Send:
    async def send_varying(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), (b"vary", names)]
        await send(message)

    return send_varying
