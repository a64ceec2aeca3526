"""Readers that follow a prediction: they look, wait for a hint, and look again, until there is nothing more to come.

All of a process are known here, so that they can be let go when the server stops. Knows nothing about what is read.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Generic, Self, TypeVar

import anyio

from augury.domain.prediction import Prediction
from augury.service.hints import Hints
from augury.service.tally import Tally

Item = TypeVar("Item")

RECHECK_SECONDS = 15.0
"""How often a reader looks into the store by itself, should every hint be lost."""


@dataclass(slots=True)
class Followers:
    """The readers of this process. Used from the event loop only."""

    released: bool = False
    """Whether nobody is to follow anything any more: the server is about to stop."""
    tally: Tally = field(default_factory=Tally)
    _waking: set[Callable[[], None]] = field(default_factory=set[Callable[[], None]])

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._waking)

    def release(self) -> None:
        """Let all of them go, and those that come later at once."""
        self.released = True
        for wake in self._waking:
            wake()

    def enter(self, wake: Callable[[], None]) -> None:
        """A reader begins; `wake` makes it look at `released`."""
        self._waking.add(wake)
        self.tally.streams = self.count

    def leave(self, wake: Callable[[], None]) -> None:
        """A reader ends."""
        self._waking.discard(wake)
        self.tally.streams = self.count


class Follower(Generic[Item]):
    """One reader. Use as a context manager, from one task at a time."""

    def __init__(self, prediction: Prediction, hints: Hints, followers: Followers) -> None:
        self.prediction = prediction
        self.over = False
        """Whether there is nothing more to come."""
        self._hints = hints
        self._followers = followers
        self._fresh = anyio.Event()
        self._context = ExitStack()
        self._again: tuple[Sequence[Item], bool] | None = None
        self._kept = False
        """Whether whoever enters next finds everything as it was left."""

    def __enter__(self) -> Self:
        if not self._kept:
            self._begin(self._context)
        self._kept = False
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._kept:
            self._context.close()

    @property
    def released(self) -> bool:
        """Whether it is to end although there may be more."""
        return self._followers.released

    async def next(self, timeout: float) -> Sequence[Item]:
        """What follows, in order and without a gap.

        Nothing, where `timeout` seconds passed without anything, where it is over, or released.
        """
        if self._again is not None:
            (found, self.over), self._again = self._again, None
            return found
        deadline = anyio.current_time() + timeout
        while not self.over:
            self._fresh = anyio.Event()
            if found := await self._look():
                return found
            left = deadline - anyio.current_time()
            if left <= 0 or self.released or self.over:
                break
            with anyio.move_on_after(min(left, RECHECK_SECONDS)):
                await self._fresh.wait()
        return ()

    def put_back(self, items: Sequence[Item]) -> None:
        """Give what was read last once more, to whoever enters next; who has to, since until then nothing is let go."""
        if items:
            self._again, self.over, self._kept = (items, self.over), False, True

    def _begin(self, context: ExitStack) -> None:
        """Hear of what comes, until the context ends."""
        one = self.prediction
        context.enter_context(self._hints.following(one.id, one.version_id, self._hear))
        self._followers.enter(self._hear)
        context.callback(self._followers.leave, self._hear)

    @abstractmethod
    async def _look(self) -> Sequence[Item]:
        """What there is after the last look; sets `over` at the end."""

    def _hear(self) -> None:
        self._fresh.set()
