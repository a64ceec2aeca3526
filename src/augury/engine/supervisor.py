"""Keep the wanted workers running: start on demand, stop when idle, back off, quarantine, drain.

    hint or event -> look at every lane -> start, retire or evict -> sleep until the next time that matters

Knows nothing about single predictions: the dispatcher moves them, the recorder ends them.
"""

from __future__ import annotations

import logging
import shutil
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import anyio
import anyio.abc
import anyio.to_thread

from augury import protocol
from augury.domain.ids import IdSource, NodeId, WorkerId
from augury.domain.jsontext import JsonObject, JsonValue
from augury.domain.logline import Line
from augury.domain.prediction import Failure, external
from augury.domain.scaling import Demand, backoff, wanted
from augury.engine.batching import make_worker
from augury.engine.causes import (
    COOL_DOWN_SECONDS,
    CRASHES,
    START_TRIES,
    cannot_start,
    keeps_crashing,
    reason,
    resting,
)
from augury.engine.dispatcher import Dispatcher
from augury.engine.guarded import guarded
from augury.engine.lane import Lane
from augury.engine.launcher import Launch, Launcher
from augury.engine.recorder import Recorder, describe_exit
from augury.engine.room import Room
from augury.engine.run import Run
from augury.engine.scribe import Scribe
from augury.engine.worker import Ending, Plan, State, Worker
from augury.packaging.environment import EnvironmentFailed
from augury.packaging.project import ProjectError
from augury.service.bundles import Bundles, Prepared
from augury.service.execution import Execution
from augury.service.fleet import Fleet
from augury.service.models import Models, RunnableVersion
from augury.service.tally import Tally
from augury.service.variables import Environment, Unavailable, Variables

log = logging.getLogger(__name__)

CALM_CRASHES = 3
"""Crashes in a row after which the next worker is started with a delay."""
LOOK_SECONDS = 5.0
"""How often everything is looked at, should every hint be lost."""

SHORTEST_IDLE = 0.05


@dataclass(frozen=True, slots=True)
class EngineLimits:
    """What holds for versions that set nothing, and for the node. Times in seconds, sizes in bytes."""

    setup_timeout: float
    run_timeout: float
    idle_timeout: float
    cancel_grace: float
    max_output: int
    max_workers: int
    fetch_allow: tuple[str, ...] = ()


@dataclass(eq=False)
class Supervisor:
    """The workers of this node. Use from the event loop only."""

    node_id: NodeId
    models: Models
    bundles: Bundles
    execution: Execution
    fleet: Fleet
    variables: Variables
    launcher: Launcher
    limits: EngineLimits
    homes: Path
    """The folder in which each worker gets its own."""
    ids: IdSource
    tasks: anyio.abc.TaskGroup
    recorder: Recorder
    scribe: Scribe
    dispatcher: Dispatcher
    room: Room
    tally: Tally
    _wake: anyio.Event = field(default_factory=anyio.Event)
    _changed: anyio.Event = field(default_factory=anyio.Event)
    _lanes: dict[WorkerId, Lane] = field(default_factory=dict[WorkerId, Lane])

    async def run(self) -> None:
        """Look, act, and sleep until a hint or the next time that matters; until cancelled."""
        while True:
            self._wake = anyio.Event()
            pause = LOOK_SECONDS
            try:
                pause = await self._look()
            except Exception:
                # The store is out of order for now: what runs goes on, and the next look tries again.
                log.exception("looking after workers failed")
            with anyio.move_on_after(pause):
                await self._wake.wait()

    def wake(self) -> None:
        """Look soon."""
        self._wake.set()

    def hint(self, version_id: int) -> None:
        """Something may be queued for this version."""
        lane = self.dispatcher.lanes.get(version_id)
        if lane is None:
            self.wake()
        else:
            self.dispatcher.hint(lane)

    async def changed(self, version_id: int) -> None:
        """A version's configuration is new, or it was deleted: its workers are replaced as they fall idle."""
        lane = self.dispatcher.lanes.get(version_id)
        if lane is not None:
            await self._update(lane)
        # One without a lane may be to have workers at all times.
        self.wake()

    async def _update(self, lane: Lane) -> None:
        """Let the lane be for what its version is now."""
        version = await self.models.runnable(lane.version.version_id)
        # What it says of a lane that was closed meanwhile, or has a newer configuration by now, is of no use.
        if not lane.closed:
            if version is None:
                self._forget(lane)
            elif version.revision > lane.version.revision:
                self._renew(lane, version)

    def _renew(self, lane: Lane, version: RunnableVersion) -> None:
        """What runs finishes as it began; what comes is for workers with the new configuration."""
        log.info("configuration changed", extra={"version": version.version_id, "revision": version.revision})
        for worker in list(lane.workers):
            worker.retire()
        lane.version = version
        lane.failed_starts = lane.crashes = 0
        lane.not_before = 0.0
        lane.lacking = False

    async def drain(self, grace: float) -> None:
        """Take nothing new, let what runs finish within `grace` seconds, give the rest back."""
        self.dispatcher.closed = True
        workers = self.dispatcher.workers()
        for worker in workers:
            worker.recall()
            self.draining(worker)
        with anyio.move_on_after(grace):
            while any(worker.busy for worker in workers):
                await self._change()
        for worker in workers:
            worker.kill("shutdown") if worker.busy else worker.retire()
        with anyio.move_on_after(self.limits.cancel_grace + 5.0):
            while self._count():
                await self._change()

    def note_change(self) -> None:
        """Something that draining waits for may have come true."""
        if self.dispatcher.closed:
            self._changed.set()

    # What workers report (engine.worker.Listener).

    def ready(self, worker: Worker) -> None:
        """A worker is set up: give it work."""
        lane = self._lane(worker)
        if lane is None or lane.closed:
            worker.retire()
            return
        lane.failed_starts = 0
        self.scribe.ready(worker)
        self.tasks.start_soon(guarded, "worker ready", partial(self._enlist, worker))
        log.info("worker ready", extra={"worker": worker.id, "version": lane.version.version_id})
        self.dispatcher.hint(lane)
        self.wake()

    def done(self, worker: Worker, run: Run, done: protocol.Done) -> None:
        """A prediction ended; its slot is free."""
        lane = self._lane(worker)
        if lane is not None:
            lane.crashes = 0
            self.recorder.done(lane, worker, run, done)
            self.dispatcher.pump(lane)
            self.note_change()
            if self.room.wanted and not worker.busy:
                self.wake()

    def lasting(self, worker: Worker, run: Run) -> None:
        """A prediction has been running for a while."""
        self.recorder.lasting(worker, run)
        lane = self._lane(worker)
        if lane is not None and lane.version.options.workers_max > 1:
            # What waits behind it can run elsewhere.
            worker.recall()

    def output(self, worker: Worker, run: Run, items: list[JsonValue], files: list[JsonObject]) -> None:
        """A prediction has put out items."""
        if (lane := self._lane(worker)) is None:
            return
        write = partial(self.scribe.output, lane.version, worker, run, items)
        if self.recorder.clerk.waits(run, files):
            self.recorder.clerk.receive(worker, run, files, write)
        else:
            write()

    def line(self, worker: Worker, run: Run | None, line: Line) -> None:
        """A worker has written a line."""
        if (lane := self._lane(worker)) is not None:
            self.scribe.line(lane.version.version_id, worker, run, line)

    def measured(self, worker: Worker, run: Run) -> None:
        """What a prediction has recorded is new."""
        self.scribe.measured(worker, run)

    def recalled(self, worker: Worker, runs: list[Run]) -> None:
        """These were handed back without having begun."""
        self.recorder.recalled(runs)
        self.note_change()

    def draining(self, worker: Worker) -> None:
        """A worker takes nothing more."""
        drains = partial(self.fleet.worker_drains, worker.id)
        self.tasks.start_soon(guarded, "worker drains", drains)

    def ended(self, worker: Worker, ending: Ending, runs: list[Run]) -> None:
        """A worker is gone: its predictions end or go back, and its version is judged."""
        lane = self._lane(worker)
        if lane is None:
            return
        lane.workers.remove(worker)
        del self._lanes[worker.id]
        self.scribe.gone(worker)
        self.recorder.lost(lane, worker, ending, runs)
        self._tally(ending)
        how = describe_exit(ending.code)
        if ending.unhealthy is not None:
            log.warning("worker unhealthy", extra={"worker": worker.id, "reason": ending.unhealthy})
        log.info("worker ended", extra={"worker": worker.id, "exit": how, "killed_for": ending.killed_for})
        end = partial(self.fleet.worker_ended, worker.id, ending.unhealthy or ending.killed_for or how)
        self.tasks.start_soon(guarded, "worker ended", end)
        self._judge(lane, ending, running=bool(runs))
        self.note_change()
        self.wake()

    def _tally(self, ending: Ending) -> None:
        why = reason(ending)
        self.tally.worker_ends[why] += 1
        if ending.was_ready and why in ("crash", "protocol", "unhealthy"):
            self.tally.restarts += 1

    async def _enlist(self, worker: Worker) -> None:
        if not await self.fleet.worker_ready(worker.id, worker.pid or 0, worker.slots):
            # Written off while it was being set up: whatever it did would be discarded.
            worker.kill("lease lost")
        elif worker.state in (State.DRAINING, State.UNHEALTHY):
            # What was written of that may have come before it was known to be ready.
            await self.fleet.worker_drains(worker.id)

    def _judge(self, lane: Lane, ending: Ending, *, running: bool) -> None:
        """What the end of a worker says about its version: back off, or give up on it."""
        now = time.monotonic()
        if not ending.was_ready and ending.killed_for in (None, "setup limit", "protocol"):
            if now < lane.not_before:
                # Started together with the one that failed before it: that was one try.
                return
            lane.failed_starts += 1
            lane.not_before = now + backoff(lane.failed_starts)
            if lane.failed_starts >= START_TRIES:
                broken = partial(self._break, lane, lane.version, cannot_start(ending))
                self.tasks.start_soon(guarded, "broken version", broken)
        elif ending.killed_for in (None, "protocol") and (running or not ending.retired):
            lane.crashes += 1
            lane.not_before = now + backoff(lane.crashes - CALM_CRASHES + 1, first=0.1, most=1.0)
            if lane.crashes >= CRASHES:
                lane.not_before = now + COOL_DOWN_SECONDS
                fail = partial(self._fail_queue, lane, keeps_crashing(lane.crashes, ending))
                self.tasks.start_soon(guarded, "crashing version", fail)

    async def _break(self, lane: Lane, version: RunnableVersion, failure: Failure) -> None:
        """The version cannot start: mark it, and fail what waits for it, unless it has a new configuration by now."""
        log.warning("version is broken", extra={"version": version.version_id, "reason": failure.message})
        reason: JsonObject = {"message": failure.message, **failure.detail}
        if not await self.models.mark_broken(version.version_id, version.revision, reason):
            current = await self.models.runnable(version.version_id)
            if current is not None and not current.broken:
                await self.changed(version.version_id)
                return
        await self._fail_queue(lane, failure, version.revision)
        if lane.version is version:
            self._forget(lane)

    async def _fail_queue(self, lane: Lane, failure: Failure, revision: int | None = None) -> None:
        await self.execution.fail_queued(lane.version.version_id, failure, revision)

    # Looking after the lanes.

    async def _look(self) -> float:
        """Act on every lane once; returns the seconds until the next time that matters by itself."""
        served = list(self.dispatcher.lanes.values())
        found = await self.execution.situation([lane.version.version_id for lane in served])
        for lane in served:
            if found.revisions.get(lane.version.version_id) != lane.version.revision:
                # The hint of its change was lost, or is still on its way.
                await self._update(lane)
        for version_id in {*found.queued, *found.warm}:
            if version_id not in self.dispatcher.lanes:
                await self._open(version_id)
        pauses = [LOOK_SECONDS]
        for lane in self.room.in_turn(self.dispatcher.lanes.values()):
            queued = found.queued.get(lane.version.version_id, 0)
            lane.least = lane.version.options.workers_min if lane.version.version_id in found.warm else 0
            pauses.append(await self._look_after(lane, queued))
            if queued:
                self.dispatcher.hint(lane)
        return max(0.01, min(*pauses, self.room.pause()))

    async def _open(self, version_id: int) -> None:
        version = await self.models.runnable(version_id)
        if version is None:
            failure = external("The version was deleted before it started.", type="version_deleted")
            await self.execution.fail_queued(version_id, failure)
        elif version.broken:
            reason = await self.models.broken_reason(version_id) or {}
            message = str(reason.get("message") or "The version cannot start.")
            detail = {name: value for name, value in reason.items() if name != "message"}
            failure = Failure("external", message, {**detail, "broken": True})
            await self.execution.fail_queued(version_id, failure, version.revision)
        else:
            self.dispatcher.open(Lane(version))

    async def _look_after(self, lane: Lane, queued: int) -> float:
        """Start or stop workers of one lane; returns the seconds until it matters again."""
        if self.dispatcher.closed:
            return LOOK_SECONDS
        options = lane.version.options
        demand = Demand(queued, lane.load, options.slots)
        target = wanted(demand, least=lane.least, most=options.workers_max)
        now = time.monotonic()
        if lane.crashes >= CRASHES and now < lane.not_before:
            if queued:
                await self._fail_queue(lane, resting(lane.crashes, lane.not_before - now))
            return lane.not_before - now
        if target > lane.strength and now < lane.not_before:
            return lane.not_before - now
        await self._strengthen(lane, target, queued)
        self.room.note(lane, waiting=queued > 0 and lane.strength == 0)
        if queued == 0:
            self._abort_starts(lane, target)
        return self._retire_idle(lane)

    async def _strengthen(self, lane: Lane, target: int, queued: int) -> None:
        while lane.strength < target and self.room.take(lane, worker_id := WorkerId(self.ids.next())):
            lane.hiring += 1
            self.tasks.start_soon(guarded, "worker", partial(self._employ, lane, worker_id))
        starting = lane.hiring + sum(one.state is State.STARTING for one in lane.workers)
        if starting and queued:
            await self.execution.mark_starting(lane.version.version_id, starting * lane.version.options.slots)

    def _abort_starts(self, lane: Lane, target: int) -> None:
        """Nothing waits any more for workers that are still being set up."""
        surplus = lane.strength - target
        for worker in [one for one in lane.workers if one.state is State.STARTING][: max(0, surplus)]:
            worker.retire()

    def _retire_idle(self, lane: Lane) -> float:
        timeout = lane.version.options.idle_timeout
        timeout = self.limits.idle_timeout if timeout is None else timeout
        # One that falls idle just after this look is not forgotten for much longer than it may be idle.
        pause = min(LOOK_SECONDS, max(timeout, SHORTEST_IDLE)) if lane.workers else LOOK_SECONDS
        for worker, idle in list(lane.idle()):
            if lane.spare <= 0:
                break
            if idle >= timeout:
                worker.retire()
            else:
                pause = min(pause, timeout - idle)
        return pause

    async def _employ(self, lane: Lane, worker_id: WorkerId) -> None:
        """Prepare and run one worker, from its environment to the end of its process; then its room is free."""
        try:
            worker = await self._hire(lane, worker_id)
            if worker is not None:
                await worker.run()
        finally:
            with anyio.CancelScope(shield=True):
                # What the model started in sessions of its own was not in the group that was killed.
                await guarded("reap", partial(self.launcher.reap, {worker_id}))
                self.room.leave(worker_id)
                self.wake()
                await anyio.to_thread.run_sync(_remove, self.homes / worker_id)

    async def _hire(self, lane: Lane, worker_id: WorkerId) -> Worker | None:
        """A worker with all that it needs; None where it cannot be had, or is not needed any more."""
        version = lane.version
        try:
            prepared = await self.bundles.prepare(version.digest)
            await self.fleet.worker_starts(
                worker_id, self.node_id, version.version_id, version.revision, version.options.slots
            )
            launch = await self._launch(version, worker_id, prepared)
            # With another configuration by now, it is not among those that are replaced for that.
            if self.dispatcher.closed or lane.closed or lane.version is not version:
                await self.fleet.worker_ended(worker_id, "not needed any more")
                return None
            self.tally.worker_starts += 1
            worker = make_worker(self.launcher, launch, self._plan(lane), self)
            lane.workers.append(worker)
            self._lanes[worker_id] = lane
            # An environment can take minutes: perhaps nobody waits any more.
            self.wake()
            return worker
        except (EnvironmentFailed, ProjectError, Unavailable, OSError) as error:
            if lane.version is version:
                self._unprepared(lane, error)
            return None
        finally:
            lane.hiring -= 1
            self.note_change()

    async def _launch(self, version: RunnableVersion, worker_id: WorkerId, prepared: Prepared) -> Launch:
        """What to start. Variables are opened now and for this alone; raises Unavailable."""
        given = Environment()
        if version.options.variables:
            try:
                given = await self.variables.environment(version.version_id)
            except Unavailable as error:
                await self.fleet.worker_ended(worker_id, str(error))
                raise
        environ = {**prepared.project.environ, **given.variables, **self.room.devices(worker_id)}
        home = self.homes / worker_id
        return Launch(worker_id, prepared.python, prepared.no_site, prepared.folder, home, environ, given.secrets)

    def _unprepared(self, lane: Lane, error: Exception) -> None:
        if self.dispatcher.closed or lane.closed:
            return
        output = getattr(error, "output", "")
        lines = str(output).splitlines()[-50:]
        self._judge(lane, Ending(None, None, None, [str(error), *lines], False), running=False)
        self.wake()

    def _plan(self, lane: Lane) -> Plan:
        options = lane.version.options
        return Plan(
            entry=lane.version.entry,
            slots=options.slots,
            setup_timeout=options.setup_timeout or self.limits.setup_timeout,
            run_timeout=options.run_timeout or self.limits.run_timeout,
            cancel_grace=self.limits.cancel_grace,
            max_output=self.limits.max_output,
            fetch_allow=self.limits.fetch_allow,
            files=True,
            batch_wait=None if options.batch is None else options.batch.max_wait,
        )

    def _forget(self, lane: Lane) -> None:
        self.dispatcher.close(lane)
        for worker in list(lane.workers):
            worker.retire()

    def _lane(self, worker: Worker) -> Lane | None:
        return self._lanes.get(worker.id)

    def _count(self) -> int:
        return self.room.taken()

    async def _change(self) -> None:
        await self._changed.wait()
        self._changed = anyio.Event()


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
