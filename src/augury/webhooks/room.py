"""How many requests may be under way at once, all receivers together.

Each receiver has one for itself, whatever the others do: those that hang, and there may be many, cannot take all there
is. What is over that comes from what all share.
"""

from __future__ import annotations

from typing import Protocol

SHARED = 128
"""Requests under way that all receivers share; the first of each receiver counts, but is not refused for it."""
MOST = 1024
"""Requests under way, whatever happens: each is a connection."""


class Waiting(Protocol):
    """Who wants to hear when there is room."""

    def wake(self) -> None: ...


class Room:
    """Counts what is under way. From the event loop only."""

    def __init__(self, shared: int = SHARED, most: int = MOST) -> None:
        self._shared = shared
        self._most = most
        self._taken = 0
        # A dict keeps the order.
        self._waiting: dict[Waiting, None] = {}

    def take(self, wanted: int, *, holds: bool) -> int:
        """Up to `wanted` places; at least one for who `holds` none, while there is one."""
        left = max(self._shared - self._taken, 0 if holds else 1)
        got = min(wanted, left, max(0, self._most - self._taken))
        self._taken += got
        return got

    def wait(self, who: Waiting) -> None:
        """Wake this one when a place becomes free: it could use more than it got."""
        self._waiting[who] = None

    def release(self, places: int) -> None:
        """Give places back."""
        self._taken -= places
        if places and self._waiting:
            who = next(iter(self._waiting))
            del self._waiting[who]
            who.wake()
