"""TOML that a person wrote, read strictly: each complaint names the file, the line, the key and what was expected.

    text --parse--> Table --integer, seconds, text, …--> values

Knows nothing about which keys there are.
"""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, cast

from augury.packaging.errors import ProjectError
from augury.quantities import parse_seconds


@dataclass(frozen=True)
class Source:
    """TOML text and where it stands: a whole file, or some lines of one."""

    text: str
    file: str
    offset: int = 0
    """Lines of the file before the text."""

    def line_of(self, table: str, key: str) -> int | None:
        """The line that sets `key` of `table`, as well as can be told without a full parse."""
        header = ""
        setting = re.compile(rf'\s*"?{re.escape(key)}"?\s*[.=]')
        for number, line in enumerate(self.text.split("\n"), self.offset + 1):
            if match := re.match(r"\s*\[+\s*([^\]]+?)\s*\]", line):
                header = match[1].replace('"', "").replace(" ", "")
                if header == f"{table}.{key}".lstrip("."):
                    return number
            elif header == table and setting.match(line):
                return number
        # A table in braces stands where its own name is set.
        outer, _, inner = table.rpartition(".")
        return (self.line_of(outer, inner) if inner else None) or self.line_with(key)

    def line_with(self, words: str) -> int | None:
        """The first line that has `words` in it."""
        for number, line in enumerate(self.text.split("\n"), self.offset + 1):
            if words in line:
                return number
        return None


def parse(source: Source) -> Table:
    """The top table; raises ProjectError with the line of a syntax error."""
    try:
        return Table(tomllib.loads(source.text), source)
    except tomllib.TOMLDecodeError as error:
        words = str(error)
        place = re.search(r" \(at line (\d+), column \d+\)", words)
        line = int(place[1]) if place else len(source.text.split("\n"))
        words = words[: place.start()] if place else words
        raise ProjectError(f"no valid TOML: {words}", file=source.file, line=source.offset + line) from None
    except (ValueError, RecursionError):  # a number of thousands of digits, a thousand tables in each other
        raise ProjectError("no TOML that can be read: a value is too big or too deep", file=source.file) from None


@dataclass(frozen=True)
class Table:
    """One table and where it stands; a key that is missing gives the default."""

    values: Mapping[str, Any]
    source: Source
    path: str = ""

    def refuse_others(self, known: Iterable[str]) -> None:
        """Raise ProjectError for a key that is not in `known`."""
        known = tuple(known)
        for key in self.values:
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
                hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
                self.complain(key, f"{self._named(key)} is not known", hint)

    def table(self, key: str) -> Table:
        """A table in this one; an empty one where it is missing."""
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            self.expected(key, "a table")
        return Table(cast("dict[str, Any]", value), self.source, f"{self.path}.{key}".lstrip("."))

    def text(self, key: str, default: str | None = None) -> str | None:
        """A string that is not empty."""
        value = self.values.get(key, default)
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip():
            self.expected(key, "a text")
        return value.strip()

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings."""
        values = self.values.get(key, [])
        if not isinstance(values, list):
            self.expected(key, "a list of texts")
        for value in cast("list[object]", values):
            if not isinstance(value, str) or not value.strip():
                self.expected(key, "a list of texts", value)
        return tuple(value.strip() for value in cast("list[str]", values))

    def flag(self, key: str) -> bool:
        """True or false; false where it is missing."""
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            self.expected(key, "true or false")
        return value

    def integer(self, key: str, default: int, *, least: int, most: int) -> int:
        """A whole number between two bounds."""
        value = self.values.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            self.expected(key, f"a whole number from {least} to {most:,}")
        return value

    def seconds(self, key: str, *, least: float = 0.001, most: float = 30 * 86400) -> float | None:
        """A duration: a number of seconds, or text such as "5m"."""
        value = self.values.get(key)
        if value is None:
            return None
        try:
            seconds = parse_seconds(value)
        except ValueError:
            seconds = None
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not least <= seconds <= most:
            self.expected(key, f'a number of seconds, or one with a unit such as "5m", from {least:g} s to {most:g} s')
        return float(seconds)

    def expected(self, key: str, what: str, *found: object) -> NoReturn:
        """Raise ProjectError: `key` should have been `what`."""
        value = found[0] if found else self.values.get(key)
        self.complain(key, f"{self._named(key)} should be {what}, not {_shown(value)}")

    def complain(self, key: str, message: str, hint: str | None = None) -> NoReturn:
        """Raise ProjectError about `key`."""
        line = self.source.line_of(self.path, key)
        raise ProjectError(message, file=self.source.file, line=line, name=key, hint=hint)

    def _named(self, key: str) -> str:
        return f"[{self.path}] {key}" if self.path else key


def _shown(value: object) -> str:
    shown = json.dumps(value, default=str, ensure_ascii=False)
    return shown if len(shown) <= 80 else shown[:77] + "…"
