"""Data on stdout, everything else on stderr.

What goes to a terminal is made for eyes, what goes into a pipe for programs: no colours, no cutting, tabs between
columns. Knows nothing about what is shown.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from augury.cli.failing import CommandFailed

_SEEN = {code: f"\\x{code:02x}" for code in (*range(9), 11, 12, *range(14, 32), *range(127, 160))}


@cache
def console() -> Console:
    """The person's side: stderr."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def on_terminal() -> bool:
    """Whether data is read by a person."""
    return sys.stdout.isatty()


def harmless(text: str) -> str:
    """Text whose control characters, other than those of lines and tabs, are seen and not obeyed."""
    return text.translate(_SEEN)


def for_stdout(text: str) -> str:
    """Text as it goes to stdout: harmless on a terminal, as it is in a pipe."""
    return harmless(text) if on_terminal() else text


def say(text: str, style: str = "") -> None:
    """A line for the person, on stderr."""
    console().print(Text(harmless(text), style=style))


def warn(text: str) -> None:
    """A warning for the person, on stderr."""
    console().print(Text.assemble(("warning: ", "yellow"), harmless(text)))


def show_failure(failure: CommandFailed) -> None:
    """Why a command did not do what it should, on stderr."""
    console().print(Text.assemble(("error: ", "red"), harmless(failure.message)))
    for line in failure.details:
        console().print(Text(harmless(f"  {line}"), style="dim"))
    if failure.hint:
        console().print(Text.assemble(("hint: ", "cyan"), harmless(failure.hint)))


def write(text: str) -> None:
    """One piece of data, as a line on stdout."""
    sys.stdout.write(for_stdout(text) + "\n")
    sys.stdout.flush()


def write_json(value: Any) -> None:
    """A JSON document on stdout."""
    write(json.dumps(value, ensure_ascii=False, indent=2))


def write_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Rows of text on stdout: drawn on a terminal, separated by tabs in a pipe."""
    if not on_terminal():
        for row in (columns, *rows):
            write("\t".join(" ".join(cell.split()) for cell in row))
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(harmless(cell)) for cell in row))
    Console(highlight=False).print(table)


def write_fields(fields: Iterable[tuple[str, str]]) -> None:
    """Names and values on stdout, one pair a line."""
    if not on_terminal():
        for name, value in fields:
            write(f"{name}\t{value}")
        return
    table = Table.grid(padding=(0, 2))
    for name, value in fields:
        table.add_row(Text(name, style="dim"), Text(harmless(value)))
    Console(highlight=False).print(table)


def bytes_text(size: int) -> str:
    """A size as a person reads it."""
    amount = float(size)
    for unit in ("bytes", "KiB", "MiB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} GiB"


def duration_text(duration: str | None) -> str:
    """A duration of the API ("PT1.204S") as a person reads it."""
    return "" if duration is None else duration.removeprefix("PT").lower()
