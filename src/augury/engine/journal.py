"""What a run puts out while it goes on: items, lines and metrics, written in batches, the rest with its end.

    item, line, metric -> pending -> one write at a time -> ... -> close: what is left goes with the end

Bounded: lines over the limit are dropped with one line that says so, and a worker whose runs have too much pending is
not read until the store has caught up. Knows nothing about what items mean.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from augury.domain.entry import Entry, Recorded
from augury.domain.event import FIRST_OUTPUT
from augury.domain.file import StoredFile
from augury.domain.jsontext import JsonText
from augury.domain.logline import Line
from augury.engine.pressure import Pressure
from augury.engine.pump import Pump
from augury.engine.quota import Quota

BATCH_ITEMS = 500
BATCH_SIZE = 1 << 20
"""Characters of items in one write, but for a single bigger one."""
METRICS_SECONDS = 0.25
"""How often what a run has recorded is shown while it goes on."""


@dataclass(slots=True)
class _Pending:
    items: list[JsonText] = field(default_factory=list[JsonText])
    lines: list[Line] = field(default_factory=list[Line])
    files: list[StoredFile] = field(default_factory=list[StoredFile])


class Journal:
    """Of one run. `write` records an entry; `refused` is told of one that the store did not take, or could not."""

    def __init__(
        self,
        write: Callable[[Entry], asyncio.Future[Recorded]],
        refused: Callable[[Recorded | BaseException], None],
        metrics: Callable[[], JsonText],
        pressure: Pressure,
    ) -> None:
        self.failed: BaseException | None = None
        """Why the store does not take any more of it."""
        self._write = write
        self._refused = refused
        self._metrics = metrics
        self._pressure = pressure
        self._pending = _Pending()
        self._number = FIRST_OUTPUT
        self._quota = Quota()
        self._measured = False
        self._shown_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._pump = Pump(self._take, self._record, self._recorded, self._broken)

    def items(self, items: Sequence[JsonText], files: Sequence[StoredFile] = ()) -> None:
        """It has yielded these, with files that are written no later than they."""
        if (items or files) and self.failed is None:
            self._pending.items.extend(items)
            self._pending.files.extend(files)
            self._pressure.add(sum(map(len, items)))
            self._pump.more()

    def line(self, line: Line) -> None:
        """It has written a line."""
        if self.failed is not None:
            return
        for kept in self._quota.admit(line):
            self._pending.lines.append(kept)
            self._pressure.add(len(kept.text))
            self._pump.more()

    def measured(self) -> None:
        """What it has recorded is new; shown soon, but not each time."""
        self._measured = True
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(max(loop.time(), self._shown_at + METRICS_SECONDS), self._show)

    def close(self, end: Callable[[Entry | None], None]) -> None:
        """It has ended: call `end` with what is still to be written, once nothing else is being written."""
        if self._timer is not None:
            self._timer.cancel()
        self._pump.stop(lambda: end(self._rest()))

    def _show(self) -> None:
        self._timer = None
        self._pump.more()

    def _take(self) -> Entry | None:
        pending = self._pending
        items = _first(pending.items)
        lines = pending.lines[:BATCH_ITEMS]
        metrics = None
        if self._measured and self._timer is None:
            self._measured = False
            self._shown_at = asyncio.get_running_loop().time()
            metrics = self._metrics()
        if not items and not lines and metrics is None and not pending.files:
            return None
        del pending.items[: len(items)]
        del pending.lines[: len(lines)]
        files, pending.files = pending.files, []
        return self._entry(items, lines, metrics, files)

    def _entry(
        self, items: list[JsonText], lines: list[Line], metrics: JsonText | None, files: list[StoredFile]
    ) -> Entry:
        entry = Entry(self._number, items, lines, metrics, tuple(files))
        self._number += len(items)
        return entry

    def _rest(self) -> Entry | None:
        items, lines, files = self._pending.items, self._pending.lines, self._pending.files
        self._pending = _Pending()
        entry = self._entry(items, lines, None, files) if items or lines or files else None
        if entry is not None:
            self._release(entry)
        return entry

    def _record(self, entry: Entry, again: bool) -> asyncio.Future[Recorded]:
        return self._write(entry.repeated() if again else entry)

    def _recorded(self, entry: Entry, result: Recorded) -> None:
        self._release(entry)
        if result is not Recorded.DONE:
            self._refused(result)

    def _broken(self, entry: Entry, error: BaseException) -> None:
        self._release(entry)
        self.failed = error
        self._rest()
        self._refused(error)

    def _release(self, entry: Entry) -> None:
        self._pressure.remove(sum(map(len, entry.items)) + sum(len(line.text) for line in entry.lines))


def _first(items: list[JsonText]) -> list[JsonText]:
    """As many as one write takes."""
    size = 0
    for count, item in enumerate(items[:BATCH_ITEMS]):
        size += len(item)
        if size > BATCH_SIZE and count:
            return items[:count]
    return items[:BATCH_ITEMS]
