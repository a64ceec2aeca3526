"""How many predictions may wait for a worker: of one version, and of one account. Off unless somebody set a number.

Counted in the transaction that stores one more, so that the bound is exact however many come at once; what a worker
has room for at once waits for nobody and is not counted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from augury.domain.errors import TooManyRequests
from augury.domain.ids import AccountId, made_at
from augury.domain.prediction import Prediction
from augury.service.runnable import RunnableVersion
from augury.store import quotas
from augury.store.connection import Connection
from augury.store.quotas import Waiting

LONGEST_SECONDS = 60.0
"""The longest that a caller is told to wait: by then the queue may look different."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What holds for one prediction; None: no bound."""

    per_version: int | None
    per_account: int | None

    def refusal(self, c: Connection, prediction: Prediction) -> TooManyRequests | None:
        """Why it may not wait with the others, or None where it may."""
        if self.per_version is not None:
            found = quotas.of_version(c, prediction.version_id, self.per_version)
            if found.count >= self.per_version:
                model = prediction.model
                name = f"{model.owner}/{model.name}:{model.version_number}"
                return _full(f"The queue of {name} is full", self.per_version, found, prediction.created_at)
        if self.per_account is not None:
            found = quotas.of_account(c, AccountId(prediction.account_id), self.per_account)
            if found.count >= self.per_account:
                return _full("Your account's queue is full", self.per_account, found, prediction.created_at)
        return None


@dataclass(frozen=True, slots=True)
class Quotas:
    """What the operator has set."""

    per_version: int | None = None
    per_account: int | None = None

    def bounds(self, version: RunnableVersion) -> Bounds | None:
        """What holds for a prediction of this version: the smaller of the operator's bound and its own."""
        own = version.options.max_queue
        if own is None and self.per_version is None and self.per_account is None:
            return None
        per_version = min((one for one in (own, self.per_version) if one is not None), default=None)
        return Bounds(per_version, self.per_account)


def _full(what: str, limit: int, found: Waiting, now: int) -> TooManyRequests:
    """`now` is in microseconds since the epoch.

    Where as many come as go, the oldest has seen all before it go: one place is free in its share of that time.
    """
    waited = 0.0 if found.oldest is None else max(0.0, now / 1e6 - made_at(found.oldest))
    pause = min(LONGEST_SECONDS, max(1.0, waited / max(1, found.count)))
    return TooManyRequests(
        f"{what}: {limit} predictions wait for a worker.",
        code="queue_full",
        limit=limit,
        reset=math.ceil(now / 1e6 + pause),
        hint="Nothing was stored. Wait until the time in x-ratelimit-reset, in Unix seconds, and send it again.",
    )
