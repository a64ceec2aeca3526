"""The engine's end of a worker's socket: bytes to messages and back, on the event loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import cast

import anyio

from augury import protocol
from augury.domain import jsontext


class Wire(asyncio.Protocol):
    """Sends and receives the messages of one worker."""

    def __init__(self, spill: str, receive: Callable[[protocol.Message], None], broken: Callable[[str], None]) -> None:
        self.closed = anyio.Event()
        """Set when the other end is gone and everything that it sent has been received."""
        self._spill = spill
        self._receive = receive
        self._broken = broken
        self._frames = protocol.Frames(spill)
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def connect(
        cls,
        channel: socket.socket,
        spill: str,
        receive: Callable[[protocol.Message], None],
        broken: Callable[[str], None],
    ) -> Wire:
        """Take over a connected, non-blocking socket."""
        loop = asyncio.get_running_loop()
        _, wire = await loop.create_connection(lambda: cls(spill, receive, broken), sock=channel)
        return wire

    def send(self, message: protocol.ToRunner) -> None:
        """Pass a message on; one that is lost because the worker is gone is noticed by its end."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(protocol.encode(message, self._spill, jsontext.dump_bytes))

    def pause(self) -> None:
        """Read nothing for now: the other end waits when the socket is full."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def close(self) -> None:
        """Close our end."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio: connected."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Asyncio: bytes have come."""
        try:
            for body in self._frames.feed(data):
                self._receive(protocol.decode(body, jsontext.loads))
        except protocol.ProtocolError as error:
            self._broken(str(error))
            self.close()
        except (TypeError, ValueError, AttributeError) as error:
            # The fields of a message are what foreign code put there: one of the wrong type breaks its worker alone.
            self._broken(f"a message that makes no sense: {error}")
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Asyncio: the other end is gone."""
        self.closed.set()
