"""What a worker's processes write past Python's own streams: read as it comes, cut into lines, bounded.

The pipe is read by the event loop, and by hand when a prediction ends: what was written before that is there already,
and belongs to it. Knows nothing about predictions.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable

from augury.domain.logline import LINE_LIMIT

_PIECE = 65_536
_DRAIN_PIECES = 32
"""Pieces that are read by hand: as much as a pipe holds, and some that come meanwhile."""
_END = re.compile(rb"\r\n|\n|\r(?!\Z)")
"""The end of a line; a return at the very end may be half of one."""
_KEPT = (LINE_LIMIT + 64) * 4
"""Bytes of a line that are kept: enough to cut it by characters, and to see that more than a mark was cut off."""


class Lines:
    """Cuts bytes into lines; those that are no UTF-8 are replaced."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """The lines that are complete now. Of one without an end only the beginning is kept."""
        *whole, rest = _END.split(self._rest + data)
        self._rest = rest if len(rest) <= _KEPT else rest[:_KEPT] + (b"\r" if rest.endswith(b"\r") else b"")
        return [_text(line) for line in whole]

    def end(self) -> list[str]:
        """What has no end, if there is something."""
        rest, self._rest = self._rest.rstrip(b"\r"), b""
        return [_text(rest)] if rest else []


class Pipe:
    """Our end of a pipe. Use from the event loop only."""

    def __init__(self, descriptor: int, receive: Callable[[bytes], None], closed: Callable[[], None]) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor: int | None = descriptor
        self._receive = receive
        self._closed = closed
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(descriptor, self._read)

    def drain(self) -> None:
        """Read what is there now."""
        for _ in range(_DRAIN_PIECES):
            if not self._read():
                return

    def close(self) -> None:
        """Read no more, whoever still holds the other end."""
        if self._descriptor is not None:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None
            self._closed()

    def _read(self) -> bool:
        if self._descriptor is None:
            return False
        try:
            data = os.read(self._descriptor, _PIECE)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self.close()
            return False
        self._receive(data)
        return True


def _text(line: bytes) -> str:
    return line[:_KEPT].decode("utf-8", "replace")
