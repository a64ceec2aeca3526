"""What a running prediction puts out, written in one transaction that is guarded by its worker and attempt.

An attempt that follows another one begins its stream anew: what readers have been given cannot be taken back, so it
has to put out the same items, which are not written twice. Knows nothing about processes.
"""

from __future__ import annotations

from collections.abc import Sequence

from augury.domain.entry import Entry, Recorded
from augury.domain.event import FIRST_OUTPUT
from augury.domain.ids import WorkerId
from augury.domain.jsontext import JsonText
from augury.domain.prediction import Prediction
from augury.store import events, files, logs, queue
from augury.store.connection import Connection


class Diverged(Exception):
    """An item differs from the one that was put out before under its number."""


def record(c: Connection, prediction: Prediction, worker_id: WorkerId, entry: Entry) -> Recorded:
    """Write it, or nothing."""
    if not queue.holds(c, prediction.id, worker_id, prediction.attempt):
        return Recorded.LOST
    try:
        add(c, prediction, entry)
    except Diverged:
        return Recorded.DIVERGED
    return Recorded.DONE


def add(c: Connection, prediction: Prediction, entry: Entry) -> None:
    """Write what belongs to a prediction that is held; raises Diverged before anything is written."""
    first, items = entry.first_item, entry.items
    if items and (prediction.attempt > 1 or entry.again):
        known = _repeated(c, prediction, first, items)
        first, items = first + known, items[known:]
    if items:
        events.append(c, prediction.id, first, items)
    if not (entry.again and logs.ends_with(c, prediction.id, prediction.attempt, entry.lines)):
        logs.append(c, prediction.id, prediction.attempt, entry.lines)
    for file in entry.files:
        files.insert(c, file)
    if entry.metrics is not None:
        queue.set_metrics(c, prediction.id, entry.metrics)


def falls_short(c: Connection, prediction: Prediction, items: int) -> bool:
    """Whether an earlier attempt has put out more than the `items` of this one, which would not be its output then."""
    if not prediction.stream or prediction.attempt == 1:
        return False
    return events.last_number(c, prediction.id) >= FIRST_OUTPUT + items


def _repeated(c: Connection, prediction: Prediction, first: int, items: Sequence[JsonText]) -> int:
    """How many of the items an earlier attempt has put out already; raises Diverged where one differs."""
    known = 0
    while known < len(items):
        stored = events.after(c, prediction.id, first + known - 1, items=len(items) - known)
        if not stored:
            break
        if any(data != item for (_, data), item in zip(stored, items[known:], strict=False)):
            raise Diverged
        known += len(stored)
    return known
