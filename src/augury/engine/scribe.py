"""What workers put out, line by line and item by item -> the journals of their runs and of their setups.

Each item is checked against the version's schema before anybody sees it; one that does not fit, or that the store
cannot take, stops its run with the failure that says why. Knows nothing about how runs end.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from augury.domain import jsontext
from augury.domain.entry import Recorded
from augury.domain.errors import Problem
from augury.domain.ids import WorkerId
from augury.domain.jsontext import JsonText, JsonValue
from augury.domain.logline import Line
from augury.domain.prediction import Failure, external, internal
from augury.engine.journal import Journal
from augury.engine.pressure import Pressure
from augury.engine.pump import Pump
from augury.engine.quota import Quota
from augury.engine.run import Run, Stop
from augury.engine.worker import State, Worker
from augury.service.execution import Execution
from augury.service.models import RunnableVersion

log = logging.getLogger(__name__)

PROBLEMS_SHOWN = 20
SETUP_BATCH = 500


@dataclass(frozen=True)
class Scribe:
    """Makes journals as they are needed. Use from the event loop only."""

    execution: Execution
    _pressures: dict[WorkerId, Pressure] = field(default_factory=dict[WorkerId, Pressure])
    _setups: dict[WorkerId, _SetupLog] = field(default_factory=dict[WorkerId, "_SetupLog"])

    def output(self, version: RunnableVersion, worker: Worker, run: Run, items: Sequence[JsonValue]) -> None:
        """A run has yielded these."""
        if run.filing is not None and run.filing.failure is not None:
            self.fail(worker, run, run.filing.failure)
        if not run.assignment.prediction.stream or run.failure is not None:
            return
        schema = version.schemas.stream_output
        texts: list[JsonText] = []
        for item in items:
            problems = [] if schema is None else schema.problems(item, ("output", run.items))
            if problems:
                self.fail(worker, run, mismatch(problems, "An item of the stream", run))
                break
            text = jsontext.dumps(item)
            texts.append(text if run.filing is None else run.filing.linked(text))
            run.items += 1
        self.journal(worker, run).items(texts, () if run.filing is None else run.filing.take())

    def line(self, version_id: int, worker: Worker, run: Run | None, line: Line) -> None:
        """A run, or the setup of a worker, has written a line."""
        if run is not None:
            self.journal(worker, run).line(line)
        elif worker.state is State.STARTING:
            setup = self._setups.get(worker.id)
            if setup is None:
                setup = self._setups[worker.id] = _SetupLog(self.execution, worker.id, version_id)
            setup.line(line)

    def measured(self, worker: Worker, run: Run) -> None:
        """What a run has recorded is new."""
        self.journal(worker, run).measured()

    def journal(self, worker: Worker, run: Run) -> Journal:
        """Where what a run puts out goes."""
        if run.journal is None:
            run.journal = Journal(
                partial(self.execution.record, run.assignment),
                partial(self._refused, worker, run),
                lambda: jsontext.dumps(run.metrics),
                self.pressure(worker),
            )
        return run.journal

    def fail(self, worker: Worker, run: Run, failure: Failure) -> None:
        """Stop a run whose end can only be this."""
        if run.failure is None:
            run.failure = run.mask.failure(failure)
            worker.stop_run(run.assignment.prediction.id, Stop.FAILURE)

    def ready(self, worker: Worker) -> None:
        """Its setup is over."""
        setup = self._setups.pop(worker.id, None)
        if setup is not None:
            setup.close()

    def gone(self, worker: Worker) -> None:
        """It has ended."""
        self.ready(worker)
        self._pressures.pop(worker.id, None)

    def _refused(self, worker: Worker, run: Run, why: Recorded | BaseException) -> None:
        if why is Recorded.LOST:
            # Given to another meanwhile: whatever comes of it is not wanted any more.
            worker.stop_run(run.assignment.prediction.id, Stop.CANCEL)
        elif why is Recorded.DIVERGED:
            self.fail(worker, run, diverged())
        elif isinstance(why, BaseException):
            log.error("output not stored", exc_info=why, extra={"prediction": run.assignment.prediction.id})
            self.fail(worker, run, internal("What it put out could not be stored.", type="storage", error=str(why)))

    def pressure(self, worker: Worker) -> Pressure:
        """What slows a worker whose runs put out more than is written."""
        known = self._pressures.get(worker.id)
        if known is None:
            known = self._pressures[worker.id] = Pressure(worker.pause, worker.resume)
        return known


class _SetupLog:
    """The lines of one worker's setup."""

    def __init__(self, execution: Execution, worker_id: WorkerId, version_id: int) -> None:
        self._execution = execution
        self._worker_id = worker_id
        self._version_id = version_id
        self._quota = Quota()
        self._lines: list[Line] = []
        self._pump = Pump(self._take, self._write, self._done, self._broken)

    def line(self, line: Line) -> None:
        self._lines.extend(self._quota.admit(line))
        self._pump.more()

    def close(self) -> None:
        """Write what is left."""
        self._pump.more()

    def _take(self) -> list[Line] | None:
        batch = self._lines[:SETUP_BATCH]
        del self._lines[:SETUP_BATCH]
        return batch or None

    def _write(self, batch: list[Line], again: bool) -> asyncio.Future[None]:
        return self._execution.record_setup(self._worker_id, self._version_id, batch, again=again)

    def _done(self, batch: list[Line], result: None) -> None:
        """They are written."""

    def _broken(self, batch: list[Line], error: BaseException) -> None:
        log.error("setup log not stored", exc_info=error, extra={"worker": self._worker_id, "lines": len(batch)})


def mismatch(problems: Sequence[Problem], what: str, run: Run) -> Failure:
    """The failure of a run whose output does not fit the version's schema."""
    shown: list[JsonValue] = [one.to_json() for one in problems[:PROBLEMS_SHOWN]]
    where = ".".join(str(part) for part in problems[0].loc)
    return external(
        f"{what} does not fit the version's schema: {where}: {problems[0].msg}",
        type="output_mismatch",
        problems=shown,
        logs=list[JsonValue](run.lines),
    )


def diverged() -> Failure:
    """The failure of a run that repeats an earlier one and puts out something else."""
    return internal(
        "It was run again after the platform lost it, and its stream was not the same as what was already given out.",
        type="stream_diverged",
    )
