"""Walking through lists: pages, and the cursors that lead from one to the next.

A cursor is opaque to callers: base64url of a small JSON array that holds the list's filters and sort, a position and a
direction. Signed by nothing: whatever else is sent in its place is refused, and a made-up one only names a place in a
list that its sender may see anyway (D7). Knows nothing about what is listed.
"""

from __future__ import annotations

import binascii
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar

from augury.domain import jsontext
from augury.domain.errors import InvalidRequest
from augury.domain.jsontext import InvalidJson, JsonValue

Item = TypeVar("Item")

Position: TypeAlias = tuple[str | int, ...]
"""Where an item stands in its list: the values that the list is sorted by."""
Filter: TypeAlias = str | list[str]

TEXT_LIMIT = 8192
"""Characters of the longest cursor that is read."""
_ALPHABET = re.compile(r"[A-Za-z0-9_-]+")
_INT64 = 2**63


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """A part of a list; a cursor that is None says that there is nothing more on that side."""

    items: Sequence[Item]
    next_cursor: str | None
    previous_cursor: str | None


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a list: its beginning, or what comes after or before the item at `position`."""

    filters: Mapping[str, Filter] = field(default_factory=dict[str, Filter])
    """What the list is narrowed and sorted by."""
    position: Position | None = None
    backward: bool = False
    """What comes before the position is wanted."""

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Read what `encode` wrote; raises InvalidRequest at query.cursor for anything else."""
        filters, position, backward = _decoded(text)
        if not isinstance(filters, dict) or not isinstance(backward, bool):
            raise refused()
        # At the very beginning nothing lies before.
        if position is None and backward:
            raise refused()
        return cls(
            {_text(name): _filter(value) for name, value in filters.items()},
            None if position is None else _position(position),
            backward,
        )

    def encode(self) -> str:
        """The cursor as callers carry it."""
        content = [dict(self.filters), self.position, self.backward]
        return urlsafe_b64encode(jsontext.dump_bytes(content)).rstrip(b"=").decode()

    def before_text(self) -> str | None:
        """For a list sorted by one text, greatest first: the text below which the wanted items are."""
        return None if self.backward else self.one_text()

    def after_text(self) -> str | None:
        """For a list sorted by one text, greatest first: the text above which the wanted items are."""
        return self.one_text() if self.backward else None

    def one_text(self) -> str | None:
        """The position in a list sorted by one text; raises InvalidRequest where it is something else."""
        match self.position:
            case None:
                return None
            case (str(text),):
                return text
            case _:
                raise refused()

    def one_number(self) -> int | None:
        """The position in a list sorted by one number; raises InvalidRequest where it is something else."""
        match self.position:
            case None:
                return None
            case (int(number),):
                return number
            case _:
                raise refused()

    def number_and_text(self) -> tuple[int, str] | None:
        """The position in a list sorted by a number, then by a text; raises InvalidRequest where it is another."""
        match self.position:
            case None:
                return None
            case (int(number), str(text)):
                return number, text
            case _:
                raise refused()

    def text_filter(self, name: str, default: str = "") -> str:
        """A filter that is one text; raises InvalidRequest where it is something else."""
        value = self.filters.get(name, default)
        if not isinstance(value, str):
            raise refused()
        return value

    def texts_filter(self, name: str) -> list[str]:
        """A filter that is a list of texts; raises InvalidRequest where it is something else."""
        value = self.filters.get(name, [])
        if isinstance(value, str):
            raise refused()
        return value

    def page(self, found: Sequence[Item], size: int, key: Callable[[Item], str | Position]) -> Page[Item]:
        """The page for what was found from this cursor on: in the list's order, and one more than `size` if there is.

        The surplus item is the one farthest from the cursor: the last, or going backward the first.
        """
        more = len(found) > size
        if not found and self.position is not None:
            # All that was here is gone: the way on is from the beginning.
            start = Cursor(self.filters).encode()
            return Page((), start if self.backward else None, None if self.backward else start)
        items = (found[-size:] if self.backward else found[:size]) if more else found
        behind = more if self.backward else self.position is not None
        ahead = True if self.backward else more
        return Page(
            items,
            self._at(items[-1], key, backward=False) if items and ahead else None,
            self._at(items[0], key, backward=True) if items and behind else None,
        )

    def _at(self, item: Item, key: Callable[[Item], str | Position], *, backward: bool) -> str:
        place = key(item)
        return Cursor(self.filters, (place,) if isinstance(place, str) else place, backward).encode()


def refused() -> InvalidRequest:
    """The error for a cursor that is none of this list's."""
    return InvalidRequest.at(
        "query", "cursor", msg="This is no cursor of this list; leave it out to begin at the start.", type="cursor"
    )


def _decoded(text: str) -> tuple[JsonValue, JsonValue, JsonValue]:
    if len(text) > TEXT_LIMIT or not _ALPHABET.fullmatch(text):
        raise refused()
    try:
        content = jsontext.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (InvalidJson, binascii.Error):
        raise refused() from None
    if not isinstance(content, list) or len(content) != 3:
        raise refused()
    return content[0], content[1], content[2]


def _position(value: JsonValue) -> Position:
    if not isinstance(value, list) or not 1 <= len(value) <= 4:
        raise refused()
    return tuple(_number(one) if isinstance(one, int) else _text(one) for one in value)


def _number(value: int) -> int:
    # What no column holds would be an error of the database.
    if isinstance(value, bool) or not -_INT64 <= value < _INT64:
        raise refused()
    return value


def _filter(value: JsonValue) -> Filter:
    return [_text(one) for one in value] if isinstance(value, list) else _text(value)


def _text(value: JsonValue) -> str:
    # PostgreSQL keeps no NUL in text.
    if not isinstance(value, str) or "\0" in value:
        raise refused()
    return value
