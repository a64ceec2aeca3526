"""Runs predictions one after another in the main thread, in the order they came: for a predict() that is not async.

The reader thread puts them in line, takes out what is recalled or cancelled before it began, and interrupts the one
that runs. Whoever takes a prediction out of `_waiting` owns it; the line itself only keeps the order.
"""

from __future__ import annotations

import os
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Callable, Dict, List, Optional

from augury.protocol import Done, Predict, Recalled
from augury.sdk.reporting import Cancelled, activate

from .interrupt import Interrupts
from .run import Desk, Run
from .scratch import Scratch

if TYPE_CHECKING:
    from .health import Health


class Serial:
    """The line of predictions and the one that runs; serve() is the main thread's, all else the reader thread's."""

    def __init__(self, desk: Desk, scratch: Scratch, interrupts: Interrupts, health: Optional[Health] = None) -> None:
        self._desk = desk
        self._scratch = scratch
        self._interrupts = interrupts
        self._line: SimpleQueue[Optional[Predict]] = SimpleQueue()
        self._next: Callable[[], Optional[Predict]] = self._line.get
        if health is not None:
            self._next = partial(health.next, self._line)
        self._waiting: Dict[str, Predict] = {}
        self._current: Optional[str] = None

    def predict(self, message: Predict) -> None:
        self._waiting[message.id] = message
        self._line.put(message)

    def cancel(self, prediction: str) -> None:
        if self._waiting.pop(prediction, None) is not None:
            self._desk.report(Done(prediction, "cancelled", None))
        elif self._current == prediction:
            self._interrupts.request(prediction)

    def recall(self, predictions: List[str]) -> None:
        removed = [one for one in predictions if self._waiting.pop(one, None) is not None]
        self._desk.channel.send(Recalled(removed))

    def shut_down(self) -> None:
        """serve() returns when what waits before this has run."""
        self._line.put(None)

    def serve(self) -> None:
        """Run what comes until shut_down()."""
        while True:
            try:
                message = self._next()
                if message is None:
                    return
                # Set before the prediction is taken: a cancel finds it in one of the two places.
                self._current = message.id
                if self._waiting.pop(message.id, None) is not None:
                    self._run(message)
                self._current = message = None  # An input can be big: it does not stay while nothing runs.
            except BaseException as error:  # noqa: BLE001 - a late alarm of the model's own must not end the worker
                self._desk.warn_outside("Between two predictions", error)

    def _run(self, message: Predict) -> None:
        run = Run(self._desk, message, self._scratch.current, self._stopped)
        self._interrupts.raised = False
        try:
            self._scratch.enter(run.id)
            self._desk.capture.install()
            with activate(run):
                done = self._attempt(run)
                self._desk.capture.finish(run.id)
        except BaseException as error:  # noqa: BLE001 - a cancellation in the last instant, or an alarm of the model's
            self._interrupts.leave()
            done = run.cancelled(None) if self._interrupts.raised else run.failed(error)
        if self._desk.channel.forked:
            os._exit(0)  # A child that the model forked came back from predict(): the run is its parent's.
        try:
            self._scratch.leave()
        finally:
            run.end(done)

    def _attempt(self, run: Run) -> Done:
        interrupts = self._interrupts
        try:
            try:
                interrupts.enter(run.id)
                arguments = run.arguments()
                run.begin()
                value = self._desk.call(run, arguments)
            finally:
                interrupts.leave()
        except BaseException as error:  # noqa: BLE001 - whatever a model raises ends its prediction, not the worker
            interrupts.leave()
            if interrupts.raised:
                return run.cancelled(None if isinstance(error, Cancelled) else error)
            return run.failed(error)
        if interrupts.raised:  # The model kept the cancellation to itself and returned.
            return run.cancelled(None)
        return run.succeeded(value)

    def _stopped(self) -> bool:
        return self._interrupts.raised
