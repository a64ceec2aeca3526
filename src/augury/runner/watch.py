"""Asks an async model whether it can go on, in its event loop, while nothing runs and nothing begins.

Where predictions do nothing but fail, nothing new begins until it has been asked. Knows nothing about predictions.
"""

from __future__ import annotations

import asyncio
import contextlib

from .health import Health
from .slots import Slots


class Watch:
    """One line and the health of its model; run() is a task of the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, health: Health, line: Slots, slots: int) -> None:
        self._health = health
        self._line = line
        self._slots = slots
        self._stirred = asyncio.Event()
        health.stir = lambda: _quietly(loop, self._stirred)

    async def run(self) -> None:
        """Ask whenever it is due, until the model is lost."""
        try:
            while (left := self._health.due_in()) is not None:
                await self._step(left)
        finally:
            # Also where the model cancels tasks that are not its own.
            if not self._health.is_lost:
                self._line.go_on()

    async def _step(self, left: float) -> None:
        health, line = self._health, self._line
        if left <= 0 and line.is_idle:
            line.hold()
            await health.check_async()
            if not health.is_lost:
                line.go_on()
            return
        if left <= 0 and health.failures >= self._slots:
            line.hold()
        self._stirred.clear()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._stirred.wait(), left if left > 0 else None)


def _quietly(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    with contextlib.suppress(RuntimeError):  # The loop is closed: nobody waits.
        loop.call_soon_threadsafe(event.set)
