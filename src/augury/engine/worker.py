"""One worker process as its parent sees it: start, handshake, what runs in it, cancel, kill.

    launch -> Load -> (Hello) -> Ready -> Predict/Done ... -> Shutdown or death -> ended

Tells its listener what happens, on the event loop; decides nothing about predictions and knows no store.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import anyio

from augury import protocol
from augury.domain.ids import PredictionId, WorkerId
from augury.domain.jsontext import JsonObject, JsonValue
from augury.domain.logline import LINE_LIMIT, Line
from augury.domain.mask import Mask
from augury.domain.prediction import Assignment
from augury.engine.launcher import Launch, Launcher, Process
from augury.engine.masked import masked
from augury.engine.pipe import Lines, Pipe
from augury.engine.run import KEPT_LINES, Run, Stop
from augury.engine.terms import Ending, Plan, State
from augury.engine.wire import Wire

PREFETCH_SECONDS = 0.02
"""How much work may wait in a worker's socket: enough that it never idles, little enough to be taken back."""
PREFETCH_MOST = 64
SHORT_SECONDS = 0.01
"""A prediction that ends sooner is stored as ended without being stored as started first."""
LIMIT_GRACE_SECONDS = 2.0
"""How long a prediction over its run limit may clean up."""
QUIET_RUNS = 100  # without a byte in the pipe until predictions are sent ahead again: bytes do not say whose they are
DRAIN_SECONDS = 2.0
"""How long the socket and the pipe of a dead worker are read to their end."""


class Listener(Protocol):
    """Who wants to know what a worker does. Called on the event loop; must not block."""

    def ready(self, worker: Worker) -> None:
        """setup() is done."""

    def done(self, worker: Worker, run: Run, done: protocol.Done) -> None:
        """A prediction ended; its slot is free."""

    def lasting(self, worker: Worker, run: Run) -> None:
        """predict() has been running for a while."""

    def output(self, worker: Worker, run: Run, items: list[JsonValue], files: list[JsonObject]) -> None:
        """predict() has yielded these, with these files in the spill folder."""

    def line(self, worker: Worker, run: Run | None, line: Line) -> None:
        """A prediction, or what is outside of them all, has written a line."""

    def measured(self, worker: Worker, run: Run) -> None:
        """What a prediction has recorded, or its progress, is new."""

    def recalled(self, worker: Worker, runs: list[Run]) -> None:
        """These had not begun and were handed back."""

    def draining(self, worker: Worker) -> None:
        """It takes nothing more, and finishes what it has."""

    def ended(self, worker: Worker, ending: Ending, runs: list[Run]) -> None:
        """The process is gone, and these were in it."""


class Worker:
    """A worker process and what runs in it. Use from the event loop only."""

    def __init__(self, launcher: Launcher, launch: Launch, plan: Plan, listener: Listener) -> None:
        self.id: WorkerId = launch.worker_id
        self.state = State.STARTING
        self.slots = plan.slots
        self.reserved = 0
        """Places promised to predictions that are not committed yet."""
        self.runs: dict[PredictionId, Run] = {}
        self.created_at = time.time_ns() // 1000
        self.ready_at: int | None = None
        self.idle_since = time.monotonic()
        self.pid: int | None = None
        self.mask = Mask(launch.secrets)
        """What must not be seen in anything that it says: of its variables, and of the inputs of its latest runs."""
        self._launcher = launcher
        self._launch = launch
        self._plan = plan
        self._listener = listener
        self._process: Process | None = None
        self._wire: Wire | None = None
        self._killed_for: str | None = None
        self._setup_failure: protocol.SetupFailed | None = None
        self._unhealthy: str | None = None
        self._exited = False
        self._settled = anyio.Event()
        """Set when setup is over, well or not."""
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._pipe: Pipe | None = None
        self._written = Lines()
        self._quiet = QUIET_RUNS  # runs that have ended since something came through the pipe
        self._silent = anyio.Event()
        """Set when nothing writes to its pipe any more."""
        self._average: float | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._handlers: dict[type[object], Callable[[Any], None]] = {
            protocol.Done: self._done,
            protocol.Log: self._log,
            protocol.Metric: self._metric,
            protocol.Progress: self._progress,
            protocol.Output: self._output,
            protocol.Ready: self._ready,
            protocol.Recalled: self._recalled,
            protocol.Hello: self._hello,
            protocol.SetupFailed: self._setup_failed,
            protocol.Unhealthy: self._lose,
            protocol.Fatal: self._fatal,
        }

    @property
    def spill(self) -> Path:
        """The folder that big messages and output files come in."""
        return self._launch.home / "spill"

    @property
    def busy(self) -> bool:
        """Whether anything runs or waits in it, or is promised to it."""
        return bool(self.runs) or self.reserved > 0

    @property
    def room(self) -> int:
        """How many more predictions it takes now: its free slots, or more where predictions are short."""
        if self.state is not State.READY or self._gone:
            return 0
        most = self.slots
        # Behind one that lasts nothing is kept waiting: another worker may be free. Nor behind one of a model that
        # writes past Python's streams: what the pipe holds when it ends could be of the one that follows.
        if self.slots == 1 and self._average is not None and self._quiet >= QUIET_RUNS and not self.head_lasts:
            most = max(1, min(PREFETCH_MOST, int(PREFETCH_SECONDS / max(self._average, 1e-6))))
        return most - len(self.runs) - self.reserved

    @property
    def load(self) -> int:
        """How many of its slots are taken."""
        return len(self.runs)

    @property
    def head_lasts(self) -> bool:
        """Whether what runs alone in it has been running for a while, so that nothing should wait behind it."""
        if self.slots != 1:
            return False
        head = next(iter(self.runs.values()), None)
        return head is not None and head.recorded

    async def run(self) -> None:
        """Start the process and stay until it is gone; cancellation kills it."""
        code: int | None = None
        try:
            process = await self._start()
            try:
                code = await self._follow(process)
            finally:
                if code is None:
                    self.kill("shutdown")
                    with anyio.CancelScope(shield=True):
                        code = await process.wait()
                process.kill()
        except OSError as error:
            self._lines.append(f"cannot start {self._launch.python}: {error}")
        finally:
            self._end(code)

    def reserve(self, places: int) -> None:
        """Promise room to predictions that are not committed yet."""
        self.reserved += places

    def release(self, places: int) -> None:
        """Take the promise back."""
        self.reserved -= places
        self._rest()

    def send(self, assignment: Assignment) -> None:
        """Pass a committed prediction on."""
        run = Run(assignment, self.mask)
        prediction = assignment.prediction
        if assignment.secrets:
            self.mask.add(prediction.id, assignment.secrets)
        self._send(protocol.Predict(prediction.id, assignment.input, prediction.stream, assignment.files))
        self.runs[assignment.prediction.id] = run
        # What is sent to a process that has ended has surely not begun.
        if len(self.runs) <= self.slots and not self._gone:
            self._begin(run)

    def stop_run(self, prediction_id: PredictionId, why: Stop) -> None:
        """Ask predict() to stop; what has not stopped after the grace period is killed with its process."""
        run = self.runs.get(prediction_id)
        if run is None or run.stop is not None:
            return
        run.stop = why
        self._send(protocol.Cancel(prediction_id))
        if run.began_at is not None:
            self._limit_stop(run, why)

    def recall(self) -> None:
        """Ask for what has not begun."""
        waiting = [one for one, run in self.runs.items() if run.began_at is None]
        if waiting:
            self._send(protocol.Recall(list(waiting)))

    def retire(self) -> None:
        """Take nothing new, and end when nothing is left."""
        if self.state in (State.STARTING, State.READY):
            starting = self.state is State.STARTING
            self.state = State.DRAINING
            if starting:
                self.kill("retired")
                return
            self._listener.draining(self)
            if not self.busy:
                self._shut_down()

    def kill(self, why: str) -> None:
        """End the process group now; the first reason counts."""
        if self.state is State.ENDED:
            # Its process id may be another's by now.
            return
        if self._killed_for is None:
            self._killed_for = why
        if self._process is not None:
            self._process.kill()

    def pause(self) -> None:
        """Read no more of what it sends for now, unless it has ended."""
        if self._wire is not None and not self._exited:
            self._wire.pause()

    def resume(self) -> None:
        """Read on."""
        if self._wire is not None:
            self._wire.resume()

    async def _start(self) -> Process:
        for name in ("scratch", "spill", "home"):
            await anyio.Path(self._launch.home, name).mkdir(parents=True, exist_ok=True)
        self._process = await self._launcher.launch(self._launch)
        self.pid = self._process.pid
        if self._killed_for is not None:
            self._process.kill()
        return self._process

    async def _follow(self, process: Process) -> int:
        self._wire = await Wire.connect(process.channel, str(self.spill), self._receive, self._broken)
        code = 0
        self._pipe = Pipe(process.output, self._read, self._closed)
        async with anyio.create_task_group() as tasks:
            self._send(
                protocol.Load(
                    folder=str(self._launch.folder),
                    entry=self._plan.entry,
                    slots=self.slots,
                    scratch=str(self._launch.home / "scratch"),
                    max_output=self._plan.max_output,
                    fetch_allow=list(self._plan.fetch_allow),
                    outbox=str(self.spill) if self._plan.files else None,
                    batch_wait=self._plan.batch_wait,
                )
            )
            tasks.start_soon(self._limit_setup)
            code = await process.wait()
            self._exited = True
            self._settled.set()
            # Children that outlived the worker would keep its socket and its pipe open for ever.
            process.kill()
            self.resume()
            with anyio.move_on_after(DRAIN_SECONDS):
                await self._wire.closed.wait()
                await self._silent.wait()
            self._pipe.close()
        return code

    async def _limit_setup(self) -> None:
        with anyio.move_on_after(self._plan.setup_timeout) as scope:
            await self._settled.wait()
        if scope.cancelled_caught:
            self._lines.append(f"setup was not done within its limit of {self._plan.setup_timeout:g} s")
            self.kill("setup limit")

    def _read(self, data: bytes) -> None:
        """What C code and child processes write past Python's own streams."""
        self._quiet = self._quiet if self.state is State.STARTING else 0
        self._write_lines(self._written.feed(data))

    def _drain(self) -> None:
        """What the pipe holds was written before the message that has come, and belongs where that does."""
        if self._pipe is not None:
            self._pipe.drain()
            self._write_lines(self._written.end())

    def _closed(self) -> None:
        self._write_lines(self._written.end())
        self._silent.set()

    def _write_lines(self, texts: list[str]) -> None:
        for text in texts:
            self._line(self._head(), Line(time.time_ns() // 1000, "stdout", self.mask.text(text)))

    def _line(self, run: Run | None, line: Line) -> None:
        (self._lines if run is None else run.lines).append(line.text[:LINE_LIMIT])
        self._listener.line(self, run, line)

    def _head(self) -> Run | None:
        """The prediction that output of unknown origin most likely belongs to."""
        return next(iter(self.runs.values()), None) if self.slots == 1 else None

    def _send(self, message: protocol.ToRunner) -> None:
        if self._wire is not None:
            self._wire.send(message)

    def _receive(self, message: protocol.Message) -> None:
        handler = self._handlers.get(type(message))
        if handler is None:
            self._broken(f"it sent a {type(message).__name__}, which only we may send")
        else:
            handler(masked(message, self.mask) if self.mask else message)

    def _hello(self, message: protocol.Hello) -> None:
        if message.version != protocol.VERSION:
            self._broken(f"it speaks version {message.version} of the protocol, we speak {protocol.VERSION}")

    def _setup_failed(self, message: protocol.SetupFailed) -> None:
        self._setup_failure = message

    def _fatal(self, message: protocol.Fatal) -> None:
        self._lines.append(message.message)

    def _lose(self, message: protocol.Unhealthy) -> None:
        if self.state in (State.READY, State.DRAINING):
            self.state = State.UNHEALTHY
            self._unhealthy = message.reason
            self._killed_for = self._killed_for or "unhealthy"
            self._listener.draining(self)
            self._send(protocol.Recall(list(self.runs)))
            # Nothing runs while a model is asked; one that does not come back hands nothing back either.
            asyncio.get_running_loop().call_later(self._plan.cancel_grace, self.kill, "unhealthy")
            self._rest()

    def _log(self, message: protocol.Log) -> None:
        run = self.runs.get(PredictionId(message.id)) if message.id else None
        self._line(run, Line(int(message.time * 1e6), message.stream, message.text))

    def _metric(self, message: protocol.Metric) -> None:
        if (run := self.runs.get(PredictionId(message.id))) is not None:
            run.metrics[message.name] = message.value
            self._listener.measured(self, run)

    def _progress(self, message: protocol.Progress) -> None:
        if (run := self.runs.get(PredictionId(message.id))) is not None:
            run.metrics["progress"] = message.fraction
            self._listener.measured(self, run)
            if message.message:
                text = f"{message.fraction:.0%} {message.message}"
                self._line(run, Line(time.time_ns() // 1000, "progress", text))

    def _output(self, message: protocol.Output) -> None:
        if (run := self.runs.get(PredictionId(message.id))) is not None:
            self._listener.output(self, run, message.items, message.files)

    def _recalled(self, message: protocol.Recalled) -> None:
        taken = [self.runs.pop(PredictionId(one)) for one in message.ids if PredictionId(one) in self.runs]
        for run in taken:
            self.mask.ended(run.assignment.prediction.id)
        following = self._head()
        if following is not None and following.began_at is None:
            # Sent after the recall, behind what has gone back now: nothing is before it any more.
            self._begin(following)
        self._listener.recalled(self, taken)
        self._rest()

    def _broken(self, why: str) -> None:
        self._lines.append(self.mask.text(f"the worker broke the protocol: {why}"))
        self.kill("protocol")

    def _ready(self, message: protocol.Ready) -> None:
        self._settled.set()
        if self.state is not State.STARTING:
            return
        self._drain()
        self.state = State.READY
        self.slots = max(1, min(self.slots, message.slots))
        self.ready_at = time.time_ns() // 1000
        self.idle_since = time.monotonic()
        self._listener.ready(self)

    def _begin(self, run: Run) -> None:
        run.began_at = time.time_ns() // 1000
        created = run.assignment.prediction.created_at
        if self.ready_at is not None and created < self.ready_at:
            run.setup_time = self.ready_at - max(created, self.created_at)
        if run.stop is not None:
            # Told while it waited; if it began all the same, it may have missed that.
            self._limit_stop(run, run.stop)
        if run.assignment.prediction.stream:
            # Somebody watches: its beginning is told at once, however short it is.
            run.recorded = True
            self._listener.lasting(self, run)
        self._watch_in(SHORT_SECONDS)

    def _watch_in(self, seconds: float) -> None:
        """Look at what runs then; one timer serves all of it, and a busy worker does not set one per prediction."""
        loop = asyncio.get_running_loop()
        when = loop.time() + seconds
        if self._watch is not None:
            if self._watch.when() <= when:
                return
            self._watch.cancel()
        self._watch = loop.call_at(when, self._look)

    def _look(self) -> None:
        self._watch = None
        now = time.time_ns() // 1000
        following: float | None = None
        for prediction_id, run in list(self.runs.items()):
            if run.began_at is None or run.stop is not None:
                continue
            age = (now - run.began_at) / 1e6
            if not run.recorded and age >= SHORT_SECONDS * 0.8:
                run.recorded = True
                self._listener.lasting(self, run)
            if age >= self._plan.run_timeout:
                self.stop_run(prediction_id, Stop.LIMIT)
                continue
            left = (self._plan.run_timeout if run.recorded else SHORT_SECONDS) - age
            following = left if following is None else min(following, left)
        if following is not None:
            self._watch_in(max(following, 0.001))

    def _done(self, done: protocol.Done) -> None:
        if self.slots == 1:
            self._drain()
        self._quiet += 1
        run = self.runs.pop(PredictionId(done.id), None)
        self.mask.ended(done.id)
        if run is None:
            self._broken(f"it ended prediction {done.id!r}, which it does not have")
            return
        if self.slots == 1:
            if done.seconds is not None:
                self._average = done.seconds if self._average is None else self._average * 0.8 + done.seconds * 0.2
            following = next(iter(self.runs.values()), None)
            if following is not None and following.began_at is None:
                self._begin(following)
        self._listener.done(self, run, done)
        self._rest()

    def _rest(self) -> None:
        if not self.busy:
            self.idle_since = time.monotonic()
            if self.state in (State.DRAINING, State.UNHEALTHY):
                self._shut_down()

    def _shut_down(self) -> None:
        self._send(protocol.Shutdown())
        loop = asyncio.get_running_loop()
        loop.call_later(self._plan.cancel_grace, self.kill, "retired")

    @property
    def _gone(self) -> bool:
        """Whether its process has ended, which is told only once everything that it sent is read."""
        return self._exited or (self._wire is not None and self._wire.closed.is_set())

    def _limit_stop(self, run: Run, why: Stop) -> None:
        grace = self._plan.cancel_grace
        if why is Stop.LIMIT:
            grace = min(grace, LIMIT_GRACE_SECONDS)
        asyncio.get_running_loop().call_later(grace, self._kill_if_still_in, run, why)

    def _kill_if_still_in(self, run: Run, why: Stop) -> None:
        if self.runs.get(run.assignment.prediction.id) is run:
            self.kill(f"stop:{why.value}")

    def _end(self, code: int | None) -> None:
        if self.state is State.ENDED:
            return
        was_ready, retired = self.ready_at is not None, self.state is State.DRAINING
        self.state = State.ENDED
        self._settled.set()
        if self._wire is not None:
            self._wire.close()
        if self._watch is not None:
            self._watch.cancel()
        runs = list(self.runs.values())
        self.runs.clear()
        lines = list(self._lines)
        ending = Ending(code, self._killed_for, self._setup_failure, lines, was_ready, retired, self._unhealthy)
        self._listener.ended(self, ending, runs)
