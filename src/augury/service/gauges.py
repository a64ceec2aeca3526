"""Every number that is shown to whoever watches: its name, what it means, and its values now.

    the rows, in one short read + the tally of this process --> families of samples

The one list of metrics: docs/operations.md describes exactly these. Knows nothing about the format they are shown in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from augury.domain.prediction import TERMINAL
from augury.service.settled import Settled
from augury.service.tally import Tally
from augury.store import gauges as rows
from augury.store.database import Database

STATES = ("starting", "ready", "draining")


@dataclass(frozen=True, slots=True)
class Family:
    """One metric: its samples are (values of the labels, value)."""

    name: str
    kind: Literal["gauge", "counter"]
    help: str
    labels: tuple[str, ...] = ()
    samples: list[tuple[tuple[str, ...], float]] = field(default_factory=list[tuple[tuple[str, ...], float]])


@dataclass(frozen=True)
class Metrics:
    """Reads them. `started_at` and `now` are in microseconds since the epoch."""

    db: Database
    tally: Tally
    settled: Settled
    now: Callable[[], int]
    started_at: int
    version: str

    async def read(self) -> list[Family]:
        """All of them, as they are now."""
        found = await self.db.read(rows.read)
        return [*self._of_store(found), *self._of_process()]

    def _of_store(self, found: rows.Gauges) -> Iterator[Family]:
        now = self.now()
        each = found.versions
        yield Family(
            "augury_queue_predictions",
            "gauge",
            "Predictions that wait for a worker.",
            ("version",),
            [((one.model,), one.queued) for one in each],
        )
        yield Family(
            "augury_queue_oldest_seconds",
            "gauge",
            "How long the oldest queued prediction has waited; 0 where none does.",
            ("version",),
            [((one.model,), _age(now, one.oldest_at)) for one in each],
        )
        yield Family(
            "augury_running_predictions",
            "gauge",
            "Predictions that a worker has: they run, or are about to.",
            ("version",),
            [((one.model,), one.assigned) for one in each],
        )
        yield Family(
            "augury_workers",
            "gauge",
            "Worker processes by state.",
            ("version", "state"),
            [((one.model, state), one.workers.get(state, 0)) for one in each for state in STATES],
        )
        yield _gauge("augury_deliveries_open", "Deliveries to webhooks that are still to be made.", found.deliveries)
        yield _gauge(
            "augury_deliveries_late_seconds",
            "How long the delivery that is due first has been due; 0 where none is.",
            _age(now, found.oldest_delivery),
        )
        yield _gauge("augury_database_bytes", "Size of the database.", found.size)

    def _of_process(self) -> Iterator[Family]:
        tally = self.tally
        yield Family(
            "augury_predictions_ended_total",
            "counter",
            "Predictions that ended, by their status.",
            ("status",),
            [((status.value,), tally.ended[status]) for status in TERMINAL],
        )
        yield _counter(
            "augury_predictions_given_back_total",
            "Predictions returned to the queue, because their worker or node was lost or was stopped.",
            tally.given_back,
        )
        yield _counter("augury_late_results_total", "Results of lost assignments: they were discarded.", tally.late)
        yield _counter("augury_worker_starts_total", "Worker processes started.", tally.worker_starts)
        yield Family(
            "augury_worker_ends_total",
            "counter",
            "Worker processes that ended, by why: retired, crash, setup, unhealthy, stop, shutdown, protocol, lease.",
            ("reason",),
            [((reason,), count) for reason, count in sorted(tally.worker_ends.items())],
        )
        yield _counter("augury_worker_restarts_total", "Workers that ended although nobody wanted it.", tally.restarts)
        yield _counter("augury_lost_leases_total", "How often this node was taken for lost.", tally.lost_leases)
        yield _counter(
            "augury_predictions_removed_total",
            "Predictions whose contents were removed, by their owner, for their age or for the size.",
            tally.removed,
        )
        yield _counter("augury_predictions_deleted_total", "Predictions forgotten altogether.", tally.deleted)
        yield _gauge("augury_holds_open", "Requests that wait for the end of a prediction.", self.settled.waiting)
        yield _gauge("augury_streams_open", "Streams that are being read.", tally.streams)
        yield Family(
            "augury_http_answers_total",
            "counter",
            "Answers by the hundreds of their status.",
            ("status",),
            [((f"{hundreds}xx",), tally.answers[hundreds]) for hundreds in range(2, 6)],
        )
        yield _gauge("augury_started_timestamp_seconds", "When the server was started.", self.started_at / 1e6)
        yield Family("augury_build_info", "gauge", "The version of the server.", ("version",), [((self.version,), 1)])


def _gauge(name: str, help: str, value: float) -> Family:
    return Family(name, "gauge", help, (), [((), value)])


def _counter(name: str, help: str, value: float) -> Family:
    return Family(name, "counter", help, (), [((), value)])


def _age(now: int, since: int | None) -> float:
    return 0.0 if since is None else max(0.0, (now - since) / 1e6)
