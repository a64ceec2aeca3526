"""How much of a worker is still to be written, and whether that is too much to read more from it.

A socket that is not read fills up, and then whatever predict() yields waits: a slow store slows the model, and fills
no memory.
"""

from __future__ import annotations

from collections.abc import Callable

HIGH = 4 << 20
LOW = 1 << 20
"""Characters: over the first nothing is read, under the second it goes on."""


class Pressure:
    """Of one worker."""

    def __init__(self, pause: Callable[[], None], resume: Callable[[], None]) -> None:
        self._pause = pause
        self._resume = resume
        self._pending = 0
        self._paused = False

    def add(self, size: int) -> None:
        """So much more is to be written."""
        self._pending += size
        if self._pending > HIGH and not self._paused:
            self._paused = True
            self._pause()

    def remove(self, size: int) -> None:
        """So much is written, or given up."""
        self._pending -= size
        if self._pending < LOW and self._paused:
            self._paused = False
            self._resume()
