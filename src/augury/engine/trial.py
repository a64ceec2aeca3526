"""One worker without a server: a model is set up, or set up and asked once, and gone again.

    subject --Worker--> ready --input--> done --> ended

The worker is the one that the engine runs, so that what works here works there. Knows no store and no queue.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio

from augury import protocol
from augury.domain.ids import AccountId, IdSource, PredictionId, WorkerId
from augury.domain.jsontext import JsonObject, JsonText, JsonValue
from augury.domain.logline import Line
from augury.domain.prediction import Assignment, ModelRef, Prediction, Status
from augury.engine.batching import make_worker
from augury.engine.launcher import Launch, Launcher
from augury.engine.run import Run, Stop
from augury.engine.worker import Ending, Plan, Worker

Hear = Callable[[str], None]
"""Is told each line that the model writes."""
Take = Callable[[JsonValue], None]
"""Is given each item of the output as it comes."""


@dataclass(frozen=True)
class Subject:
    """What is tried: a model's folder and where it runs; `home` is a folder for the worker's own files."""

    folder: Path
    python: Path
    no_site: bool
    home: Path
    plan: Plan
    environ: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Result:
    """What a model answered, or why it did not. Times are in seconds."""

    status: Status
    setup_time: float
    execution_time: float | None = None
    output: JsonValue = None
    metrics: JsonObject = field(default_factory=dict[str, JsonValue])
    message: str | None = None
    traceback: tuple[str, ...] = ()


class TrialFailed(Exception):
    """The worker did not come up, or died: one sentence, the lines that say more, and where in the model it was."""

    def __init__(
        self, message: str, lines: tuple[str, ...] = (), *, file: str | None = None, line: int | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.lines = lines
        self.file = file
        self.line = line


async def try_start(subject: Subject, launcher: Launcher, hear: Hear) -> float:
    """Start a worker, run setup() in it, and stop it: how many seconds it took; raises TrialFailed."""
    async with _running(subject, launcher, hear) as trial:
        return await trial.ready_after()


async def run_once(
    subject: Subject, launcher: Launcher, hear: Hear, given: JsonObject, take: Take | None = None
) -> Result:
    """Start a worker, make one prediction in it, streamed where there is `take`, and stop it; raises TrialFailed."""
    async with _running(subject, launcher, hear, take) as trial:
        setup_time = await trial.ready_after()
        run, done = await trial.ask(given)
        if run.stop is Stop.LIMIT:
            raise TrialFailed(_over_limit(subject.plan), tuple(run.lines))
    return Result(
        status=Status(done.outcome),
        setup_time=setup_time,
        execution_time=done.seconds,
        output=done.output,
        metrics=run.metrics,
        message=done.message,
        traceback=tuple(done.traceback),
    )


class _Trial:
    """Listens to the one worker, and says what became of it."""

    def __init__(self, subject: Subject, launcher: Launcher, hear: Hear, take: Take | None) -> None:
        self._ids = IdSource()
        launch = Launch(
            WorkerId(self._ids.next()),
            subject.python,
            subject.no_site,
            subject.folder,
            subject.home,
            variables=subject.environ,
        )
        self.worker = make_worker(launcher, launch, subject.plan, self)
        self._hear = hear
        self._take = take
        self._plan = subject.plan
        self._changed = anyio.Event()
        self._done: tuple[Run, protocol.Done] | None = None
        self._ending: Ending | None = None

    async def ready_after(self) -> float:
        """How many seconds it took until setup() was done; raises TrialFailed."""
        while self.worker.ready_at is None:
            self._refuse_ended()
            await self._change()
        return max(0.0, (self.worker.ready_at - self.worker.created_at) / 1e6)

    async def ask(self, given: JsonObject) -> tuple[Run, protocol.Done]:
        """Make one prediction; raises TrialFailed where the worker dies of it."""
        self.worker.send(self._assignment(given))
        while self._done is None:
            self._refuse_ended()
            await self._change()
        return self._done

    def ready(self, worker: Worker) -> None:
        """Of Listener."""
        self._wake()

    def done(self, worker: Worker, run: Run, done: protocol.Done) -> None:
        """Of Listener."""
        self._done = (run, done)
        self._wake()

    def lasting(self, worker: Worker, run: Run) -> None:
        """Of Listener: nothing has to be recorded here."""

    def output(self, worker: Worker, run: Run, items: list[JsonValue], files: list[JsonObject]) -> None:
        """Of Listener."""
        if self._take is not None:
            for item in items:
                self._take(item)

    def line(self, worker: Worker, run: Run | None, line: Line) -> None:
        """Of Listener."""
        self._hear(line.text)

    def measured(self, worker: Worker, run: Run) -> None:
        """Of Listener: the end has it."""

    def recalled(self, worker: Worker, runs: list[Run]) -> None:
        """Of Listener: nothing is ever recalled here."""

    def draining(self, worker: Worker) -> None:
        """Of Listener: nobody else looks at it."""

    def ended(self, worker: Worker, ending: Ending, runs: list[Run]) -> None:
        """Of Listener."""
        self._ending = ending
        self._wake()

    def _assignment(self, given: JsonObject) -> Assignment:
        now = self.worker.created_at
        prediction = Prediction(
            id=PredictionId(self._ids.next()),
            account_id=AccountId(""),
            version_id=0,
            model=ModelRef("", "", 0),
            status=Status.STARTED,
            created_at=now,
            updated_at=now,
            input=JsonText("{}"),
            stream=self._take is not None,
        )
        return Assignment(prediction, given)

    async def _change(self) -> None:
        await self._changed.wait()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()

    def _refuse_ended(self) -> None:
        if self._ending is not None:
            raise _failure(self._ending, self._plan)


@asynccontextmanager
async def _running(
    subject: Subject, launcher: Launcher, hear: Hear, take: Take | None = None
) -> AsyncGenerator[_Trial]:
    trial = _Trial(subject, launcher, hear, take)
    failed: TrialFailed | None = None
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(trial.worker.run)
        try:
            yield trial
            # It ends by itself, with teardown(), or is killed after the grace period.
            trial.worker.retire()
        except TrialFailed as error:
            # Not raised here: a task group would wrap it.
            failed = error
            tasks.cancel_scope.cancel()
    if failed is not None:
        raise failed


def _failure(ending: Ending, plan: Plan) -> TrialFailed:
    if (setup := ending.setup_failure) is not None:
        return TrialFailed(f"{setup.type}: {setup.message}", tuple(setup.traceback), file=setup.file, line=setup.line)
    lines = tuple(ending.lines)
    if ending.killed_for == "setup limit":
        return TrialFailed(f"setup was not done within its limit of {plan.setup_timeout:g} s", lines)
    if ending.killed_for is not None and ending.killed_for.startswith("stop:"):
        return TrialFailed(_over_limit(plan), lines)
    doing = "predict()" if ending.was_ready else "setup"
    if ending.code is None:
        return TrialFailed("the worker could not be started", lines)
    how = f"was ended by signal {-ending.code}" if ending.code < 0 else f"exited with code {ending.code}"
    return TrialFailed(f"the model's process {how} during {doing}", lines)


def _over_limit(plan: Plan) -> str:
    return f"predict() was not done within its limit of {plan.run_timeout:g} s"
