"""Token buckets: how often something may be done, and when it may be done again.

A bucket is one number, the time at which it is full again, so that a rate is exact whatever the order of what comes,
and a full bucket need not be kept. Knows no clock: times are seconds of any clock that only goes forward.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field

_ROUNDING = 1e-6
"""Seconds that are nothing."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether there was a token, and what is left: `more_at` is when there is one more, or now in a full bucket."""

    allowed: bool
    limit: int
    remaining: int
    more_at: float


@dataclass(slots=True)
class Buckets:
    """A bucket for each key. Holds `burst` tokens and gets one each `interval` seconds.

    Those that are full again are dropped as others come, and beyond `most` those unused the longest.
    """

    interval: float
    burst: int
    most: int = 100_000
    _full_at: OrderedDict[Hashable, float] = field(default_factory=OrderedDict[Hashable, float], repr=False)

    def __len__(self) -> int:
        """How many buckets are kept."""
        return len(self._full_at)

    def spend(self, key: Hashable, now: float) -> Verdict:
        """Take a token, if there is one."""
        full_at = self._level(key, now) + self.interval
        if full_at - now > self.burst * self.interval + _ROUNDING:
            return self._verdict(full_at - self.interval, now, allowed=False)
        self._keep(key, full_at)
        self._drop(now)
        return self._verdict(full_at, now, allowed=True)

    def owe(self, key: Hashable, now: float) -> Verdict:
        """Take a token whether there is one or not: what is missing is paid for by those that come later."""
        full_at = self._level(key, now) + self.interval
        self._keep(key, full_at)
        self._drop(now)
        return self._verdict(full_at, now, allowed=True)

    def look(self, key: Hashable, now: float) -> Verdict:
        """What is there, with nothing taken."""
        return self._verdict(self._level(key, now), now, allowed=True)

    def put_back(self, key: Hashable) -> None:
        """Undo a `spend` that was allowed."""
        if key in self._full_at:
            self._full_at[key] -= self.interval

    def _level(self, key: Hashable, now: float) -> float:
        return max(self._full_at.get(key, now), now)

    def _keep(self, key: Hashable, full_at: float) -> None:
        self._full_at[key] = full_at
        self._full_at.move_to_end(key)

    def _drop(self, now: float) -> None:
        """Two for each that is added: however many came at once, they are gone before as many have come again."""
        for _ in range(2):
            oldest = next(iter(self._full_at))
            if len(self._full_at) <= self.most and self._full_at[oldest] > now:
                return
            del self._full_at[oldest]
            if not self._full_at:
                return

    def _verdict(self, full_at: float, now: float, *, allowed: bool) -> Verdict:
        span = self.burst * self.interval
        remaining = max(0, int((now + span - full_at + _ROUNDING) / self.interval))
        more_at = now if remaining >= self.burst else full_at + (remaining + 1) * self.interval - span
        return Verdict(allowed, self.burst, remaining, max(now, more_at))
