"""A prediction's stream on stdout, as it comes: text as it is, token by token, everything else a line of JSON each."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any

from augury.cli.following import Event
from augury.cli.output import on_terminal
from augury.cli.progress import Watched


def print_events(events: Iterable[Event], watched: Watched, *, as_json: bool) -> None:
    """Print items, or with `as_json` every event, until the last; raises BrokenPipeError where nobody reads on."""
    text = ""
    for event in events:
        if as_json:
            _put(json.dumps(dict(event), ensure_ascii=False) + "\n", watched)
        elif event["event"] == "output":
            text = _shown(event["data"])
            _put(text, watched)
    if text and not text.endswith("\n") and on_terminal():
        _put("\n", watched)


def _shown(item: Any) -> str:
    return item if isinstance(item, str) else json.dumps(item, ensure_ascii=False) + "\n"


def _put(text: str, watched: Watched) -> None:
    watched.stop()
    sys.stdout.write(text)
    sys.stdout.flush()
