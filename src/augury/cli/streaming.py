"""A prediction's stream on stdout, as it comes.

    text as it is, token by token          files and other items, one a line          or each event as JSON, one a line

Knows how items look, not where they come from.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from augury.cli.files import is_file
from augury.cli.following import Event
from augury.cli.output import for_stdout, on_terminal

Change = Callable[[Any], Any]


class Printer:
    """Prints the items of a stream, each at once; raises BrokenPipeError where nobody reads on."""

    def __init__(self, change: Change, *, as_json: bool = False) -> None:
        """`change` makes of an item what is shown of it; with `as_json` every event is shown, whole."""
        self._change = change
        self._as_json = as_json
        self._in_line = False

    def event(self, event: Event) -> None:
        """Print one event."""
        if self._as_json:
            data = self._change(event["data"]) if event["event"] == "output" else event["data"]
            self._line(json.dumps({**event, "data": data}, ensure_ascii=False))
        elif event["event"] == "output":
            self.item(event["data"])

    def item(self, item: Any) -> None:
        """Print one item."""
        shown = self._change(item)
        if not isinstance(item, str):
            self._line(json.dumps(shown, ensure_ascii=False))
        elif is_file(item) or shown != item:
            self._line(shown)
        elif item:
            self._write(item)
            self._in_line = not item.endswith("\n")

    def end(self) -> None:
        """Leave no line open on a terminal; in a pipe text stays exactly what it was."""
        if self._in_line and on_terminal():
            self._write("\n")
        self._in_line = False

    def _line(self, text: str) -> None:
        self._write(("\n" if self._in_line else "") + text + "\n")
        self._in_line = False

    def _write(self, text: str) -> None:
        sys.stdout.write(for_stdout(text))
        sys.stdout.flush()
