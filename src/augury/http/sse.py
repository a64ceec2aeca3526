"""Server-sent events: a follower's items as frames, heartbeats while it is silent, and a clean end.

    follower -> items that are ready -> one piece of bytes -> the socket, which sets the pace

A reader that goes away ends the work for it at once, and one that may not read any more soon after. Knows nothing
about what is followed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

import anyio
from fastapi import Response
from starlette.types import Receive, Scope, Send

from augury.http import preferences
from augury.http.services import Limits

Item = TypeVar("Item")
Given = TypeVar("Given", covariant=True)
Headers = Iterable[tuple[bytes, bytes]]
Last = Callable[[], "bytes | Awaitable[bytes]"]
"""Makes what a stream ends with."""
Permission = Callable[[], Awaitable[bool]]

MAX_IDLE = 3600.0
"""Seconds of silence that a reader may ask to wait through."""
MIN_IDLE = 1.0
"""Less would let a client that comes back at once do nothing else."""
_PIECE = 65_536
_HEARTBEAT = b": ping\n\n"
_HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
)


def idle_seconds(prefer: preferences.Headers, limits: Limits) -> float | None:
    """How long a stream may be silent, as the Prefer headers of its reader say; None where they do not."""
    wanted = preferences.wait_seconds(prefer, limits.stream_idle, MAX_IDLE)
    return None if wanted is None else max(MIN_IDLE, wanted)


class Source(Protocol[Given]):
    """What is followed: a service.followers.Follower, or several as one."""

    over: bool
    """Whether there is nothing more to come."""

    @property
    def released(self) -> bool:
        """Whether it is to end although there may be more."""
        ...

    async def next(self, timeout: float) -> Sequence[Given]:
        """What follows; nothing where so many seconds passed, where it is over, or released."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds of silence until a heartbeat, so often is its reader's right looked at, too, and until the end."""

    heartbeat: float
    idle: float


class EventStream(Response, Generic[Item]):
    """The answer that follows until there is nothing more, nobody reads, or nothing has come for too long."""

    def __init__(
        self,
        follower: Source[Item],
        render: Callable[[Item], bytes],
        limits: Limits,
        idle: float | None,
        *,
        allowed: Permission,
        headers: Headers = (),
        end: Last = bytes,
        cut: Last = bytes,
        heartbeat: bytes = _HEARTBEAT,
        on_gone: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`idle` is what the reader asks for; `end` gives the frame that follows the last item.

        `cut` gives the one that follows where it ends earlier: nothing came for too long, or the server stops.
        `allowed` says now and then whether the reader may still have what comes. `on_gone` is called where it went away
        before the end, or may not.
        """
        super().__init__()
        applied = () if idle is None else ((b"preference-applied", f"wait={idle:g}".encode()),)
        self.raw_headers = [*_HEADERS, *headers, *applied]
        self._follower = follower
        self._render = render
        self._pace = Pace(limits.stream_heartbeat, limits.stream_idle if idle is None else idle)
        self._allowed = allowed
        self._end = end
        self._cut = cut
        self._heartbeat = heartbeat
        self._on_gone = on_gone

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        whole = False
        with self._follower:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_until_gone, receive, tasks.cancel_scope)
                whole = await self._follow(send)
                tasks.cancel_scope.cancel()
        if not whole and self._on_gone is not None:
            await self._on_gone()

    async def _follow(self, send: Send) -> bool:
        """Whether it came to an end of its own."""
        follower, pace = self._follower, self._pace
        heard = proved = anyio.current_time()
        while not (follower.over or follower.released):
            now = anyio.current_time()
            if now - proved >= pace.heartbeat:
                # By time, not by silence: what never falls silent ends, too.
                if not await self._allowed():
                    await send({"type": "http.response.body", "body": b""})
                    return False
                proved = now
            silent = now - heard
            if silent >= pace.idle:
                break
            items = await follower.next(min(pace.heartbeat - (now - proved), pace.idle - silent))
            if items:
                for piece in _pieces(map(self._render, items)):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                heard = anyio.current_time()
            elif not follower.over and anyio.current_time() - heard < pace.idle:
                await send({"type": "http.response.body", "body": self._heartbeat, "more_body": True})
        last = self._end() if follower.over else self._cut()
        await send({"type": "http.response.body", "body": last if isinstance(last, bytes) else await last})
        return True


def frame(number: object, event: str, data: str) -> bytes:
    """One event; `data` is JSON without line breaks, so that nothing in it can end a line."""
    return f"id: {number}\nevent: {event}\ndata: {data}\n\n".encode()


def _pieces(frames: Iterable[bytes]) -> Iterator[bytes]:
    """What is sent at once: many small frames together, a big one alone."""
    waiting: list[bytes] = []
    size = 0
    for one in frames:
        waiting.append(one)
        size += len(one)
        if size >= _PIECE:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)


async def _until_gone(receive: Receive, scope: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()
