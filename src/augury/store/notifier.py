"""Wake-ups: hints that something may have changed, so that nobody has to ask the store again and again.

publish -> listeners of this process, at once -> (PostgreSQL) a relay tells the other processes. A hint may be lost, and
may come twice; whoever waits for one also looks by itself now and then. Knows no topic by name.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager

import anyio

log = logging.getLogger(__name__)

Heard = Callable[[str], None]


class Signal:
    """What one listener waits on."""

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event = anyio.Event()

    async def wait(self, timeout: float | None = None) -> bool:
        """Whether the topic was published since the last wait, or is within `timeout` seconds."""
        event = self._event
        if not event.is_set():
            with anyio.move_on_after(timeout):
                await event.wait()
        heard = event.is_set()
        if heard and self._event is event:
            self._event = anyio.Event()
        return heard

    def set(self) -> None:
        """Wake the listener. From the event loop only."""
        self._event.set()


class Notifier:
    """The wake-ups of one process; made on its event loop. `forward` passes each on to the other processes."""

    def __init__(self, forward: Heard | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        # What other threads cause here belongs here: theirs does not say which loop it is, where sniffio is asked.
        self._context = contextvars.copy_context()
        self._thread = threading.get_ident()
        self._forward = forward
        self._signals: dict[str, set[Signal]] = {}
        self._calls: dict[str, list[Heard]] = {}

    def publish(self, topic: str) -> None:
        """Wake all who listen to the topic, here and in other processes. From any thread."""
        if threading.get_ident() != self._thread:
            self._loop.call_soon_threadsafe(self.publish, topic, context=self._context.copy())
            return
        self.deliver(topic)
        if self._forward is not None:
            self._forward(topic)

    @contextmanager
    def listen(self, topic: str) -> Generator[Signal]:
        """A signal that each publication of this topic sets, until the context is left."""
        signal = Signal()
        self._signals.setdefault(topic, set()).add(signal)
        try:
            yield signal
        finally:
            others = self._signals[topic]
            others.remove(signal)
            if not others:
                del self._signals[topic]

    @contextmanager
    def subscribe(self, topic: str, call: Heard) -> Generator[None]:
        """Call on the event loop with each topic published; one that ends in a colon stands for all that begin so."""
        self._calls.setdefault(topic, []).append(call)
        try:
            yield
        finally:
            others = self._calls[topic]
            others.remove(call)
            if not others:
                del self._calls[topic]

    def deliver(self, topic: str) -> None:
        """Wake all who listen to the topic in this process only. From the event loop only."""
        for signal in self._signals.get(topic, ()):
            signal.set()
        if not self._calls:
            return
        kind, colon, rest = topic.partition(":")
        calls = [*self._calls.get(topic, ()), *(self._calls.get(kind + colon, ()) if rest else ())]
        for call in calls:
            try:
                call(topic)
            except Exception:
                # One listener that fails is no reason for the others not to hear.
                log.exception("a listener failed", extra={"topic": topic})

    def wake_all(self) -> None:
        """Hints may have been lost: let every listener look."""
        for signals in self._signals.values():
            for signal in signals:
                signal.set()


@asynccontextmanager
async def open_notifier(url: str) -> AsyncGenerator[Notifier]:
    """The wake-ups that fit a database: SQLite has one process, PostgreSQL carries them to all that share it."""
    if url.startswith("sqlite:"):
        yield Notifier()
        return
    # Only now: a server on SQLite need not load what it never uses.
    from augury.store.relay import Relay

    relay = Relay(url)
    notifier = Notifier(relay.forward)
    async with anyio.create_task_group() as tasks:
        await tasks.start(relay.receive, notifier.deliver, notifier.wake_all)
        tasks.start_soon(relay.send)
        yield notifier
        await relay.drain()
        tasks.cancel_scope.cancel()
