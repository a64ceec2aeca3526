"""What has to happen although nobody asks: leases, deadlines, lost hints. One small loop each.

Every loop sleeps until a hint or the next time that matters, survives a store that is out of order for a while, and is
correct if every hint is lost.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import anyio

from augury.domain.ids import NodeId, PredictionId
from augury.domain.prediction import Assignment
from augury.engine.dispatcher import Dispatcher
from augury.engine.guarded import guarded
from augury.engine.launcher import Launcher
from augury.engine.recorder import Recorder
from augury.engine.run import Stop
from augury.service.execution import Execution
from augury.service.files import INTERVAL, Files
from augury.service.fleet import Fleet
from augury.service.retention import Retention

log = logging.getLogger(__name__)

DEADLINE_SECONDS = 60.0
"""The longest sleep between two looks at the deadlines."""
COUNT_SECONDS = 30.0
RETRY_SECONDS = 1.0
"""How long to wait for a store that is out of order: what is due is due now."""
FORGOTTEN_SECONDS = 30.0
"""How long an assignment may be unknown to its own engine before it is given back."""


@dataclass(eq=False)
class Janitor:
    """The loops of one node. `lease` is in seconds, `now` gives microseconds since the epoch."""

    node_id: NodeId
    execution: Execution
    fleet: Fleet
    retention: Retention
    files: Files
    dispatcher: Dispatcher
    recorder: Recorder
    launcher: Launcher
    join: Callable[[], Awaitable[None]]
    """Makes this node known to the installation."""
    lease: float
    now: Callable[[], int]
    lease_lost: Callable[[], None]
    _deadlines: anyio.Event = field(default_factory=anyio.Event)

    async def keep_lease(self) -> None:
        """Prolong this node's lease three times before it is over, and give back what lost nodes had."""
        while True:
            await anyio.sleep(self.lease / 3)
            # Without a lease prolonged, this node must not look for lost ones: it would find itself.
            if await guarded("lease", self._beat):
                await guarded("rescue", self._rescue)
                await guarded("reconcile", self._reconcile)

    async def keep_tidy(self) -> None:
        """Remove what is old, now and again and again."""
        while True:
            await guarded("retention", self.retention.sweep)
            await guarded("files", self.files.sweep)
            await anyio.sleep(min(self.retention.interval, INTERVAL))

    async def keep_counts(self) -> None:
        """Add up how often models were run: lists are right at any time, and quick where few ran since the last one."""
        while True:
            await anyio.sleep(COUNT_SECONDS)
            await guarded("counts", self.execution.fold_counts)

    async def keep_deadlines(self) -> None:
        """End what waits or lives for too long, when its time comes."""
        while True:
            self._deadlines = anyio.Event()
            pause = await guarded("deadlines", self._expire) or RETRY_SECONDS
            with anyio.move_on_after(pause):
                await self._deadlines.wait()

    def deadline_set(self) -> None:
        """A prediction with a deadline was stored."""
        self._deadlines.set()

    async def _beat(self) -> bool:
        if not await self.fleet.beat(self.node_id):
            self.lease_lost()
            log.error("this node's lease was lost: what it runs was given back", extra={"node": self.node_id})
            # The others have written its workers off: whatever they still do is discarded, and done elsewhere.
            for worker in self.dispatcher.workers():
                worker.kill("lease lost")
            await self.join()
        return True

    async def _rescue(self) -> None:
        dead = await self.execution.rescue(reason="its node was lost")
        if dead:
            await self.launcher.reap({one.id for one in dead})

    async def _reconcile(self) -> None:
        """Cancels whose hint was lost are done now; assignments that nobody knows of go back."""
        for prediction_id in await self.execution.cancel_requests(self.node_id):
            self.dispatcher.stop(prediction_id, Stop.CANCEL)
        known = self._known()
        before = self.now() - int(FORGOTTEN_SECONDS * 1_000_000)
        forgotten = [
            Assignment(one, {})
            for one in await self.execution.assigned(self.node_id)
            if one.id not in known and one.updated_at < before
        ]
        await self.execution.hand_back(forgotten, counted=True, reason="its engine lost sight of it")

    async def _expire(self) -> float:
        _, running = await self.execution.expire()
        for prediction_id in running:
            self.dispatcher.stop(prediction_id, Stop.LIFE)
        due = await self.execution.next_due()
        if due is None:
            return DEADLINE_SECONDS
        # What is due and still there is being stopped: give that a moment instead of asking again at once.
        return min(DEADLINE_SECONDS, max(0.2 if running else 0.001, (due - self.now()) / 1e6))

    def _known(self) -> set[PredictionId]:
        return {prediction_id for worker in self.dispatcher.workers() for prediction_id in worker.runs} | set(
            self.recorder.ending
        )
