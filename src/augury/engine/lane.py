"""One version's way from its queue to its workers on this node: what is known of it between two events."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from augury.engine.worker import State, Worker
from augury.service.models import RunnableVersion


@dataclass(slots=True, eq=False)
class Lane:
    """A version's workers here and the health of the version. Times are of the monotonic clock."""

    version: RunnableVersion
    workers: list[Worker] = field(default_factory=list[Worker])
    backlog: bool = True
    """Whether something may be queued that no worker has: then nothing new overtakes it."""
    hints: int = 0
    """Counts wake-ups, so that one that comes during a claim is not lost."""
    claiming: bool = False
    hiring: int = 0
    """Workers that are being prepared and are not in `workers` yet."""
    failed_starts: int = 0
    crashes: int = 0
    """How often in a row a worker that was ready died by itself."""
    not_before: float = 0.0
    """No worker is started before this."""
    waits_since: float | None = None
    """Since when something is queued, no worker takes it, and the node has no room for one."""
    least: int = 0
    """Workers that it has at all times, whether they are needed or not."""
    lacking: bool = False
    """Whether this node has not what its workers need, and that was said."""
    closed: bool = False
    """Whether it gets nothing more: what its workers have, they finish."""

    @property
    def load(self) -> int:
        """How many slots of its workers are taken."""
        return sum(one.load for one in self.workers)

    @property
    def strength(self) -> int:
        """Workers that take work or will."""
        return self.hiring + sum(one.state in (State.STARTING, State.READY) for one in self.workers)

    @property
    def spare(self) -> int:
        """How many of them may go for other versions."""
        return self.strength - self.least

    def roomiest(self) -> Worker | None:
        """The ready worker with the most room, if one has any."""
        if len(self.workers) == 1:
            only = self.workers[0]
            return only if only.room > 0 else None
        best = max(self.workers, key=lambda one: one.room, default=None)
        return best if best is not None and best.room > 0 else None

    def idle(self) -> Iterator[tuple[Worker, float]]:
        """Ready workers with nothing to do, and for how many seconds."""
        now = time.monotonic()
        for one in self.workers:
            if one.state is State.READY and not one.busy:
                yield one, now - one.idle_since
