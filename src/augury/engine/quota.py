"""How much may be logged by one attempt, or one worker's setup: what is over it is dropped, and said so once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from augury.domain.logline import LINE_LIMIT, RUN_LIMIT, Line

CUT = "… [line cut]"


@dataclass(slots=True)
class Quota:
    """What is left of it."""

    used: int = 0

    def admit(self, line: Line) -> Iterator[Line]:
        """The line, cut if it is long; in its place, once, a line that says that the rest is dropped; then nothing."""
        before = self.used
        text = line.text if len(line.text) <= LINE_LIMIT + len(CUT) else line.text[:LINE_LIMIT] + CUT
        self.used += len(text) + 1
        if self.used <= RUN_LIMIT:
            yield line if text is line.text else replace(line, text=text)
        elif before <= RUN_LIMIT:
            yield Line(line.time, "logging", f"More than {RUN_LIMIT >> 20} MiB of log: the rest is dropped.")
