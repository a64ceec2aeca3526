"""The socket to the engine: whole messages out, under one lock, and whole messages in.

send() may be called from every thread; it blocks while the engine is slow, which is the only backpressure there is.
A forked child is cut off: what it would send is dropped. Knows nothing about predictions.
"""

from __future__ import annotations

import json
import os
import threading
from typing import Any, Callable, ContextManager, Dict, Iterator, List, Optional

from augury import protocol

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
        self._shield = shield
        self._lock = threading.Lock()
        self._sender = 0
        self._later: List[bytes] = []
        self._open = True
        os.register_at_fork(after_in_child=self._cut_off)

    @property
    def forked(self) -> bool:
        """Whether this is a child that the model forked, which has no part in the conversation."""
        return not self._open

    def send(self, message: protocol.Message, max_output: Optional[int] = None) -> None:
        """Send one message; a lost engine is no error here, the receiving side notices.

        Raises TooBig where its `output` takes more than `max_output` bytes of JSON, ProtocolError over the protocol's
        limit, OSError if it cannot be spilled, and ValueError, TypeError or RecursionError for what is no JSON.
        """
        with self._shield:
            dump = _dump if max_output is None else _bounded(max_output)
            frame = protocol.encode(message, self._spill, dump)
            if self._sender == threading.get_ident():
                self._later.append(frame)  # A signal handler of the model's prints while this thread is sending.
                return
            with self._lock:
                self._sender = threading.get_ident()
                self._later.append(frame)
                while self._later:
                    if self._open:
                        _send(self._descriptor, self._later[0])
                    del self._later[0]
                self._sender = 0

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

    def _cut_off(self) -> None:
        self._open = False
        self._lock = threading.Lock()
        self._sender = 0
        os.close(self._descriptor)


def _send(descriptor: int, frame: bytes) -> None:
    # Not the socket module: importing it takes as long as everything else in this package.
    try:
        written = os.write(descriptor, frame)
        while written < len(frame):
            written += os.write(descriptor, memoryview(frame)[written:])
    except OSError:
        pass  # The engine is gone: the reader sees the end of the stream and takes the process down.


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
