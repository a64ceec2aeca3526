"""The files in an input, found by the schema: what each may be, so that a wrong one is refused before it is stored.

    schema with x-augury-type: file -> the places in an input that hold files -> data: URIs judged, links looked up

What a link of somebody else's leads to is only known when it is fetched. A version without file inputs has no
`FileInputs`, and nothing here is asked. Knows no store.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from augury.domain.errors import Problem
from augury.domain.jsontext import JsonObject, JsonValue
from augury.service.schema_cost import resolve

_MARKER = ("x-augury-type", "file")
_TYPES, _BYTES = "x-augury-media-types", "x-augury-max-bytes"
_MOST = 10_000
"""Files of one input that are looked at before it is stored."""
_PLAIN_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+")

Loc = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class FileInput:
    """A text in an input that stands for a file."""

    loc: Loc
    text: str
    media_types: tuple[str, ...]
    """What is accepted, such as image/png or image/*; empty: anything."""
    max_bytes: int | None
    sure: bool
    """Whether it cannot be a text like any other."""

    def problem(self, content_type: str, size: int) -> Problem | None:
        """What is wrong with a file of this type and size here."""
        if not self.sure:
            return None
        if self.media_types and not any(fnmatch.fnmatchcase(content_type, one.lower()) for one in self.media_types):
            accepted = ", ".join(self.media_types)
            msg = f"A file of type {content_type} is not accepted here, only {accepted}."
            return Problem(self.loc, msg, "file_type", content_type, {"accepted": list(self.media_types)})
        if self.max_bytes is not None and size > self.max_bytes:
            msg = f"The file has {size:,} bytes, more than the {self.max_bytes:,} that are accepted here."
            return Problem(self.loc, msg, "file_size", size, {"limit": self.max_bytes})
        return None

    def data_problem(self) -> Problem | None:
        """What is wrong with a data: URI, if that can be told without reading it."""
        head, comma, body = self.text[5:].partition(",")
        if not comma:
            return Problem(self.loc, "A data: URI needs a comma before its data.", "file_data") if self.sure else None
        kind, *parameters = (part.strip().lower() for part in head.split(";"))
        content_type = kind if _PLAIN_TYPE.fullmatch(kind) else "text/plain"
        if self.max_bytes is None:
            return self.problem(content_type, 0)
        if parameters and parameters[-1] == "base64":
            size = len("".join(body.split()).rstrip("=")) * 3 // 4
        else:
            size = len(unquote_to_bytes(body))
        return self.problem(content_type, size)


@dataclass(frozen=True)
class FileInputs:
    """Where a schema has files. `file_inputs_of` makes it."""

    root: JsonObject

    def find(self, value: JsonObject) -> list[FileInput]:
        """The files in an input that is right by its schema."""
        found: dict[Loc, FileInput] = {}
        for one in self._walk(self.root, value, ("body", "input"), _About()):
            found.setdefault(one.loc, one)
            if len(found) >= _MOST:
                break
        return list(found.values())

    def _walk(self, schema: JsonValue, value: JsonValue, loc: Loc, about: _About) -> Iterator[FileInput]:
        if not isinstance(schema, dict) or about.depth > 200:
            return
        about = about.with_words(schema)
        if isinstance(value, str):
            if schema.get(_MARKER[0]) == _MARKER[1]:
                yield FileInput(loc, value, about.media_types, about.max_bytes, about.sure)
        elif isinstance(value, dict):
            named = schema.get("properties")
            properties = named if isinstance(named, dict) else {}
            for name, inner in value.items():
                yield from self._walk(
                    properties.get(name, schema.get("additionalProperties")), inner, (*loc, name), about
                )
        elif isinstance(value, list):
            listed = schema.get("prefixItems")
            first = listed if isinstance(listed, list) else []
            for number, inner in enumerate(value):
                one = first[number] if number < len(first) else schema.get("items")
                yield from self._walk(one, inner, (*loc, number), about)
        yield from self._same(schema, value, loc, about)

    def _same(self, schema: JsonObject, value: JsonValue, loc: Loc, about: _About) -> Iterator[FileInput]:
        """The same value, looked at with the schemas inside this one."""
        reference = schema.get("$ref")
        if isinstance(reference, str):
            yield from self._walk(resolve(self.root, reference), value, loc, about)
        for name in ("allOf", "anyOf", "oneOf"):
            options = schema.get(name)
            if isinstance(options, list):
                texts = name != "allOf" and isinstance(value, str) and any(map(_is_text, options))
                for option in options:
                    yield from self._walk(option, value, loc, about.unsure() if texts else about)


@dataclass(frozen=True, slots=True)
class _About:
    """What the schemas on the way down have said about files."""

    media_types: tuple[str, ...] = ()
    max_bytes: int | None = None
    sure: bool = True
    depth: int = 0

    def with_words(self, schema: JsonObject) -> _About:
        types, most = schema.get(_TYPES), schema.get(_BYTES)
        return _About(
            tuple(str(one) for one in types) if isinstance(types, list) else self.media_types,
            int(most) if isinstance(most, int | float) else self.max_bytes,
            self.sure,
            self.depth + 1,
        )

    def unsure(self) -> _About:
        return _About(self.media_types, self.max_bytes, False, self.depth)


def file_inputs_of(schema: JsonValue) -> FileInputs | None:
    """Where the schema has files; None where it has none."""
    if not isinstance(schema, dict):
        return None
    waiting: list[JsonValue] = [schema]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if one.get(_MARKER[0]) == _MARKER[1]:
                return FileInputs(schema)
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
    return None


def data_problems(found: Sequence[FileInput]) -> list[Problem]:
    """What is wrong with the data: URIs among these."""
    judged = (one.data_problem() for one in found if one.text[:5].lower() == "data:")
    return [one for one in judged if one is not None]


def _is_text(schema: JsonValue) -> bool:
    """Whether any text may stand here, and not only one for a file."""
    return isinstance(schema, dict) and schema.get("type") == "string" and schema.get(_MARKER[0]) != _MARKER[1]
