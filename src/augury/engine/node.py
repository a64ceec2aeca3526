"""One engine: joins the installation, cleans up after the one before it, takes work, drains, leaves."""

from __future__ import annotations

import logging
import os
import shutil
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import anyio
import anyio.abc
import anyio.to_thread

from augury.domain.hardware import Ledger, Machine, needs
from augury.domain.ids import IdSource, NodeId, PredictionId, WorkerId
from augury.engine.dispatcher import Dispatcher
from augury.engine.filing import Clerk
from augury.engine.guarded import guarded
from augury.engine.janitor import Janitor
from augury.engine.lane import Lane
from augury.engine.launcher import Launcher
from augury.engine.recorder import Recorder
from augury.engine.room import Room
from augury.engine.run import Stop
from augury.engine.scribe import Scribe
from augury.engine.supervisor import EngineLimits, Supervisor
from augury.quantities import Share
from augury.service.bundles import Bundles
from augury.service.execution import Execution
from augury.service.files import Files
from augury.service.fleet import Fleet
from augury.service.health import Vitals
from augury.service.hints import Hints, Listeners
from augury.service.models import Models
from augury.service.offers import Offers
from augury.service.retention import Retention
from augury.service.tally import Tally
from augury.service.variables import Variables

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Engine:
    """The engine of this process. `home` is a folder of its own, which no other engine uses at the same time."""

    models: Models
    bundles: Bundles
    execution: Execution
    fleet: Fleet
    retention: Retention
    files: Files
    variables: Variables
    offers: Offers
    hints: Hints
    launcher: Launcher
    limits: EngineLimits
    home: Path
    machine: Machine
    """What it has for workers."""
    shares: Sequence[Share]
    lease: float
    grace_period: float
    now: Callable[[], int]
    tally: Tally = field(default_factory=Tally)
    vitals: Vitals = field(default_factory=Vitals)

    async def run(self, stop: anyio.Event, *, ready: anyio.Event) -> None:
        """Take work until `stop` is set, then drain; sets `ready` when work can be taken."""
        ids = IdSource()
        node_id = NodeId(ids.next())
        await self._clean_up()
        await self._join(node_id)
        await anyio.to_thread.run_sync((self.home / "node").write_text, node_id)
        async with anyio.create_task_group() as tasks:
            supervisor, janitor = self._build(node_id, ids, tasks)
            listeners = Listeners(
                queued=supervisor.hint,
                cancel=partial(_cancel, supervisor),
                changed=lambda version_id: _in_background(tasks, supervisor, version_id),
                deadline=janitor.deadline_set,
            )
            with self.hints.listen(listeners):
                tasks.start_soon(supervisor.run)
                tasks.start_soon(janitor.keep_lease)
                tasks.start_soon(janitor.keep_deadlines)
                tasks.start_soon(janitor.keep_tidy)
                tasks.start_soon(janitor.keep_counts)
                self.vitals.node, self.vitals.ready_at = node_id, self.now()
                ready.set()
                log.info("engine ready", extra={"node": node_id})
                await stop.wait()
                await supervisor.drain(self.grace_period)
            tasks.cancel_scope.cancel()
        await self.execution.rescue(node_ids=[node_id], reason="the server was stopped")
        await self.fleet.leave(node_id)
        log.info("engine stopped", extra={"node": node_id})

    async def _join(self, node_id: NodeId) -> None:
        await self.fleet.join(node_id, socket.gethostname(), os.getpid(), self.machine)

    async def _clean_up(self) -> None:
        """Whatever an earlier engine with this folder left: its predictions go back, its processes and files go."""
        earlier = await anyio.to_thread.run_sync(_read, self.home / "node")
        nodes = [NodeId(earlier)] if earlier else []
        dead = await self.execution.rescue(node_ids=nodes, reason="the server was stopped")
        workers = await anyio.to_thread.run_sync(_fresh, self.home / "workers")
        await anyio.to_thread.run_sync(_fresh, self.home / "files")
        killed = await self.launcher.reap({one.id for one in dead} | workers)
        self.vitals.recovered_predictions = self.tally.given_back
        self.vitals.recovered_processes = killed
        if killed:
            log.warning("processes of an earlier engine ended", extra={"count": killed})

    def _lease_lost(self) -> None:
        self.tally.lost_leases += 1
        self.vitals.lease_lost_at = self.now()

    def _build(self, node_id: NodeId, ids: IdSource, tasks: anyio.abc.TaskGroup) -> tuple[Supervisor, Janitor]:
        def short_of_room(lane: Lane) -> None:
            if lane.strength < lane.version.options.workers_max or lane.crashes:
                supervisor.wake()

        scribe = Scribe(self.execution)
        clerk = Clerk(self.files, tasks, self.home / "files", self.now, scribe.pressure)
        recorder = Recorder(self.execution, scribe, clerk, tasks, self.now, self.limits.run_timeout)
        dispatcher = Dispatcher(self.execution, self.offers, tasks, short_of_room, lambda: supervisor.note_change())
        supervisor = Supervisor(
            node_id=node_id,
            models=self.models,
            bundles=self.bundles,
            execution=self.execution,
            fleet=self.fleet,
            variables=self.variables,
            launcher=self.launcher,
            limits=self.limits,
            homes=self.home / "workers",
            ids=ids,
            tasks=tasks,
            recorder=recorder,
            scribe=scribe,
            dispatcher=dispatcher,
            room=Room(dispatcher, Ledger(self.machine, self.limits.max_workers), needs([self.machine], self.shares)),
            tally=self.tally,
        )
        janitor = Janitor(
            node_id=node_id,
            execution=self.execution,
            fleet=self.fleet,
            retention=self.retention,
            files=self.files,
            dispatcher=dispatcher,
            recorder=recorder,
            launcher=self.launcher,
            join=partial(self._join, node_id),
            lease=self.lease,
            now=self.now,
            lease_lost=self._lease_lost,
        )
        return supervisor, janitor


def _in_background(tasks: anyio.abc.TaskGroup, supervisor: Supervisor, version_id: int) -> None:
    tasks.start_soon(guarded, "changed version", partial(supervisor.changed, version_id))


def _cancel(supervisor: Supervisor, prediction_id: PredictionId) -> None:
    supervisor.dispatcher.stop(prediction_id, Stop.CANCEL)
    # Perhaps it was the last one that a worker was being started for.
    supervisor.wake()


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def _fresh(folder: Path) -> set[WorkerId]:
    """Empty the folder; returns the names of what was in it, which are worker ids."""
    folder.mkdir(parents=True, exist_ok=True)
    names = {WorkerId(entry.name) for entry in folder.iterdir()}
    for name in names:
        shutil.rmtree(folder / name, ignore_errors=True)
    return names
