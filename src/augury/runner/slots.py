"""Runs up to `slots` predictions at once in an event loop of the main thread: for an async predict().

The reader thread hands each message over; everything else happens in the loop, one task a prediction. A task is
cancelled by its id, once more after a second if it goes on. setup() and teardown() run in the same loop, so that what
they open there can be used. Knows nothing about sockets. Loaded for async models only: asyncio is a third of a worker.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import os
import threading
from typing import Any, Callable, Dict, List, Optional, Set, TypeVar

from augury.protocol import Done, Predict, Recalled
from augury.sdk.reporting import activate

from .run import Desk, Run
from .scratch import Scratch, remove

Result = TypeVar("Result")

_AGAIN = 1.0
"""Seconds after which code that swallowed the cancellation is cancelled once more."""


class Slots:
    """The predictions of one worker by id; serve() is the main thread's, the messages come from the reader thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, desk: Desk, scratch: Scratch, slots: int) -> None:
        self._loop = loop
        self._desk = desk
        self._scratch = scratch
        self._slots = slots
        self._alone = slots == 1
        self._waiting: Dict[str, Predict] = {}
        self._running: Dict[str, asyncio.Task[None]] = {}
        self._cancelled: Dict[str, asyncio.TimerHandle] = {}
        self._told: Set[str] = set()
        self._closing = False
        self._held = 0

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs."""
        return not self._running

    def hold(self) -> None:
        """Begin nothing until go_on(). In the loop, as that is."""
        self._held, self._slots = self._held or self._slots, 0

    def go_on(self) -> None:
        """Begin what has come meanwhile."""
        self._held, self._slots = 0, self._held or self._slots
        self._fill()

    def predict(self, message: Predict) -> None:
        self._post(self._accept, message)

    def cancel(self, prediction: str) -> None:
        self._post(self._cancel, prediction)

    def recall(self, predictions: List[str]) -> None:
        self._post(self._recall, predictions)

    def shut_down(self) -> None:
        """serve() returns when what came before this has run."""
        self._post(self._close)

    def serve(self) -> None:
        """Run what comes until shut_down()."""
        self._desk.capture.install()
        while True:
            try:
                self._loop.run_forever()
            except BaseException as error:  # noqa: BLE001 - a task of the model's called sys.exit(): the worker stays
                self._desk.warn_outside("Outside of predict()", error)
            if self._desk.channel.forked:
                os._exit(0)
            if self._closing and not self._running and not self._waiting:
                return

    def _post(self, function: Callable[..., None], *arguments: Any) -> None:
        self._loop.call_soon_threadsafe(function, *arguments)

    def _accept(self, message: Predict) -> None:
        self._waiting[message.id] = message
        self._fill()

    def _fill(self) -> None:
        while self._waiting and len(self._running) < self._slots:
            prediction = next(iter(self._waiting))
            message = self._waiting.pop(prediction)
            self._running[prediction] = self._loop.create_task(self._run(message))
        if self._closing and not self._running:
            self._loop.stop()

    def _cancel(self, prediction: str) -> None:
        if self._waiting.pop(prediction, None) is not None:
            self._desk.report(Done(prediction, "cancelled", None))
        elif prediction in self._running and prediction not in self._cancelled:
            # Not at once: a task that has not begun would never begin, and nothing would tell its end.
            self._loop.call_soon(self._tell, prediction)
            self._cancelled[prediction] = self._loop.call_later(_AGAIN, self._tell, prediction)

    def _tell(self, prediction: str) -> None:
        task = self._running.get(prediction)
        if task is not None:
            self._told.add(prediction)
            task.cancel()

    def _recall(self, predictions: List[str]) -> None:
        removed = [one for one in predictions if self._waiting.pop(one, None) is not None]
        self._desk.channel.send(Recalled(removed))

    def _close(self) -> None:
        self._closing = True
        self._fill()

    async def _run(self, message: Predict) -> None:
        folder = _Folder(self._scratch, message.id, alone=self._alone)
        run = Run(self._desk, message, folder.path, lambda: message.id in self._told)
        try:
            with activate(run):
                folder.enter()
                done = await self._attempt(run)
                self._desk.capture.finish(run.id)
        except BaseException as error:  # noqa: BLE001 - the second cancellation, in the last instant
            done = run.cancelled(None) if run.id in self._cancelled else run.failed(error)
        if self._desk.channel.forked:
            os._exit(0)  # A child that the model forked came back from predict(): the run is its parent's.
        with contextlib.suppress(OSError):
            folder.leave()
        del self._running[run.id]
        self._told.discard(run.id)
        again = self._cancelled.pop(run.id, None)
        if again is not None:
            again.cancel()
        run.end(done)
        self._fill()

    async def _attempt(self, run: Run) -> Done:
        try:
            arguments = await self._arguments(run)
            run.begin()
            value = await self._desk.call_async(run, arguments)
        except BaseException as error:  # noqa: BLE001 - whatever a model raises ends its prediction, not the worker
            if run.id in self._cancelled:
                return run.cancelled(None if isinstance(error, asyncio.CancelledError) else error)
            return run.failed(error)
        if run.id in self._cancelled:  # The model kept the cancellation to itself and returned.
            return run.cancelled(None)
        return run.succeeded(value)

    async def _arguments(self, run: Run) -> Dict[str, Any]:
        if not run.mentions_url:
            return run.arguments()
        # A fetch takes its time, and the other slots must not wait for it.
        context = contextvars.copy_context()
        return await in_a_thread(self._loop, lambda: context.run(run.arguments))


def in_a_thread(loop: asyncio.AbstractEventLoop, fetch: Callable[[], Result]) -> asyncio.Future[Result]:
    """What the function gives, in a thread of its own: a pool would be used up by fetches whose runs were cancelled."""
    future: asyncio.Future[Result] = loop.create_future()

    def settle(tell: Callable[[Any], None], what: Any) -> None:
        if not future.done():
            tell(what)

    def work() -> None:
        outcome: tuple[Callable[[Any], None], Any]
        try:
            outcome = future.set_result, fetch()
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            outcome = future.set_exception, error
        with contextlib.suppress(RuntimeError):  # The loop is closed: nobody waits.
            loop.call_soon_threadsafe(settle, *outcome)

    threading.Thread(target=work, name="augury-fetch", daemon=True).start()
    return future


class _Folder:
    """A run's scratch folder: the process's own place where the run is alone, else made when it is asked for."""

    def __init__(self, scratch: Scratch, prediction: str, alone: bool) -> None:
        self._scratch = scratch
        self._prediction = prediction
        self._alone = alone
        self._path: Optional[str] = None

    def enter(self) -> None:
        if self._alone:
            self._scratch.enter(self._prediction)

    def path(self) -> str:
        if self._alone:
            return self._scratch.current()
        if self._path is None:
            self._path = self._scratch.separate(self._prediction)
        return self._path

    def leave(self) -> None:
        if self._alone:
            self._scratch.leave()
        elif self._path is not None:
            remove(self._path)
