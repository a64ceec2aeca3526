"""Whether the model says that it can go on: its healthcheck(), called between predictions.

It is due after a prediction that failed, and after a while without any. False, an exception and an answer that takes
too long are told once, by a thread where the model's code does not come back; then the model is lost, and no more is
asked. Knows nothing about lines and loops.
"""

from __future__ import annotations

import contextlib
import threading
import time
from queue import Empty, SimpleQueue
from typing import Any, Callable, Generator, Optional, TypeVar

from augury.protocol import Done

from . import failure
from .run import Desk

LIMIT = 5.0
"""Seconds that an answer may take."""
IDLE = 30.0
"""Seconds without a prediction after which the model is asked."""
PAUSE = 1.0
"""Seconds between two questions because of failures at least, however many predictions fail."""

Item = TypeVar("Item")


class Health:
    """Asks `ask`; `tell` gets the sentence that says what is wrong, perhaps in another thread."""

    def __init__(self, ask: Callable[[], Any], tell: Callable[[str], None]) -> None:
        self.is_lost = False
        """Whether something was wrong: nothing begins any more."""
        self._ask = ask
        self._tell = tell
        self.failures = 0
        """How many predictions have failed in a row."""
        self.stir: Callable[[], None] = _nothing
        """Is called after each end of a prediction, perhaps in another thread."""
        self._lock = threading.Lock()
        self._failed = False
        self._asked = self._active = time.monotonic()
        self._not_before = self._asked
        """When it may be asked again because of a failure."""

    def note(self, done: Done) -> None:
        """A prediction has ended."""
        self._active = time.monotonic()
        failed = done.outcome == "failed" and done.seconds is not None
        self._failed = self._failed or failed
        self.failures = self.failures + 1 if failed else 0
        self.stir()

    def due_in(self) -> Optional[float]:
        """Seconds until the model is to be asked; None: never again."""
        if self.is_lost:
            return None
        due = self._not_before if self._failed else max(self._active, self._asked) + IDLE
        return due - time.monotonic()

    def check(self) -> None:
        """Ask now, and tell what is wrong."""
        with self._within_limit():
            try:
                self._judge(self._ask())
            except BaseException as error:  # noqa: BLE001 - whatever it raises is its answer
                self._lose(_raised(error))

    async def check_async(self) -> None:
        """The same in an event loop, for a healthcheck() that may be async."""
        with self._within_limit():
            try:
                answer = self._ask()
                self._judge(await answer if hasattr(answer, "__await__") else answer)
            except BaseException as error:  # noqa: BLE001 - whatever it raises is its answer
                self._lose(_raised(error))

    def next(self, line: SimpleQueue[Optional[Item]]) -> Optional[Item]:
        """What comes next in the line, the model being asked while nothing does; once it is lost, only None."""
        while (left := self.due_in()) is not None:
            if left <= 0:
                self.check()
                continue
            with contextlib.suppress(Empty):
                return line.get(timeout=left)
        while line.get() is not None:
            pass
        return None

    def _judge(self, answer: Any) -> None:
        # One that says nothing has raised nothing.
        if answer is not None and not answer:
            self._lose(f"healthcheck() returned {answer!r:.100}.")

    @contextlib.contextmanager
    def _within_limit(self) -> Generator[None, None, None]:
        failed, self._failed, self._asked = self._failed, False, time.monotonic()
        late = threading.Timer(LIMIT, self._lose, (f"healthcheck() took more than {LIMIT:g} s.",))
        late.daemon = True
        late.start()
        try:
            yield
        finally:
            late.cancel()
            self._asked = time.monotonic()
            if failed:
                self._not_before = self._asked + PAUSE

    def _lose(self, reason: str) -> None:
        with self._lock:
            if self.is_lost:
                return
            self.is_lost = True
        self._tell(reason)


class WatchedDesk(Desk):
    """A desk that has the end of each run noted."""

    def __init__(self, health: Health, *given: Any) -> None:
        super().__init__(*given)
        self._health = health

    def report(self, done: Done) -> None:
        super().report(done)
        self._health.note(done)


def _nothing() -> None:
    pass


def _raised(error: BaseException) -> str:
    kind, message, _ = failure.describe(error, "healthcheck()")
    return f"healthcheck() raised {kind}: {message}"
