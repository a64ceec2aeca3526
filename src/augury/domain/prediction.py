"""A prediction: its states, and the only table of allowed transitions.

    pending ---> starting ---> started ---> succeeded | failed | cancelled
       |            |             |
       |            |             +--- given back ---> pending      (its node or lease was lost)
       +------------+--- cancelled | failed | abandoned

A warm worker skips `starting`. Terminal is final. Being given back is the one way backwards (D20).
Knows no clock and no database: times are microseconds since the epoch, passed in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from augury.domain.ids import AccountId, PredictionId, WorkerId
from augury.domain.jsontext import JsonObject, JsonText, JsonValue


class Status(StrEnum):
    """Where a prediction is in its life."""

    PENDING = "pending"
    """Queued."""
    STARTING = "starting"
    """Queued, and a worker for its version is being started for it."""
    STARTED = "started"
    """predict() is running."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    ABANDONED = "abandoned"
    """Never started before its deadline, or lost by the platform with no attempt left."""


TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.PENDING: frozenset(
        {Status.STARTING, Status.STARTED, Status.SUCCEEDED, Status.FAILED, Status.CANCELLED, Status.ABANDONED}
    ),
    Status.STARTING: frozenset(
        {
            Status.PENDING,
            Status.STARTED,
            Status.SUCCEEDED,
            Status.FAILED,
            Status.CANCELLED,
            Status.ABANDONED,
        }
    ),
    Status.STARTED: frozenset({Status.PENDING, Status.SUCCEEDED, Status.FAILED, Status.CANCELLED, Status.ABANDONED}),
    Status.SUCCEEDED: frozenset(),
    Status.FAILED: frozenset(),
    Status.CANCELLED: frozenset(),
    Status.ABANDONED: frozenset(),
}
"""Which state may follow which. A short prediction may end before its `started` was ever written."""

ACTIVE = (Status.PENDING, Status.STARTING, Status.STARTED)
QUEUED = (Status.PENDING, Status.STARTING)
TERMINAL = (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED, Status.ABANDONED)


def sources(target: Status) -> tuple[Status, ...]:
    """The states from which `target` may be reached, in the order of a life."""
    return tuple(status for status, targets in TRANSITIONS.items() if target in targets)


@dataclass(frozen=True, slots=True)
class ModelRef:
    """The version a prediction runs on, as callers see it."""

    owner: str
    name: str
    version_number: int


@dataclass(frozen=True, slots=True)
class Prediction:
    """One prediction as it is stored. Times are microseconds since the epoch, durations microseconds."""

    id: PredictionId
    account_id: AccountId
    version_id: int
    model: ModelRef
    status: Status
    created_at: int
    updated_at: int
    input: JsonText | None
    output: JsonText | None = None
    error: JsonText | None = None
    metrics: JsonText | None = None
    stream: bool = False
    started_at: int | None = None
    finished_at: int | None = None
    setup_time: int | None = None
    execution_time: int | None = None
    worker_id: WorkerId | None = None
    attempt: int = 0
    """How often it was handed to a worker: the fence against late results."""
    given_back: int = 0
    start_deadline: int | None = None
    deadline: int | None = None
    cancel_requested_at: int | None = None
    webhook: bool = False
    """Whether somebody is told of each change."""
    removed_at: int | None = None
    """When its contents were removed."""
    retried: int = 0
    """How often it was tried again because its worker ended and its version allows that."""
    starting_at: int | None = None
    """When it began to wait for the setup of a worker that was started for it."""

    @property
    def finished(self) -> bool:
        """Whether the state is terminal."""
        return self.status in TERMINAL


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a prediction did not succeed: `source` is external (the model or its input) or internal (the platform)."""

    source: str
    message: str
    detail: JsonObject

    def to_json(self) -> dict[str, JsonValue]:
        """The error as callers see it."""
        return {"source": self.source, "message": self.message, "detail": self.detail or None}


def external(message: str, **detail: JsonValue) -> Failure:
    """The model's code or its input caused it (D11)."""
    return Failure("external", message, detail)


def internal(message: str, **detail: JsonValue) -> Failure:
    """The platform caused it (D11)."""
    return Failure("internal", message, detail)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one run ended, as the engine reports it. Exactly one of output and failure is set, but for `cancelled`."""

    status: Status
    finished_at: int
    output: JsonText | None = None
    failure: Failure | None = None
    started_at: int | None = None
    execution_time: int | None = None
    setup_time: int | None = None
    metrics: JsonObject | None = None
    items: int = 0
    """How many items its stream has had, in this attempt."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """A prediction handed to a worker: what is sent, and what proves later that the result is this attempt's."""

    prediction: Prediction
    input: JsonObject = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Values in the input that must not be seen in what its run says."""
    files: dict[str, list[str]] = field(default_factory=dict[str, list[str]], repr=False)
    """Links in the input that lead to files of this machine: path, name and content type."""
