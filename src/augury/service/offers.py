"""Free places in running workers, offered to creates so that a prediction can be stored already assigned.

The engine of this process offers; a create takes a place before it writes and hands the prediction over after the
commit. A hint that saves a claim, nothing more: without an offer, or if a place is lost, the queue does the same job.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from augury.domain.ids import WorkerId
from augury.domain.prediction import Assignment


@dataclass(frozen=True, slots=True)
class Place:
    """Room for one prediction in one worker, kept until it is used or released."""

    worker_id: WorkerId
    accept: Callable[[Assignment], None]
    """The prediction is committed with this worker as its own: send it."""
    release: Callable[[], None]
    """It was not committed: the room is free again."""


@dataclass(frozen=True, slots=True)
class Offers:
    """Where the engine says which versions have room here. Used from the event loop only."""

    _sources: dict[int, Callable[[], Place | None]] = field(default_factory=dict[int, Callable[[], "Place | None"]])

    def take(self, version_id: int) -> Place | None:
        """A free place for a prediction of this version, or None: then it is queued."""
        source = self._sources.get(version_id)
        return source() if source else None

    def open(self, version_id: int, source: Callable[[], Place | None]) -> None:
        """Ask `source` for places of this version from now on."""
        self._sources[version_id] = source

    def close(self, version_id: int) -> None:
        """This version has no worker here any more."""
        self._sources.pop(version_id, None)
