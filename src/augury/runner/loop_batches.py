"""Runs predictions several at a time in an event loop of the main thread: for an async predict() that gets batches.

As `slots.py`, where it waits, is cancelled and ends; but one task runs a whole batch, and batches one after another.
"""

from __future__ import annotations

import asyncio
import os
import time
from functools import partial
from typing import Any, Dict, Optional

from augury.protocol import Predict
from augury.sdk.reporting import activate

from .batch import Batch, Ends
from .run import Desk
from .scratch import Scratch
from .slots import Slots, in_a_thread


class LoopBatches(Slots):
    """What waits, and the batch that runs; `size` predictions at most, `wait` seconds after the first has come."""

    def __init__(self, loop: asyncio.AbstractEventLoop, desk: Desk, scratch: Scratch, size: int, wait: float) -> None:
        super().__init__(loop, desk, scratch, size)
        self._wait = wait
        self._arrived: Dict[str, float] = {}
        self._timer: Optional[asyncio.TimerHandle] = None
        self._batch: Optional[Batch] = None
        self._reading: Dict[str, asyncio.Future[None]] = {}

    def predict(self, message: Predict) -> None:
        self._post(self._arrive, message, time.monotonic())

    def _arrive(self, message: Predict, when: float) -> None:
        self._arrived[message.id] = when
        self._accept(message)

    def _fill(self) -> None:
        if self._waiting and not self._running and self._slots:
            left = self._arrived[next(iter(self._waiting))] + self._wait - time.monotonic()
            if len(self._waiting) >= self._slots or self._closing or left <= 0:
                self._begin()
            else:
                if self._timer is not None:
                    self._timer.cancel()
                self._timer = self._loop.call_later(left, self._fill)
        if self._closing and not self._running:
            self._loop.stop()

    def _begin(self) -> None:
        chosen = list(self._waiting)[: self._slots]
        messages = [self._waiting.pop(one) for one in chosen]
        self._arrived = {one: self._arrived[one] for one in self._waiting}
        key = chosen[0]
        self._batch = Batch(self._desk, self._scratch, messages, lambda: key in self._told)
        self._running[key] = self._loop.create_task(self._run_batch(self._batch))

    def _cancel(self, prediction: str) -> None:
        batch = self._batch
        if prediction in self._waiting or batch is None:
            super()._cancel(prediction)
        elif batch.cancel(prediction):
            super()._cancel(batch.key)
        elif prediction in self._reading:
            self._reading[prediction].cancel()

    async def _run_batch(self, batch: Batch) -> None:
        key = batch.key
        try:
            batch.enter()
            ends = await self._attempt_batch(batch)
        except BaseException as error:  # noqa: BLE001 - the second cancellation, in the last instant
            ends = batch.stop(None) if key in self._cancelled else batch.fail(error)
        if self._desk.channel.forked:
            os._exit(0)  # A child that the model forked came back from predict(): the batch is its parent's.
        self._batch = None
        self._reading.clear()
        del self._running[key]
        self._told.discard(key)
        again = self._cancelled.pop(key, None)
        if again is not None:
            again.cancel()
        try:
            batch.end(ends)
        finally:
            self._fill()

    async def _attempt_batch(self, batch: Batch) -> Ends:
        try:
            await self._read(batch)
            value: Any = []
            if arguments := batch.arguments():
                with activate(batch):
                    value = await self._desk.call_batch_async(arguments)
        except BaseException as error:  # noqa: BLE001 - whatever a model raises ends its predictions, not the worker
            if batch.key in self._cancelled:
                return batch.stop(None if isinstance(error, asyncio.CancelledError) else error)
            return batch.fail(error)
        if batch.key in self._cancelled:  # The model kept the cancellation to itself and returned.
            return batch.stop(None)
        return batch.settle(value)

    async def _read(self, batch: Batch) -> None:
        """Read the inputs; those with something to fetch each in a thread, so that one waits for none."""
        for run in batch.members:
            if run.mentions_url:
                self._reading[run.id] = in_a_thread(self._loop, partial(batch.decode, run))
            else:
                batch.decode(run)
        if self._reading:
            await asyncio.wait(self._reading.values())
