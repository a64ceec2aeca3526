"""What workers report -> how predictions end: the outcome of each run, checked and written.

Done, lost or stopped, every run leaves through here with exactly one outcome or goes back to the queue.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import anyio
import anyio.abc

from augury import protocol
from augury.domain import jsontext
from augury.domain.entry import Entry, Recorded
from augury.domain.ids import PredictionId
from augury.domain.jsontext import JsonObject, JsonValue
from augury.domain.prediction import Failure, Outcome, Status, external, internal
from augury.engine.filing import Clerk
from augury.engine.guarded import guarded
from augury.engine.journal import Journal
from augury.engine.lane import Lane
from augury.engine.run import KEPT_LINES, Run, Stop
from augury.engine.scribe import Scribe, diverged, mismatch
from augury.engine.worker import Ending, Worker
from augury.service.execution import Execution
from augury.service.models import RunnableVersion

log = logging.getLogger(__name__)

OWN_SIGNALS = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)
"""Signals that a process brings on itself: the model's code is the cause (D20)."""
WRITE_TRIES = 5


@dataclass(frozen=True)
class Recorder:
    """Turns reports into writes. `now` gives microseconds since the epoch."""

    execution: Execution
    scribe: Scribe
    clerk: Clerk
    tasks: anyio.abc.TaskGroup
    now: Callable[[], int]
    run_timeout: float
    """The run limit in seconds of versions that set none."""
    ending: set[PredictionId] = field(default_factory=set[PredictionId])
    """Ended here, and not yet in the store: no worker has them, and nobody else may have them."""

    def done(self, lane: Lane, worker: Worker, run: Run, done: protocol.Done) -> None:
        """A run reported its end by itself."""
        self._after_files(worker, run, done.files, partial(self._done, lane, worker, run, done))

    def _after_files(self, worker: Worker, run: Run, told: Sequence[object], then: Callable[[], None]) -> None:
        """Go on once these files of the run are kept, and those that came before."""
        if not self.clerk.waits(run, told):
            then()
            return
        self.ending.add(run.assignment.prediction.id)
        self.clerk.receive(worker, run, told, then)

    def _done(self, lane: Lane, worker: Worker, run: Run, done: protocol.Done) -> None:
        try:
            if run.filing is not None:
                run.failure = run.failure or run.filing.failure
            status, output, failure = self._verdict(lane.version, run, done)
            if output is not None and run.assignment.prediction.stream and lane.version.schemas.stream_output is None:
                # It has no items of its own: the whole is the only one (D32).
                self.scribe.journal(worker, run).items([output])
                run.items = 1
            if status is Status.SUCCEEDED and run.filing is not None:
                self.scribe.journal(worker, run).items([], run.filing.take())
            self._finish(run, status, output=output, failure=failure, seconds=done.seconds)
        except Exception as error:
            # What a worker reports is foreign: whatever is wrong with it, the prediction ends.
            log.exception("result not understood", extra={"prediction": run.assignment.prediction.id})
            run.metrics.clear()
            failure = internal("The result could not be read.", type="result", error=str(error))
            self._finish(run, Status.FAILED, failure=failure, seconds=self._age(run))

    def lasting(self, worker: Worker, run: Run) -> None:
        """A run goes on for a while: callers may see that it has started."""
        began = run.began_at or self.now()
        future = self.execution.started(run.assignment, began, run.setup_time)
        future.add_done_callback(partial(self._stop_if_lost, worker, run))

    def recalled(self, runs: list[Run]) -> None:
        """Runs that had not begun go back to the queue, at no cost."""
        self._give_back(runs, counted=False, reason="it was taken back before it began")

    def lost(self, lane: Lane, worker: Worker, ending: Ending, runs: list[Run]) -> None:
        """A worker's process ended with these in it: each ends, or goes back to the queue (D20)."""
        waiting = [run for run in runs if run.began_at is None]
        self._give_back(waiting, counted=False, reason="its worker ended before it began")
        for run in runs:
            if run.began_at is not None:
                self._after_files(worker, run, (), partial(self._lost_running, lane, ending, run))

    def _lost_running(self, lane: Lane, ending: Ending, run: Run) -> None:
        self.ending.discard(run.assignment.prediction.id)
        if run.stop is not None:
            status, failure = self._stopped(run.stop, lane.version, run, ending.lines)
            self._finish(run, status, failure=failure, seconds=self._age(run))
        elif ending.killed_for not in (None, "protocol"):
            # Of one that is unhealthy nothing was running, whatever it had been sent.
            self._give_back([run], counted=ending.unhealthy is None, reason=_reason(ending))
        elif run.assignment.prediction.retried < lane.version.options.retries:
            why = "its worker ended and the version allows another try"
            self._give_back([run], counted=False, reason=why, retried=True)
        else:
            self._finish(run, Status.FAILED, failure=_death(ending, run), seconds=self._age(run))

    def _verdict(
        self, version: RunnableVersion, run: Run, done: protocol.Done
    ) -> tuple[Status, jsontext.JsonText | None, Failure | None]:
        if run.failure is not None:
            return Status.FAILED, None, run.failure
        if done.outcome == "succeeded":
            problems = version.schemas.output.problems(done.output, ("output",))
            if problems:
                return Status.FAILED, None, mismatch(problems, "The output", run)
            text = jsontext.dumps(done.output)
            return Status.SUCCEEDED, text if run.filing is None else run.filing.linked(text), None
        if done.outcome == "cancelled":
            status, failure = self._stopped(run.stop or Stop.CANCEL, version, run, [])
            return status, None, failure
        if done.unstored is not None:
            return Status.FAILED, None, _unstored(done, run)
        return (
            Status.FAILED,
            None,
            external(
                done.message or f"The model raised {done.type or 'an exception'}.",
                type=done.type,
                traceback=list(done.traceback),
                logs=list(run.lines),
            ),
        )

    def _finish(
        self,
        run: Run,
        status: Status,
        *,
        output: jsontext.JsonText | None = None,
        failure: Failure | None = None,
        seconds: float | None,
    ) -> None:
        outcome = Outcome(
            status=status,
            finished_at=self.now(),
            output=output,
            failure=None if failure is None else run.mask.failure(failure),
            started_at=run.began_at,
            execution_time=None if seconds is None else max(0, int(seconds * 1e6)),
            setup_time=run.setup_time,
            metrics=_metrics(run, seconds),
            items=run.items,
        )
        self.ending.add(run.assignment.prediction.id)
        if status is not Status.SUCCEEDED:
            self.clerk.discard(run)
        if run.journal is None:
            self._write(run, outcome, None)
        else:
            run.journal.close(partial(self._write, run, outcome))

    def _write(self, run: Run, outcome: Outcome, rest: Entry | None) -> None:
        if run.failure is not None and outcome.failure is not run.failure:
            # Its last items could not be written.
            outcome = replace(outcome, status=Status.FAILED, output=None, failure=run.failure)
        future = self.execution.finish(run.assignment, outcome, rest)
        future.add_done_callback(partial(self._written, run, outcome, rest))

    def _written(self, run: Run, outcome: Outcome, rest: Entry | None, future: asyncio.Future[Recorded]) -> None:
        if not future.cancelled() and future.exception() is not None:
            self.tasks.start_soon(self._write_again, run, outcome, rest, future.exception())
        elif not future.cancelled() and future.result() is Recorded.DIVERGED:
            run.failure = diverged()
            self._write(run, outcome, None)
        else:
            self.ending.discard(run.assignment.prediction.id)

    async def _write_again(self, run: Run, outcome: Outcome, rest: Entry | None, error: BaseException | None) -> None:
        """The store refused the end: try again, then say so in the prediction itself; a lease catches the rest."""
        rest = None if rest is None else rest.repeated()
        log.error("result not stored", exc_info=error, extra={"prediction": run.assignment.prediction.id})
        delay = 0.1
        for turn in range(WRITE_TRIES):
            await anyio.sleep(delay)
            delay *= 3
            if turn == WRITE_TRIES - 1:
                failure = internal("The result could not be stored.", type="storage", error=str(error))
                outcome, rest = Outcome(Status.FAILED, self.now(), failure=failure, started_at=outcome.started_at), None
            try:
                result = await self.execution.finish(run.assignment, outcome, rest)
            except Exception:
                log.exception("result not stored", extra={"prediction": run.assignment.prediction.id})
                continue
            if result is not Recorded.DIVERGED:
                break
            outcome, rest = replace(outcome, status=Status.FAILED, output=None, failure=diverged()), None
        self.ending.discard(run.assignment.prediction.id)

    def _give_back(self, runs: list[Run], *, counted: bool, reason: str, retried: bool = False) -> None:
        if runs:
            give = partial(self._hand_back, runs, counted=counted, reason=reason, retried=retried)
            self.tasks.start_soon(guarded, "hand back", give)

    async def _hand_back(self, runs: list[Run], *, counted: bool, reason: str, retried: bool) -> None:
        """Write what they have put out, then let them go."""
        for run in runs:
            if run.journal is not None and (rest := await _rest(run.journal)) is not None:
                await guarded("record", partial(_wait, self.execution.record(run.assignment, rest)))
        assignments = [run.assignment for run in runs]
        await self.execution.hand_back(assignments, counted=counted, reason=reason, retried=retried)

    def _stop_if_lost(self, worker: Worker, run: Run, future: asyncio.Future[bool]) -> None:
        if future.cancelled():
            return
        if (error := future.exception()) is not None:
            log.error("start not stored", exc_info=error, extra={"prediction": run.assignment.prediction.id})
        elif not future.result() and worker.runs.get(run.assignment.prediction.id) is run:
            # Cancelled meanwhile, or given to another: whatever comes of it is not wanted any more.
            worker.stop_run(run.assignment.prediction.id, Stop.CANCEL)

    def _stopped(
        self, stop: Stop, version: RunnableVersion, run: Run, lines: list[str]
    ) -> tuple[Status, Failure | None]:
        if run.failure is not None:
            return Status.FAILED, run.failure
        if stop is Stop.CANCEL:
            return Status.CANCELLED, None
        logs: list[JsonValue] = [*run.lines, *lines]
        if stop is Stop.LIMIT:
            limit = version.options.run_timeout or self.run_timeout
            message = f"It ran longer than its run limit of {limit:g} s."
            return Status.FAILED, external(message, type="run_timeout", limit="run", logs=logs)
        prediction = run.assignment.prediction
        life = ((prediction.deadline or prediction.created_at) - prediction.created_at) / 1e6
        message = f"It was stopped after its whole life of {life:g} s (Cancel-After)."
        return Status.CANCELLED, external(message, type="deadline", limit="life", logs=logs)

    def _age(self, run: Run) -> float:
        return 0.0 if run.began_at is None else max(0.0, (self.now() - run.began_at) / 1e6)


async def _rest(journal: Journal) -> Entry | None:
    """What a journal has not written, once it writes no more."""
    left: asyncio.Future[Entry | None] = asyncio.get_running_loop().create_future()
    journal.close(left.set_result)
    return await left


async def _wait(future: asyncio.Future[Recorded]) -> Recorded:
    return await future


def _metrics(run: Run, seconds: float | None) -> JsonObject:
    prediction = run.assignment.prediction
    metrics = dict(run.metrics)
    if run.began_at is not None:
        metrics["queue_time"] = max(0.0, (run.began_at - prediction.created_at) / 1e6)
    if run.setup_time is not None:
        metrics["setup_time"] = run.setup_time / 1e6
    if seconds is not None:
        metrics["predict_time"] = round(seconds, 6)
    return metrics


def _unstored(done: protocol.Done, run: Run) -> Failure:
    logs: list[JsonValue] = list(run.lines)
    message = done.message or "The output could not be stored."
    return internal(message, type="storage", logs=logs, **({"file": done.unstored} if done.unstored else {}))


def _death(ending: Ending, run: Run) -> Failure:
    logs = list[JsonValue]([*run.lines, *ending.lines][-KEPT_LINES:])
    how = describe_exit(ending.code)
    if ending.killed_for == "protocol":
        return external(f"The model's process broke the conversation: {logs[-1] if logs else how}", exit=how, logs=logs)
    own = ending.code is not None and (ending.code >= 0 or -ending.code in OWN_SIGNALS)
    make = external if own else internal
    hint = "" if own else ": it was killed from outside, or for the memory that it used"
    return make(f"The model's process ended during the prediction ({how}){hint}.", type="exit", exit=how, logs=logs)


def _reason(ending: Ending) -> str:
    if ending.killed_for == "shutdown":
        return "the server was stopped"
    if ending.unhealthy is not None:
        return f"its worker was unhealthy: {ending.unhealthy}"
    if ending.killed_for is not None and ending.killed_for.startswith("stop:"):
        return "its worker was killed because another prediction in it did not stop"
    return f"its worker was stopped ({ending.killed_for})"


def describe_exit(code: int | None) -> str:
    """How a process ended, in words: "exit code 3" or "SIGSEGV"."""
    if code is None:
        return "it never ran"
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def wall_clock() -> int:
    """The time in microseconds since the epoch."""
    return time.time_ns() // 1000
