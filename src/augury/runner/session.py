"""A worker's conversation with the engine, from Hello to its end.

Hello, then Load: the model is loaded and set up, answered by Ready or SetupFailed; then predictions come and go until
Shutdown, teardown() and exit 0. The main thread belongs to the model; a reader thread takes the messages, and when the
engine is gone it kills the whole process group, whatever the main thread is doing. Knows nothing about HTTP or stores.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Callable, List, NoReturn, Optional, Protocol

from augury.protocol import (
    VERSION,
    Cancel,
    Fatal,
    Hello,
    Load,
    Message,
    Predict,
    ProtocolError,
    Ready,
    Recall,
    SetupFailed,
    Shutdown,
    Unhealthy,
)
from augury.sdk.reporting import current_run

from . import cogmodel, failure, lifeline, loader
from .capture import Capture
from .channel import Channel
from .interrupt import Interrupts
from .invoke import is_async
from .run import Desk
from .scratch import Scratch
from .serial import Serial

if TYPE_CHECKING:
    from .health import Health


def main(descriptor: int, spill: str) -> NoReturn:
    """Be the worker at this end of the socket; the process ends in here."""
    lifeline.arm()
    os.set_inheritable(descriptor, False)
    interrupts = Interrupts()
    channel = Channel(descriptor, spill, interrupts)
    capture = Capture(channel.send, _owner, interrupts)
    capture.install()
    channel.send(Hello(VERSION, "{}.{}.{}".format(*sys.version_info), os.getpid()))
    inbox = _Inbox(channel)
    load = inbox.first()
    threading.Thread(target=inbox.listen, name="augury-reader", daemon=True).start()
    code = _Worker(load, channel, capture, interrupts).work(inbox)
    capture.finish(None)
    channel.settle()
    # Not sys.exit(): threads that the model left behind would keep the process alive.
    os._exit(code)


class Line(Protocol):
    """Where predictions wait and run: one after another, or several at once. serve() is called in the main thread."""

    def predict(self, message: Predict) -> None: ...

    def cancel(self, prediction: str) -> None: ...

    def recall(self, predictions: List[str]) -> None: ...

    def shut_down(self) -> None: ...

    def serve(self) -> None: ...


class _Inbox:
    """The reader thread's side: hands each message to the line, and ends the process with the engine."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._messages = channel.receive()
        self._early: List[Message] = []
        self._lock = threading.Lock()
        self._line: Optional[Line] = None

    def first(self) -> Load:
        """The Load that every conversation begins with."""
        try:
            message = next(self._messages, None)
        except ProtocolError as error:
            self._give_up(str(error))
        if message is None:
            lifeline.kill_group()
        if not isinstance(message, Load):
            self._give_up(f"{type(message).__name__} came before Load")
        return message

    def listen(self) -> None:
        """Take messages until the engine is gone; then the process dies, and all it has started."""
        try:
            for message in self._messages:
                self._take(message)
        except BaseException as error:  # noqa: BLE001 - without a reader the worker is deaf: it says why, and ends
            self._give_up(f"{type(error).__name__}: {error}")
        lifeline.kill_group()

    def attach(self, line: Line) -> None:
        """From now on messages go to this line, first those that came during setup()."""
        with self._lock:
            for message in self._early:
                _hand(line, message)
            self._line = line

    def _take(self, message: Message) -> None:
        line = self._line
        if line is None:
            with self._lock:
                line = self._line
                if line is None:
                    self._early.append(message)
                    return
        _hand(line, message)

    def _give_up(self, text: str) -> NoReturn:
        self._channel.send(Fatal(text))
        self._channel.settle()
        lifeline.kill_group()


def _hand(line: Line, message: Message) -> None:
    if isinstance(message, Predict):
        line.predict(message)
    elif isinstance(message, Cancel):
        line.cancel(message.id)
    elif isinstance(message, Recall):
        line.recall(message.ids)
    elif isinstance(message, Shutdown):
        line.shut_down()
    else:
        raise ProtocolError(f"{type(message).__name__} is not for a runner that is loaded")


class _Worker:
    """The main thread's side: setup(), predictions, teardown()."""

    def __init__(self, load: Load, channel: Channel, capture: Capture, interrupts: Interrupts) -> None:
        self._load = load
        self._channel = channel
        self._capture = capture
        self._interrupts = interrupts
        self._loop: Any = None
        self._is_ready = False

    def work(self, inbox: _Inbox) -> int:
        """Serve until shut down; the exit code of the process."""
        begun = time.perf_counter()
        try:
            folder, stays = self._load.folder, cogmodel.is_cog()
            if stays:
                folder = cogmodel.prepare(folder, self._load.scratch)
            scratch = Scratch(self._load.scratch, folder, stays)
            scratch.settle()
            predictor = loader.load(self._load.entry, folder, self._load.batch_wait is not None)
            self._call(predictor.setup)
            line, slots = self._line(predictor, scratch)
        except BaseException as error:  # noqa: BLE001 - whatever a model raises in setup() is told, and ends the worker
            self._leave_if_forked()
            self._capture.finish(None)
            self._channel.send(_setup_failed(error))
            return 1
        self._leave_if_forked()
        self._capture.finish(None)
        inbox.attach(line)
        self._is_ready = True
        self._channel.send(Ready(time.perf_counter() - begun, slots, list(predictor.signature.warnings)))
        line.serve()
        self._tear_down(predictor, scratch)
        return 0

    def _line(self, predictor: loader.Predictor, scratch: Scratch) -> tuple[Line, int]:
        load = self._load
        given = self._channel, self._capture, predictor, load.max_output, load.fetch_allow, load.outbox
        if predictor.healthcheck is None:
            desk, health = Desk(*given), None
        else:
            from .health import Health, WatchedDesk  # few models have one

            health = Health(partial(self._ask, predictor.healthcheck, scratch), self._lose)
            health.check()
            desk = WatchedDesk(health, *given)
        slots = max(1, load.slots)
        if predictor.signature.is_async:
            self._channel.relay()
            return self._async_line(desk, scratch, slots, health), slots
        if load.batch_wait is None:
            return Serial(desk, scratch, self._interrupts, health), 1
        from .batches import Batches

        return Batches(desk, scratch, self._interrupts, health, slots, load.batch_wait), slots

    def _async_line(self, desk: Desk, scratch: Scratch, slots: int, health: Optional[Health]) -> Line:
        loop = self._event_loop()
        if self._load.batch_wait is None:
            from .slots import Slots  # asyncio is slow to import and big

            line = Slots(loop, desk, scratch, slots)
        else:
            from .loop_batches import LoopBatches

            line = LoopBatches(loop, desk, scratch, slots, self._load.batch_wait)
        if health is not None:
            from .watch import Watch

            self._watch = loop.create_task(Watch(loop, health, line, slots).run())
        return line

    def _ask(self, healthcheck: Callable[[], Any], scratch: Scratch) -> Any:
        """What healthcheck() says; in a loop that runs, what has to be awaited for it."""
        scratch.settle()
        if self._loop is not None and self._loop.is_running():
            return healthcheck()
        answer = self._call(healthcheck)
        self._leave_if_forked()
        return answer

    def _lose(self, reason: str) -> None:
        """The model can go on no more; before it was ready, it never will."""
        if self._is_ready:
            self._channel.send(Unhealthy(reason))
            return
        self._leave_if_forked()
        self._capture.finish(None)
        self._channel.send(SetupFailed("Unhealthy", reason, []))
        self._channel.settle()
        # Its code may not have come back: the main thread is not waited for.
        os._exit(1)

    def _tear_down(self, predictor: loader.Predictor, scratch: Scratch) -> None:
        try:
            scratch.settle()
            self._call(predictor.teardown)
        except BaseException as error:  # noqa: BLE001 - the model's last words are told; the worker ends either way
            for text in failure.describe(error, "teardown()").traceback:
                self._capture.warn(None, text)
        self._leave_if_forked()

    def _call(self, hook: Optional[Callable[[], Any]]) -> Any:
        if hook is None:
            return None
        return self._event_loop().run_until_complete(hook()) if is_async(hook) else hook()

    def _event_loop(self) -> Any:
        if self._loop is None:
            import asyncio

            self._loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self._loop)
        return self._loop

    def _leave_if_forked(self) -> None:
        if self._channel.forked:
            os._exit(0)  # A child that the model forked came back from its code.


def _owner() -> Optional[str]:
    run = current_run()
    return None if run is None else getattr(run, "id", None)


def _setup_failed(error: BaseException) -> SetupFailed:
    if isinstance(error, loader.LoadError):
        return SetupFailed("LoadError", error.message, error.traceback, error.file, error.line)
    kind, message, traceback = failure.describe(error, "setup()")
    return SetupFailed(kind, message, traceback)
