"""The node's room for workers: who gets what is free, and who has to make more.

An idle worker of another version goes first. Where none is idle, a version that has waited a while for its first worker
gets the place of a busy one, which finishes what it has: so no version waits for ever behind others that never rest.
Starts and stops nothing but by asking a worker to retire.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from augury.domain.scaling import FAIR_SECONDS, Holder, evictable, yielding
from augury.engine.dispatcher import Dispatcher
from augury.engine.lane import Lane
from augury.engine.worker import State, Worker


@dataclass(eq=False)
class Room:
    """So many workers may there be on this node. Use from the event loop only."""

    dispatcher: Dispatcher
    most: int
    wanted: bool = False
    """Whether a version waits for room."""

    def taken(self) -> int:
        """How many workers there are, with those that are being prepared."""
        return sum(lane.hiring + len(lane.workers) for lane in self.dispatcher.every_lane())

    def make_for(self, wanting: Lane) -> bool:
        """Whether there is room for one more worker; asks one of another version to go where there is not."""
        if self.taken() < self.most:
            return True
        self.wanted = True
        leaving = [one for one in self.dispatcher.workers() if one.state is State.DRAINING]
        # One that finishes something long makes room some day only, and one that goes for a version is enough.
        if any(not one.busy for one in leaving):
            return False
        victim = evictable(self._idle(wanting))
        if victim is None and not leaving and wanting.waits_since is not None:
            victim = yielding(self._busy(wanting), time.monotonic() - wanting.waits_since)
        if victim is not None:
            victim.retire()
        return False

    def note(self, lane: Lane, *, waiting: bool) -> None:
        """Remember since when a version waits for its first worker."""
        if not waiting:
            lane.waits_since = None
        elif lane.waits_since is None:
            lane.waits_since = time.monotonic()

    def in_turn(self, lanes: Iterable[Lane]) -> list[Lane]:
        """The lanes, those first that have waited the longest: what is free now is theirs."""
        return sorted(lanes, key=lambda lane: lane.waits_since or float("inf"))

    def pause(self) -> float:
        """Seconds until a version has waited long enough for a busy worker to go; infinite where none does so."""
        now = time.monotonic()
        waits = (lane.waits_since for lane in self.dispatcher.lanes.values())
        left = (since + FAIR_SECONDS - now for since in waits if since is not None)
        return min((one for one in left if one > 0), default=float("inf"))

    def _idle(self, wanting: Lane) -> Iterator[Holder[Worker]]:
        for lane in self._others(wanting):
            for worker, _ in lane.idle():
                yield Holder(worker, worker.idle_since, _spare(lane))

    def _busy(self, wanting: Lane) -> Iterator[Holder[Worker]]:
        for lane in self._others(wanting):
            for worker in lane.workers:
                if worker.state is State.READY:
                    yield Holder(worker, worker.ready_at or 0, _spare(lane))

    def _others(self, wanting: Lane) -> Iterator[Lane]:
        return (lane for lane in self.dispatcher.lanes.values() if lane is not wanting)


def _spare(lane: Lane) -> bool:
    return lane.strength > lane.version.options.workers_min
