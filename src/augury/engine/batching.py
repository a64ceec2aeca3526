"""A worker whose predict() gets several predictions at once.

Its predictions begin when it says so, a batch at a time: until then they wait in it, and can be recalled. What its
processes write past Python's own streams is of each that has begun. Knows nothing about how a batch is gathered.
"""

from __future__ import annotations

import time

from augury import protocol
from augury.domain.ids import PredictionId
from augury.domain.logline import Line
from augury.engine.launcher import Launch, Launcher
from augury.engine.run import Run
from augury.engine.terms import Plan
from augury.engine.worker import Listener, Worker


def make_worker(launcher: Launcher, launch: Launch, plan: Plan, listener: Listener) -> Worker:
    """A worker of the kind that its plan asks for."""
    kind = Worker if plan.batch_wait is None else _BatchWorker
    return kind(launcher, launch, plan, listener)


class _BatchWorker(Worker):
    def __init__(self, launcher: Launcher, launch: Launch, plan: Plan, listener: Listener) -> None:
        super().__init__(launcher, launch, plan, listener)
        self._handlers[protocol.Begun] = self._begun

    @property
    def room(self) -> int:
        """How many more predictions may wait for the next batch: none behind one that lasts."""
        return 0 if self.head_lasts else super().room

    @property
    def load(self) -> int:
        """All of its slots behind a batch that lasts, however small that is."""
        return self.slots if self.head_lasts else len(self.runs)

    @property
    def head_lasts(self) -> bool:
        """Whether the batch that runs has been running for a while."""
        head = next(iter(self.runs.values()), None)
        return head is not None and head.recorded

    def _begin(self, run: Run) -> None:
        """Not when it is sent, nor when one before it has ended."""

    def _begun(self, message: protocol.Begun) -> None:
        for one in message.ids:
            run = self.runs.get(PredictionId(one))
            if run is not None and run.began_at is None:
                super()._begin(run)

    def _done(self, done: protocol.Done) -> None:
        self._drain()
        super()._done(done)

    def _write_lines(self, texts: list[str]) -> None:
        begun = [run for run in self.runs.values() if run.began_at is not None]
        for text in texts:
            line = Line(time.time_ns() // 1000, "stdout", self.mask.text(text))
            for run in begun or [None]:
                self._line(run, line)
