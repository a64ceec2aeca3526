"""What texts from callers may look like: their length, no NUL (which PostgreSQL cannot keep), addresses of the web.

Collects the problems of a whole request before any is raised. Knows nothing about what the texts mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from augury.domain.errors import InvalidRequest, Problem
from augury.domain.jsontext import JsonValue
from augury.domain.model import NAME_RULE, as_name

LINE = 255
"""Characters of a name to show, a place, release notes."""
TEXT = 100_000
URL = 2048


@dataclass
class Checks:
    """The fields of a request's body, checked one after another."""

    problems: list[Problem] = field(default_factory=list[Problem])

    def text(self, name: str, value: str | None, limit: int = LINE) -> None:
        """A text that can be stored, of at most `limit` characters; None is one that is not given."""
        if value is None:
            return
        if len(value) > limit:
            msg = f"{name} has {len(value):,} characters; {limit:,} are allowed."
            self.add(name, msg, "string_too_long", value[:LINE] + "…", max_length=limit)
        elif "\0" in value or not _encodable(value):
            self.add(name, f"{name} holds NUL or half a character.", "string_unstorable", None)

    def url(self, name: str, value: str | None) -> None:
        """An http or https address."""
        self.text(name, value, URL)
        if value is not None and not _is_url(value):
            self.add(name, f"{name} should be an address that begins with http:// or https://.", "url", value[:LINE])

    def name(self, value: str, field_name: str = "name") -> str:
        """The stored form of a name."""
        stored = as_name(value)
        if stored is None:
            self.add(field_name, f"A name is {NAME_RULE}.", "name", value[:LINE])
        return stored or ""

    def add(self, place: str, msg: str, type_: str, found: JsonValue, **context: JsonValue) -> None:
        """Something else that is wrong; `place` is below the body, with dots between its steps."""
        self.problems.append(Problem(("body", *place.split(".")), msg, type_, found, context))

    def done(self) -> None:
        """Raise InvalidRequest with all that was found."""
        if self.problems:
            raise InvalidRequest(self.problems)


def check_texts(checks: Checks, values: Mapping[str, object], limits: Mapping[str, int]) -> None:
    """Check those of the named texts that are given."""
    for name, limit in limits.items():
        value = values.get(name)
        checks.text(name, value if isinstance(value, str) else None, limit)


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_url(text: str) -> bool:
    if any(char.isspace() or not char.isprintable() for char in text):
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False
