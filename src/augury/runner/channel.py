"""The socket to the engine: whole messages out, under one lock, and whole messages in.

send() may be called from every thread; it blocks while the engine is slow, which is the only backpressure there is:
except where an event loop sends, for which relay() puts a thread in between.
A forked child is cut off: what it would send is dropped. Knows nothing about predictions.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import select
import threading
from typing import TYPE_CHECKING, Any, Callable, ContextManager, Dict, Iterator, List, Optional

from augury import protocol
from augury.sdk.storing import unstored

if TYPE_CHECKING:
    from .outbox import Outbox

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_RECEIVE = 1 << 16


class TooBig(Exception):
    """A message's output has more bytes than it may."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


class Channel:
    """One end of the conversation; `shield` keeps a cancellation from cutting a frame in two."""

    def __init__(self, descriptor: int, spill: str, shield: ContextManager[object]) -> None:
        self._descriptor = descriptor
        self._spill = spill
        self.shield = shield
        self._lock = threading.RLock()
        self._sending = False
        self._later: List[bytes] = []
        self._forked = False
        self._outbox: Optional[Outbox] = None
        # Big enough for any frame: a buffered write is never cut in two by an exception in a signal handler.
        self._out = io.BufferedWriter(io.FileIO(descriptor, "wb", closefd=False), 2 * protocol.INLINE_LIMIT)
        os.register_at_fork(after_in_child=self._cut_off)

    @property
    def forked(self) -> bool:
        """Whether this is a child that the model forked, which has no part in the conversation."""
        return self._forked

    def send(self, message: protocol.Message) -> None:
        """Send one message; a lost engine is no error here, the receiving side notices.

        Raises what encode() raises.
        """
        with self.shield:
            self.put(self.encode(message))

    def encode(self, message: protocol.Message, max_output: Optional[int] = None) -> bytes:
        """The frame of a message, for put().

        Raises TooBig where its `output` takes more than `max_output` bytes of JSON, ProtocolError over the protocol's
        limit, NotStored if it cannot be spilled, and ValueError, TypeError or RecursionError for what is no JSON.
        """
        try:
            return protocol.encode(message, self._spill, _dump if max_output is None else _bounded(max_output))
        except OSError as error:
            raise unstored("", error) from None

    def dump(self, value: Any) -> bytes:
        """The JSON of a part of a message; raises what encode() raises for what is no JSON."""
        return _dump(value)

    def put_items(self, prediction: str, items: List[bytes], files: Optional[List[Dict[str, Any]]] = None) -> None:
        """Send an Output whose items are JSON already. Raises NotStored if it cannot be spilled."""
        body = b'{"kind":"Output","id":%s,"items":[%s]' % (_dump(prediction), b",".join(items))
        body += b',"files":%s}' % _dump(files) if files else b"}"
        try:
            frame = protocol.encode(protocol.Output(prediction, []), self._spill, lambda _: body)
        except OSError as error:
            raise unstored("", error) from None
        self.put(frame)

    def relay(self) -> None:
        """From now on put() leaves to a thread what the engine is not ready for: an event loop sends."""
        from .outbox import Outbox  # needs asyncio, which only async models load

        self._outbox = Outbox(self._put, self._has_room)

    def wait(self) -> None:
        """Return when the engine reads, so that a frame that is not big goes out at once. Holds no lock."""
        if self._forked:
            return
        if self._outbox is not None:
            self._outbox.wait()
        else:
            self._has_room(None)

    async def wait_async(self) -> None:
        """The same in the event loop that relay() was called for."""
        if self._outbox is not None and not self._forked:
            await self._outbox.wait_async()

    def settle(self) -> None:
        """Return when everything that was sent has been written."""
        if self._outbox is not None and not self._forked:
            self._outbox.wait()

    def put(self, frame: bytes) -> None:
        """Send a frame: whole, whatever interrupts it."""
        if self._forked:
            return
        if self._outbox is not None:
            self._outbox.put(frame)
        else:
            self._put(frame)

    def receive(self) -> Iterator[protocol.Message]:
        """The engine's messages until it closes the connection; raises ProtocolError for anything else."""
        frames = protocol.Frames(self._spill)
        while True:
            try:
                data = os.read(self._descriptor, _RECEIVE)
            except OSError:
                return
            if not data:
                return
            for body in frames.feed(data):
                yield protocol.decode(body)

    def _put(self, frame: bytes) -> None:
        with self.shield, self._lock:
            if self._sending:
                self._later.append(frame)  # A signal handler of the model's prints while this thread is sending.
                return
            self._sending = True
            try:
                self._write(frame)
            finally:
                self._sending = False

    def _has_room(self, timeout: Optional[float] = 0) -> bool:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLOUT)
        return bool(poll.poll(timeout))

    def _write(self, frame: bytes) -> None:
        # Without an engine the reader sees the end and takes the process down. Not OSError: a model's alarm that raises
        # a TimeoutError in here is to be seen by the model.
        with contextlib.suppress(ConnectionError):
            try:
                self._out.write(frame)
            finally:
                # Even if an alarm of the model's raises in here, what is buffered goes out whole, now or with the next.
                self._out.flush()
                while self._later:
                    self._out.write(self._later.pop(0))
                    self._out.flush()

    def _cut_off(self) -> None:
        self._forked = True
        self._lock = threading.RLock()
        self._sending = False
        # Whatever the buffer still holds is the parent's to send.
        null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        os.dup2(null, self._descriptor, inheritable=False)
        os.close(null)


def _dump(value: Any) -> bytes:
    return _encode(value).encode("utf-8", "replace")


def _bounded(limit: int) -> Callable[[Any], bytes]:
    def dump(content: Dict[str, Any]) -> bytes:
        body = _dump(content)
        if len(body) > limit:
            size = len(body) - len(_dump(dict(content, output=None))) + len("null")
            if size > limit:
                raise TooBig(size)
        return body

    return dump
