"""The predictions of one call of a predict() that gets several at once, and what becomes of each.

    decode() each, its arguments or its failure -> arguments() of the call -> settle() or fail() -> close()

A prediction leaves by itself when it is cancelled or its input does not fit; the others go on. To the model's code the
batch is one run: what it reports goes to each that is still in it. Knows nothing about threads, loops or signals.
"""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import replace
from queue import SimpleQueue
from typing import Any, Callable, Dict, List, Optional, Tuple, cast

from augury.protocol import Begun, Done, Log, Predict
from augury.sdk.reporting import activate

from .run import Desk, Run
from .scratch import Scratch, remove

WHOLE = "\0batch"
"""Whose the lines are that a batch writes: the id of no prediction."""


class Member(Run):
    """The run of one prediction of a batch."""

    spent: Optional[float] = None
    """How long the call took, once it is over."""

    def begin_at(self, now: float) -> None:
        """predict() is entered then, with all of them."""
        self._started = now

    def halt(self, now: float) -> None:
        """predict() was left then."""
        self.spent = None if self._started is None else now - self._started

    def _seconds(self) -> Optional[float]:
        return super()._seconds() if self.spent is None else self.spent


Ends = List[Tuple[Member, Done]]


class Batch:
    """One call, of which `key` is the name; model code reports to it. cancel() may come from another thread."""

    id = WHOLE

    def __init__(self, desk: Desk, scratch: Scratch, messages: List[Predict], stopped: Callable[[], bool]) -> None:
        self.key = messages[0].id
        self._desk = desk
        self._scratch = scratch
        self._folders: Dict[str, str] = {}
        self._open: Dict[str, Member] = {}
        for message in messages:
            self._open[message.id] = Member(desk, message, self._folder_of(message.id), stopped)
        self.decided: SimpleQueue[None] = SimpleQueue()
        """Gets something whenever an input has been read, or need not be read any more."""
        self._stopped = stopped
        self._closed = False
        self._lock = threading.RLock()
        self._arguments: Dict[str, Dict[str, Any]] = {}
        self._called: List[Member] = []

    @property
    def members(self) -> List[Member]:
        """Those that are still in it."""
        return list(self._open.values())

    @property
    def undecided(self) -> List[Member]:
        """Those whose input has not been read yet."""
        return [one for one in self.members if one.id not in self._arguments]

    def enter(self) -> None:
        """Tell that it begins; the process's own places are those of its first prediction from now on."""
        self._desk.capture.redirect(self._spread)
        self._desk.channel.send(Begun(list(self._open)))
        self._scratch.enter(self.key)

    def cancel(self, prediction: str) -> bool:
        """End one of its predictions; or say that this one is the last, for which the call has to be left."""
        with self._lock:
            if self._closed or prediction not in self._open:
                return False
            if len(self._open) == 1:
                return True
            run = self._open.pop(prediction)
        self._desk.capture.finish(prediction)
        run.end(run.cancelled(None))
        self.decided.put(None)
        return False

    def decode(self, run: Member) -> None:
        """Read the input of one; where it does not fit, that one has failed. Raises what comes of being stopped."""
        with activate(run):
            try:
                self._arguments[run.id] = run.arguments()
            except BaseException as error:  # the model's own checks of its values may raise anything
                if self._stopped():
                    raise
                self._drop(run, error)
            finally:
                self.decided.put(None)

    def end(self, ends: Ends) -> None:
        """Report these ends, after the last lines and with nothing left behind."""
        with contextlib.ExitStack() as rest:  # whatever is raised on the way, each of them ends
            for run, done in reversed(ends):
                rest.callback(self._end, run, done)
            self._desk.capture.finish(WHOLE)
            self._desk.capture.redirect(self._desk.channel.send)
            self._leave()

    def arguments(self) -> Dict[str, List[Any]]:
        """What predict() is called with now: of each parameter a list; empty where nobody is left."""
        self._called = self.members
        names = [one.name for one in self._desk.predictor.signature.parameters]
        now = time.perf_counter()
        for run in self._called:
            run.begin_at(now)
        if not self._called:
            return {}
        return {name: [self._arguments[run.id][name] for run in self._called] for name in names}

    def settle(self, value: Any) -> Ends:
        """How those that are left end after predict() returned this; nothing is cancelled any more."""
        left = self._close()
        problem = _problem(value, len(self._called))
        if problem:
            return [(run, Done(run.id, "failed", run.spent, type="OutputError", message=problem)) for run in left]
        outputs = {run.id: item for run, item in zip(self._called, value)}
        return [(run, _ended(run, outputs[run.id])) for run in left]

    def fail(self, error: BaseException) -> Ends:
        """How they end after this was raised."""
        return [(run, run.failed(error)) for run in self._close()]

    def stop(self, error: Optional[BaseException]) -> Ends:
        """How the last one ends, for which the call was left; an error that its clean-up raised is told in the log."""
        return [(run, run.cancelled(error)) for run in self._close()]

    # What the SDK reports to (augury.sdk.reporting.Run).

    @property
    def scratch(self) -> str:
        return self._scratch.current()

    def metric(self, name: str, value: Any) -> None:
        for run in self.members:
            run.metric(name, value)

    def progress(self, fraction: float, message: Optional[str]) -> None:
        for run in self.members:
            run.progress(fraction, message)

    def warn(self, text: str) -> None:
        self._desk.capture.warn(WHOLE, text)

    def _spread(self, log: Log) -> None:
        if log.id != WHOLE:
            self._desk.channel.send(log)
            return
        for run in self.members:
            self._desk.channel.send(replace(log, id=run.id))

    def _folder_of(self, prediction: str) -> Callable[[], str]:
        if prediction == self.key:
            return self._scratch.current

        def separate() -> str:
            if prediction not in self._folders:
                self._folders[prediction] = self._scratch.separate(prediction)
            return self._folders[prediction]

        return separate

    def _leave(self) -> None:
        try:
            self._scratch.leave()
        finally:
            for folder in list(self._folders.values()):
                remove(folder)

    def _drop(self, run: Member, error: BaseException) -> None:
        with self._desk.channel.shield, self._lock:
            if self._closed or self._open.pop(run.id, None) is None:
                return
        self._desk.capture.finish(run.id)
        run.end(run.failed(error))

    def _end(self, run: Member, done: Done) -> None:
        if self._open.pop(run.id, None) is not None:
            try:
                self._desk.capture.finish(run.id)
            finally:
                run.end(done)

    def _close(self) -> List[Member]:
        now = time.perf_counter()
        with self._desk.channel.shield, self._lock:
            self._closed = True
        for run in self.members:
            run.halt(now)
        return self.members


def _ended(run: Member, item: Any) -> Done:
    with activate(run):
        return run.failed(item) if isinstance(item, Exception) else run.succeeded(item)


def _problem(value: Any, size: int) -> str:
    if not isinstance(value, (list, tuple)):
        kind = type(value).__name__
        return f"predict() got a batch of {size} and returned a {kind}, not a list with one output for each."
    count = len(cast("List[Any]", value))
    if count != size:
        return f"predict() got a batch of {size} and returned a list of {count}: it must have one output for each."
    return ""
