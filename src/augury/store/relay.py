"""Carries wake-ups between the processes that share a PostgreSQL, by NOTIFY on one channel.

A payload is who sent it and then topics, a line each. What is published while a NOTIFY is under way goes with the next
one. Connections that are lost come back; what was published meanwhile is lost, as hints may be.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager

import anyio
import psycopg
from anyio.abc import TaskStatus
from psycopg import AsyncConnection

log = logging.getLogger(__name__)

CHANNEL = "augury"
_PAYLOAD = 7_500
"""Bytes of one payload; PostgreSQL takes less than 8,000."""
_TOPIC = 500
_WAITING = 100_000
"""Topics that wait at most: a database that is away must not fill the memory."""
_CONNECT_SECONDS = 10
_RETRY_SECONDS = 1.0
_DRAIN_SECONDS = 1.0


class Relay:
    """One process's end of the channel."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._origin = secrets.token_hex(8)
        # A dict keeps the order and drops what is said twice.
        self._topics: dict[str, None] = {}
        self._more = anyio.Event()
        self._sent = anyio.Event()

    def forward(self, topic: str) -> None:
        """Tell the other processes soon. From the event loop only."""
        if len(topic) > _TOPIC or "\n" in topic:
            raise ValueError(f"not a topic: {topic[:80]!r}")
        if len(self._topics) < _WAITING:
            self._topics[topic] = None
            self._more.set()

    async def send(self) -> None:
        """Send what is forwarded, until cancelled."""
        while True:
            try:
                async with self._connected() as connection:
                    await self._send_on(connection)
            except psycopg.OperationalError as error:
                log.warning("wake-ups cannot be sent", extra={"error": str(error)})
                await anyio.sleep(_RETRY_SECONDS)

    async def receive(
        self,
        deliver: Callable[[str], None],
        lost: Callable[[], None],
        *,
        task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED,
    ) -> None:
        """Deliver what others send, until cancelled; `lost` is called when some may have been missed.

        Raises OperationalError if the first attempt to connect fails.
        """
        begun = False
        while True:
            try:
                async with self._connected() as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    if begun:
                        lost()
                    else:
                        task_status.started()
                    begun = True
                    await self._receive_on(connection, deliver)
            except psycopg.OperationalError as error:
                if not begun:
                    raise
                log.warning("wake-ups cannot be heard", extra={"error": str(error)})
                await anyio.sleep(_RETRY_SECONDS)

    async def drain(self) -> None:
        """Wait, not for long, until what was forwarded is sent."""
        with anyio.move_on_after(_DRAIN_SECONDS):
            while self._topics:
                self._sent = anyio.Event()
                await self._sent.wait()

    @asynccontextmanager
    async def _connected(self) -> AsyncGenerator[AsyncConnection]:
        # Cancelled halfway through a log-in the driver would leave the server waiting for the rest of it, and closing
        # waits for the server, which a cancelled task cannot.
        with anyio.CancelScope(shield=True) as scope:
            connection = await AsyncConnection.connect(self._url, autocommit=True, connect_timeout=_CONNECT_SECONDS)
            scope.shield = False
            try:
                yield connection
            finally:
                scope.shield = True
                await connection.close()

    async def _send_on(self, connection: AsyncConnection) -> None:
        while True:
            await self._more.wait()
            self._more = anyio.Event()
            topics, self._topics = self._topics, {}
            try:
                for payload in self._payloads(topics):
                    await connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, payload))
            except psycopg.OperationalError:
                self._topics = topics | self._topics
                self._more.set()
                raise
            self._sent.set()

    def _payloads(self, topics: Iterable[str]) -> Iterator[str]:
        payload = self._origin
        for topic in topics:
            if len(payload.encode()) + len(topic.encode()) >= _PAYLOAD:
                yield payload
                payload = self._origin
            payload += f"\n{topic}"
        yield payload

    async def _receive_on(self, connection: AsyncConnection, deliver: Callable[[str], None]) -> None:
        async for note in connection.notifies():
            origin, *topics = note.payload.split("\n")
            # Our own listeners have heard it when it was published.
            if origin != self._origin:
                for topic in topics:
                    deliver(topic)
