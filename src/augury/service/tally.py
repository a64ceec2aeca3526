"""What is counted as it happens, because no row remembers it: plain numbers for the metrics.

Whoever makes something happen adds to it; whoever answers /metrics reads. Used from the event loop only, so nothing is
locked, and adding costs next to nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from augury.domain.prediction import Status


@dataclass(slots=True, eq=False)
class Tally:
    """The counters of one process; they begin at zero with it, and never go down but for `streams`."""

    created: int = 0
    """Predictions stored."""
    ended: Counter[Status] = field(default_factory=Counter[Status])
    """Predictions ended, by how."""
    given_back: int = 0
    """Predictions returned to the queue."""
    worker_starts: int = 0
    worker_ends: Counter[str] = field(default_factory=Counter[str])
    """Worker processes that ended, by why: "idle", "crash" and so on."""
    restarts: int = 0
    """Workers that ended although nobody wanted them to."""
    late: int = 0
    """Results that came from a lost assignment and were discarded."""
    lost_leases: int = 0
    removed: int = 0
    """Predictions whose contents were removed, by their owner or for their age."""
    deleted: int = 0
    """Rows of predictions deleted for their age."""
    streams: int = 0
    """Streams open now."""
    answers: list[int] = field(default_factory=lambda: [0] * 6)
    """HTTP answers by the hundreds of their status."""
