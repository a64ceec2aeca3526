"""The node's room for workers: who gets what is free, and who has to make more.

Idle workers of other versions go first. Where they are not enough, a version that has waited a while for its first
worker gets what busy ones have, who finish what they are at: so no version waits for ever behind others that never
rest. What was freed for one version no other takes. Starts and stops nothing but by asking a worker to retire.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from augury.domain.hardware import Ledger, Need
from augury.domain.ids import WorkerId
from augury.domain.scaling import FAIR_SECONDS, Holder, fewest
from augury.engine.dispatcher import Dispatcher
from augury.engine.lane import Lane
from augury.engine.worker import State, Worker

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Room:
    """What workers may have on this node, in `ledger`, and what versions may ask for. Use from the event loop only."""

    dispatcher: Dispatcher
    ledger: Ledger
    needs: Mapping[str, Need]
    """What each identifier of hardware means."""
    wanted: bool = False
    """Whether a version waits for room."""
    _promised: list[Need] = field(default_factory=list[Need])
    """What those that wait will get as soon as others have gone, in the order of this look."""

    def taken(self) -> int:
        """How many workers there are, with those that are being prepared."""
        return sum(lane.hiring + len(lane.workers) for lane in self.dispatcher.every_lane())

    def in_turn(self, lanes: Iterable[Lane]) -> list[Lane]:
        """The lanes, those first that have waited the longest: what is free now is theirs. Begins a look."""
        self._promised.clear()
        self.wanted = False
        return sorted(lanes, key=lambda lane: lane.waits_since or float("inf"))

    def take(self, wanting: Lane, worker_id: WorkerId) -> bool:
        """Whether there is room for this worker, which has it then; asks others to go where there is not."""
        need = self.needs.get(wanting.version.options.hardware)
        if need is None or not self.ledger.could(need):
            self._lacks(wanting)
            return False
        if self._fits(need):
            self.ledger.take(worker_id, need)
            return True
        self.wanted = True
        if self._make(wanting, need) and wanting.waits_since is not None:
            self._promised.append(need)
        return False

    def leave(self, worker_id: WorkerId) -> None:
        """A worker is gone, with all that it had."""
        self.ledger.give_back(worker_id)

    def devices(self, worker_id: WorkerId) -> Mapping[str, str]:
        """The variables by which a worker sees its GPUs, and no others; none on a machine without any."""
        if not self.ledger.machine.gpus:
            return {}
        return {"CUDA_VISIBLE_DEVICES": ",".join(self.ledger.gpus_of(worker_id))}

    def note(self, lane: Lane, *, waiting: bool) -> None:
        """Remember since when a version waits for its first worker."""
        if not waiting:
            lane.waits_since = None
        elif lane.waits_since is None:
            lane.waits_since = time.monotonic()

    def pause(self) -> float:
        """Seconds until a version has waited long enough for busy workers to go; infinite where none does so."""
        now = time.monotonic()
        waits = (lane.waits_since for lane in self.dispatcher.lanes.values())
        left = (since + FAIR_SECONDS - now for since in waits if since is not None)
        return min((one for one in left if one > 0), default=float("inf"))

    def _fits(self, need: Need) -> bool:
        """Whether it is free, and those that were promised something get it all the same."""
        if not self.ledger.fits((need,)):
            return False
        return not self._promised or self.ledger.fits((*self._promised, need), without=self._leaving(busy=True))

    def _make(self, wanting: Lane, need: Need) -> bool:
        """See to it that there will be room; whether there will, once those have gone that were asked to."""
        wanted = (*self._promised, need)
        soon, later = self._leaving(busy=False), self._leaving(busy=True)
        if self.ledger.fits(wanted, without=soon):
            return True
        idle, busy = list(self._idle(wanting)), list[Holder[Worker]]()
        victims = fewest(idle, lambda chosen: self.ledger.fits(wanted, without=[*soon, *_ids(chosen)]))
        if not victims and self.ledger.fits(wanted, without=later):
            return True
        if not victims and wanting.waits_since is not None and _waited(wanting.waits_since) >= FAIR_SECONDS:
            busy = list(self._busy(wanting))
            victims = fewest([*idle, *busy], lambda chosen: self.ledger.fits(wanted, without=[*later, *_ids(chosen)]))
        if not victims:
            return False
        log.info("making room", extra={"version": wanting.version.version_id, "workers": len(victims)})
        for worker in victims:
            worker.retire()
        return True

    def _leaving(self, *, busy: bool) -> list[str]:
        """Those that go by themselves, with or without those that have something to finish first."""
        leaving = (one for one in self.dispatcher.workers() if one.state in (State.DRAINING, State.UNHEALTHY))
        return [one.id for one in leaving if busy or not one.busy]

    def _lacks(self, lane: Lane) -> None:
        if not lane.lacking:
            lane.lacking = True
            log.warning(
                "this node cannot run a version",
                extra={"version": lane.version.version_id, "hardware": lane.version.options.hardware},
            )

    def _idle(self, wanting: Lane) -> Iterator[Holder[Worker]]:
        for lane in self._others(wanting):
            for worker, _ in lane.idle():
                yield Holder(worker, worker.idle_since, lane.version.version_id, lane.spare)

    def _busy(self, wanting: Lane) -> Iterator[Holder[Worker]]:
        for lane in self._others(wanting):
            for worker in lane.workers:
                if worker.state is State.READY and worker.busy:
                    # Behind every idle one, whose clock is another: those that got their place first, first.
                    since = 1e12 + (worker.ready_at or 0) / 1e6
                    yield Holder(worker, since, lane.version.version_id, lane.spare)

    def _others(self, wanting: Lane) -> Iterator[Lane]:
        return (lane for lane in self.dispatcher.lanes.values() if lane is not wanting)


def _ids(workers: Iterable[Worker]) -> list[str]:
    return [one.id for one in workers]


def _waited(since: float) -> float:
    return time.monotonic() - since
