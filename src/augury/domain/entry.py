"""What one write adds to a prediction that runs: items of its stream, log lines, what is known of its progress."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from augury.domain.event import FIRST_OUTPUT
from augury.domain.file import StoredFile
from augury.domain.jsontext import JsonText
from augury.domain.logline import Line


@dataclass(frozen=True, slots=True)
class Entry:
    """Items are numbered from `first_item` on, over one attempt; metrics replace those that were written before."""

    first_item: int = FIRST_OUTPUT
    items: Sequence[JsonText] = ()
    lines: Sequence[Line] = ()
    metrics: JsonText | None = None
    files: Sequence[StoredFile] = ()
    """Whose bytes are stored."""
    again: bool = False
    """Whether it may have been written before, by a write whose answer was lost."""

    def repeated(self) -> Entry:
        """The same, for another try."""
        return replace(self, again=True)


class Recorded(StrEnum):
    """What became of a write that belongs to one attempt."""

    DONE = "done"
    LOST = "lost"
    """The prediction is no longer this worker's in this attempt: nothing was written."""
    DIVERGED = "diverged"
    """An item differs from the one that an earlier attempt has put out under its number: nothing was written."""
