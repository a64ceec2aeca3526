"""What is sent to webhooks: who wants to be told, what became of it, when to try again, and what is left out.

    due -> sending -> delivered | failed
     ^        |
     +--------+ (tried again later)        due -> superseded (something newer is sent instead)

Pure rules: knows no clock, no database and no network. Times are microseconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from augury.domain.ids import PredictionId
from augury.domain.prediction import Prediction, Status

ATTEMPTS = 15
"""How often a delivery is tried before it is given up."""
FIRST_DELAY = 1.0
LONGEST_DELAY = 3600.0
"""Seconds between two attempts, at least and at most."""
SECRET_PREFIX = "whsec_"  # noqa: S105 - how a secret begins whose rest is a key in base64 (Standard Webhooks)
PATIENCE = 1_000_000
"""Microseconds that a state waits unsent for before a newer one takes its place."""


Told = frozenset[Status] | None


@dataclass(frozen=True, slots=True)
class Webhook:
    """Who is told of each change of a prediction."""

    url: str
    secret: str | None = field(repr=False)
    receiver: str
    """Scheme, host and port: what is slow or down as a whole."""
    form: str | None = None
    """Whose form what is sent has, where it is not ours."""
    told: Told = None
    """Of which states alone; None: of each."""


class State(StrEnum):
    """Where a delivery is in its life."""

    DUE = "due"
    SENDING = "sending"
    DELIVERED = "delivered"
    FAILED = "failed"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try. Exactly one of status_code and error is set; `response` is the beginning of the answer's body."""

    number: int
    started_at: int
    duration: int
    status_code: int | None
    error: str | None
    response: str | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One state of a prediction, on its way to the one who wants to know."""

    id: str
    prediction_id: PredictionId
    number: int
    receiver: str
    status: Status
    changed_at: int
    state: State
    attempts: int
    """How often it was tried, since it was last sent off."""
    due_at: int | None
    ended_at: int | None
    setup_time: int | None = None
    execution_time: int | None = None
    tried: Sequence[Attempt] = ()


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that a sender has until `lease`, which also proves that it still has it."""

    id: str
    attempts: int
    lease: int


@dataclass(frozen=True, slots=True)
class Message:
    """All that a request to a webhook is made of; the prediction is as it was when it changed."""

    delivery: Delivery
    webhook: Webhook
    prediction: Prediction


@dataclass(frozen=True, slots=True)
class Record:
    """What came of one attempt; `due_at` for what is tried again."""

    claimed: Claimed
    attempt: Attempt
    state: State
    due_at: int | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one try: a status code, or why there is none."""

    status_code: int | None
    error: str | None = None
    response: str | None = None
    retry_after: float | None = None
    """Seconds that the receiver asked for."""


def retried(status_code: int | None) -> bool:
    """Whether such an answer may be another one later; None is no answer at all."""
    if status_code is None:
        return True
    return status_code in (408, 429) or not (200 <= status_code < 300 or 400 <= status_code < 500)


def delay(attempts: int, random: Callable[[], float]) -> float:
    """Seconds to wait after so many attempts: doubled each time, and up to a quarter more or less of it."""
    # Bounded before it is raised: two to the power of what a row may hold is no number to work with.
    usual = min(FIRST_DELAY * 2.0 ** min(attempts - 1, 20), LONGEST_DELAY)
    return min(usual * (0.75 + 0.5 * random()), LONGEST_DELAY)


def after(attempts: int, answer: Answer, random: Callable[[], float]) -> tuple[State, float | None]:
    """The state after attempt number `attempts`, and for what is tried again in how many seconds."""
    code = answer.status_code
    if code is not None and 200 <= code < 300:
        return State.DELIVERED, None
    if not retried(code) or attempts >= ATTEMPTS:
        return State.FAILED, None
    wait = delay(attempts, random)
    if code in (429, 503) and answer.retry_after is not None:
        wait = min(max(wait, answer.retry_after), LONGEST_DELAY)
    return State.DUE, wait


def gives_way(*, attempts: int, changed_at: int, now: int) -> bool:
    """Whether a delivery that is still due is left out once there is a newer one of its prediction.

    The newest one never is, and a terminal state is always the newest.
    """
    return attempts > 0 or changed_at < now - PATIENCE
