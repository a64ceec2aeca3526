"""Free room and a queued prediction -> claim -> send.

A create that finds room takes it before it writes (an offer); everything else is claimed from the queue, oldest first.
While something is queued nothing is offered, so nothing overtakes. Knows nothing about starting workers.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

import anyio
import anyio.abc

from augury import protocol
from augury.domain.ids import PredictionId
from augury.domain.prediction import Assignment
from augury.engine.guarded import guarded
from augury.engine.lane import Lane
from augury.engine.run import Stop
from augury.engine.worker import State, Worker
from augury.service.execution import Execution
from augury.service.offers import Offers, Place

log = logging.getLogger(__name__)

CLAIM_MOST = 64
"""How many predictions one claim takes."""
RETRY_SECONDS = 1.0
"""How long to wait after the store refused a claim."""


@dataclass(eq=False)
class Dispatcher:
    """Moves predictions of each lane into its workers. Use from the event loop only."""

    execution: Execution
    offers: Offers
    tasks: anyio.abc.TaskGroup
    short_of_room: Callable[[Lane], None]
    """Called when something is queued and no worker has room."""
    settled: Callable[[], None]
    """Called when promised room is free again although nothing new is taken any more."""
    lanes: dict[int, Lane] = field(default_factory=dict[int, Lane])
    leaving: list[Lane] = field(default_factory=list[Lane])
    """Lanes that are closed and whose workers still finish what they have."""
    closed: bool = False

    def open(self, lane: Lane) -> None:
        """Serve a version from now on."""
        self.lanes[lane.version.version_id] = lane
        self.offers.open(lane.version.version_id, partial(self._take, lane))

    def close(self, lane: Lane) -> None:
        """Serve a version no more."""
        if lane.closed:
            return
        lane.closed = True
        self.lanes.pop(lane.version.version_id, None)
        self.offers.close(lane.version.version_id)
        self.leaving = [one for one in self.leaving if one.workers or one.hiring]
        self.leaving.append(lane)

    def every_lane(self) -> Iterator[Lane]:
        """Those that are served, and those that only finish what they have."""
        yield from self.lanes.values()
        yield from self.leaving

    def workers(self) -> list[Worker]:
        """Every worker of this node."""
        return [worker for lane in self.every_lane() for worker in lane.workers]

    def hint(self, lane: Lane) -> None:
        """Something may be queued for this lane."""
        lane.hints += 1
        lane.backlog = True
        self.pump(lane)

    def pump(self, lane: Lane) -> None:
        """Fill what room there is from the queue, if anything may be in it."""
        if self.closed:
            self.settled()
            return
        if lane.closed or not lane.backlog:
            return
        if lane.roomiest() is None:
            self.short_of_room(lane)
        elif not lane.claiming:
            lane.claiming = True
            self.tasks.start_soon(self._claim, lane)

    def stop(self, prediction_id: PredictionId, why: Stop) -> None:
        """Stop a prediction if it is in a worker here."""
        for worker in self.workers():
            worker.stop_run(prediction_id, why)

    def _take(self, lane: Lane) -> Place | None:
        worker = None if lane.backlog or self.closed else lane.roomiest()
        if worker is None:
            # Whoever asks is about to queue: what comes after it must not overtake it.
            lane.backlog = True
            return None
        worker.reserve(1)
        return Place(worker.id, partial(self._accept, lane, worker), partial(self._release, lane, worker))

    def _accept(self, lane: Lane, worker: Worker, assignment: Assignment) -> None:
        self._send(lane, worker, [assignment])
        worker.release(1)

    def _release(self, lane: Lane, worker: Worker) -> None:
        worker.release(1)
        self.pump(lane)

    async def _claim(self, lane: Lane) -> None:
        try:
            while lane.backlog and not (self.closed or lane.closed) and (worker := lane.roomiest()) is not None:
                room = min(worker.room, CLAIM_MOST)
                hints = lane.hints
                worker.reserve(room)
                try:
                    secrets = lane.version.secrets is not None
                    claimed = await self.execution.claim(lane.version.version_id, worker.id, room, secrets=secrets)
                    if lane.version.files is not None:
                        claimed = [await self.execution.with_files(lane.version.files, one) for one in claimed]
                    self._send(lane, worker, claimed)
                finally:
                    worker.release(room)
                if len(claimed) < room and lane.hints == hints:
                    lane.backlog = False
        except Exception:
            # The store is out of order for now; the queue is still there, so the claim is tried again.
            log.exception("claim failed", extra={"version": lane.version.version_id})
            await anyio.sleep(RETRY_SECONDS)
        finally:
            lane.claiming = False
        self.pump(lane)

    def _send(self, lane: Lane, worker: Worker, assignments: list[Assignment]) -> None:
        if worker.state in (State.READY, State.DRAINING):
            for assignment in assignments:
                try:
                    worker.send(assignment)
                except (OSError, ValueError, TypeError, protocol.ProtocolError) as error:
                    # Such as a full disk, where a big input is spilled; counted, so that it does not go on for ever.
                    log.exception("not sent", extra={"prediction": assignment.prediction.id, "worker": worker.id})
                    self._return([assignment], counted=True, reason=f"it could not be sent to its worker: {error}")
            if worker.head_lasts and lane.version.options.workers_max > 1:
                # It has become long since the place was promised: another worker may be free.
                worker.recall()
        elif assignments:
            # It died while the store was writing its name on them.
            self._return(assignments, counted=False, reason="its worker died before it began")

    def _return(self, assignments: list[Assignment], *, counted: bool, reason: str) -> None:
        give = partial(self.execution.hand_back, assignments, counted=counted, reason=reason)
        self.tasks.start_soon(guarded, "hand back", give)
