"""Runs predictions several at a time in the main thread: for a predict() that gets batches and is not async.

A batch begins when it is full, or when the first that waits has waited long enough; what comes meanwhile is for the
next one. The reader thread puts predictions in line, takes out what is recalled or cancelled before it began, and has
the call interrupted when nobody is left in it.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from queue import Empty, SimpleQueue
from typing import Any, Dict, List, Optional, Tuple

from augury.protocol import Done, Predict, Recalled
from augury.sdk.reporting import Cancelled, activate

from .batch import Batch, Ends, Member
from .health import Health
from .interrupt import Interrupts
from .run import Desk
from .scratch import Scratch


class Batches:
    """What waits, and the batch that runs; serve() is the main thread's, all else the reader thread's."""

    def __init__(
        self, desk: Desk, scratch: Scratch, interrupts: Interrupts, health: Optional[Health], size: int, wait: float
    ) -> None:
        self._desk = desk
        self._scratch = scratch
        self._interrupts = interrupts
        self._health = health
        self._size = size
        self._wait = wait
        # No Condition: an alarm of the model's own that is raised in one may leave it locked for ever.
        self._lock = threading.Lock()
        self._changed: SimpleQueue[None] = SimpleQueue()
        self._waiting: Dict[str, Tuple[Predict, float]] = {}
        self._current: Optional[Batch] = None
        self._closing = False

    def predict(self, message: Predict) -> None:
        with self._lock:
            self._waiting[message.id] = message, time.monotonic()
        self._changed.put(None)

    def cancel(self, prediction: str) -> None:
        with self._lock:
            waited = self._waiting.pop(prediction, None) is not None
            batch = self._current
        if waited:
            self._desk.report(Done(prediction, "cancelled", None))
        elif batch is not None and batch.cancel(prediction):
            self._interrupts.request(batch.key)

    def recall(self, predictions: List[str]) -> None:
        with self._lock:
            removed = [one for one in predictions if self._waiting.pop(one, None) is not None]
        self._desk.channel.send(Recalled(removed))

    def shut_down(self) -> None:
        """serve() returns when what waits before this has run."""
        with self._lock:
            self._closing = True
        self._changed.put(None)

    def serve(self) -> None:
        """Run what comes until shut_down()."""
        late: BaseException = RuntimeError()
        while True:
            try:
                batch = self._current
                if batch is not None:  # cut off by such an alarm: nobody of it may stay without an end
                    batch.end(batch.fail(late))
                    self._current = None
                batch = self._next()
                if batch is None:
                    return
                self._run(batch)
                self._current = batch = None  # Inputs can be big: they do not stay while nothing runs.
            except BaseException as error:  # noqa: BLE001 - a late alarm of the model's own must not end the worker
                late = error
                self._desk.warn_outside("Between two batches", error)

    def _next(self) -> Optional[Batch]:
        """The next batch, once it is full or has waited; None when there will be none."""
        while True:
            due = None if self._health is None else self._health.due_in()
            if due is not None and due <= 0 and self._health is not None:
                self._health.check()
                continue
            with self._lock:
                left = None if self._health is not None and self._health.is_lost else self._left()
                if left is None and self._closing:
                    return None
                if left is not None and left <= 0:
                    return self._take()
            pauses = [one for one in (left, due) if one is not None]
            with contextlib.suppress(Empty):
                self._changed.get(timeout=min(pauses, default=None))

    def _left(self) -> Optional[float]:
        """Seconds until a batch is to begin; None where nothing waits."""
        first = next(iter(self._waiting.values()), None)
        if first is None:
            return None
        if len(self._waiting) >= self._size or self._closing:
            return 0.0
        return first[1] + self._wait - time.monotonic()

    def _take(self) -> Batch:
        waiting = list(self._waiting.items())
        messages = [message for _, (message, _) in waiting[: self._size]]
        batch = Batch(self._desk, self._scratch, messages, self._stopped)
        self._current, self._waiting = batch, dict(waiting[self._size :])
        return batch

    def _run(self, batch: Batch) -> None:
        self._interrupts.raised = False
        try:
            batch.enter()
            self._desk.capture.install()
            ends = self._attempt(batch)
        except BaseException as error:  # noqa: BLE001 - a cancellation in the last instant, or an alarm of the model's
            self._interrupts.leave()
            ends = batch.stop(None) if self._interrupts.raised else batch.fail(error)
        if self._desk.channel.forked:
            os._exit(0)  # A child that the model forked came back from predict(): the batch is its parent's.
        batch.end(ends)

    def _attempt(self, batch: Batch) -> Ends:
        interrupts = self._interrupts
        try:
            try:
                interrupts.enter(batch.key)
                self._decode(batch)
                value: Any = []
                if arguments := batch.arguments():
                    with activate(batch):
                        value = self._desk.call_batch(arguments)
            finally:
                interrupts.leave()
        except BaseException as error:  # noqa: BLE001 - whatever a model raises ends its predictions, not the worker
            interrupts.leave()
            if interrupts.raised:
                return batch.stop(None if isinstance(error, Cancelled) else error)
            return batch.fail(error)
        if interrupts.raised:  # The model kept the cancellation to itself and returned.
            return batch.stop(None)
        return batch.settle(value)

    def _decode(self, batch: Batch) -> None:
        """Read the inputs; those with something to fetch each in a thread, so that one waits for none."""
        for run in batch.members:
            if run.mentions_url:
                threading.Thread(target=self._decode_apart, args=(batch, run), daemon=True).start()
            else:
                batch.decode(run)
        while batch.undecided:
            batch.decided.get()

    def _decode_apart(self, batch: Batch, run: Member) -> None:
        with contextlib.suppress(BaseException):  # Its batch is being stopped, and has no more use for it.
            batch.decode(run)

    def _stopped(self) -> bool:
        return self._interrupts.raised
