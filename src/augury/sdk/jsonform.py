"""The JSON form of what a model's code returns, of the defaults in its signature and of the metrics that it records.

Walks any Python value down to null, booleans, numbers, texts, lists and objects (D16); files are handed to a callback.
numpy, torch, pandas and pydantic are recognised by what their values can do: none of them is ever imported here.
Knows nothing about schemas. Standard library only; Python 3.9 and newer.
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import math
import os
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence, Set, ValuesView
from typing import Any, Callable, NamedTuple, Optional

from .fields import File, Secret

EmitFile = Callable[[File], str]
"""Takes a file out of the run and returns the text that stands for it in the output."""

MAX_DEPTH = 200
"""Levels of nesting, below what every JSON reader on the way can take."""
MAX_WARNINGS = 10
_MAX_BITS = 14_000  # Python writes no integer of more than 4,300 digits
_LONG = 1 << _MAX_BITS
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*\Z")


class OutputError(Exception):
    """A value has no JSON form; the message names its place, such as `output.items[3].image`."""


class JsonForm(NamedTuple):
    """A JSON value, and a line for each thing that had to be changed to get there."""

    value: Any
    warnings: list[str]


def to_json(value: Any, emit_file: Optional[EmitFile], root: str = "output") -> JsonForm:
    """Convert a value.

    NaN, infinities and lone surrogates are replaced, with a warning each. A Decimal becomes a number where that number
    is written with exactly its value, else a text. Sets are sorted where they can be. Raises OutputError.
    """
    writer = _Writer(emit_file, root)
    try:
        plain = writer.write(value)
    except RecursionError:
        raise OutputError("{}: nested too deeply".format(writer.place())) from None
    if writer.unnamed:
        writer.warnings.append("{} more values were changed".format(writer.unnamed))
    return JsonForm(plain, writer.warnings)


def enum_form(member: enum.Enum) -> Any:
    """The JSON value that stands for an enum member: its value where that is a plain one, else its name."""
    value: Any = member.value
    if value is None or isinstance(value, (str, bool, int)):
        return value
    return value if isinstance(value, float) and math.isfinite(value) else member.name


def duration_form(value: datetime.timedelta) -> str:
    """A duration in ISO 8601, such as PT1.5S or -P1DT2H."""
    sign = "-" if value < datetime.timedelta(0) else ""
    value = abs(value)
    hours, rest = divmod(value.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    fraction = ".{:06d}".format(value.microseconds).rstrip("0") if value.microseconds else ""
    time = ("{}H".format(hours) if hours else "") + ("{}M".format(minutes) if minutes else "")
    if seconds or fraction:
        time += "{}{}S".format(seconds, fraction)
    text = ("{}D".format(value.days) if value.days else "") + ("T" + time if time else "")
    return "{}P{}".format(sign, text or "T0S")


class _Writer:
    """One conversion: where it is, what it has seen on the way down, what it had to change."""

    def __init__(self, emit_file: Optional[EmitFile], root: str) -> None:
        self.warnings: list[str] = []
        self.unnamed = 0
        self._emit_file = emit_file
        self._root = root
        self._path: list[Any] = []
        self._open: list[int] = []

    def place(self) -> str:
        return self._root + "".join(_step(key) for key in self._path)

    def write(self, value: Any) -> Any:
        exact = _EXACT.get(type(value))
        if exact is not None:
            return exact(self, value)
        for kind, convert in _BY_BASE:
            if isinstance(value, kind):
                return convert(self, value)
        return self._by_ability(value)

    # Values without parts.

    def _same(self, value: Any) -> Any:
        return value

    def _integer(self, value: int) -> int:
        if not -_LONG < value < _LONG:
            raise OutputError("{}: an integer of {} bits is too long".format(self.place(), value.bit_length()))
        return int(value)

    def _number(self, value: float) -> Optional[float]:
        if math.isfinite(value):
            return float(value)
        self._warn("{} became null".format("NaN" if math.isnan(value) else "infinity"))
        return None

    def _text(self, value: str) -> str:
        if value.isascii():
            return str(value)
        try:
            value.encode()
        except UnicodeEncodeError:
            self._warn("characters that are half of a pair were replaced")
            # By way of UTF-16, which joins the halves that belong together and replaces only those that are alone.
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return str(value)

    def _enum(self, value: enum.Enum) -> Any:
        form = enum_form(value)
        return self._text(form) if isinstance(form, str) else form

    def _decimal(self, value: decimal.Decimal) -> Any:
        if not value.is_finite():
            return self._number(math.nan if value.is_nan() else math.inf)
        if value == value.to_integral_value() and abs(value) < 1 << 53:
            return int(value)
        near = float(value)
        return near if math.isfinite(near) and decimal.Decimal(repr(near)) == value else str(value)

    def _iso(self, value: Any) -> str:
        return value.isoformat()

    def _duration(self, value: datetime.timedelta) -> str:
        return duration_form(value)

    def _shown(self, value: Any) -> str:
        return str(value)

    def _file(self, value: File) -> str:
        if self._emit_file is None:
            raise OutputError("{}: a file cannot stand here".format(self.place()))
        try:
            return self._emit_file(value)
        except OSError as error:
            reason = "there is no such file" if isinstance(error, FileNotFoundError) else str(error)
            raise OutputError("{}: {}: {}".format(self.place(), value, reason)) from None

    def _path_like(self, value: Any) -> str:
        path = os.fspath(value)
        return self._file(File(os.fsdecode(path)))

    def _bytes(self, value: Any) -> Any:
        hint = "return a File with them, or a text such as base64"
        raise OutputError("{}: bytes are not JSON; {}".format(self.place(), hint))

    # Values with parts.

    def _list(self, value: Any) -> list[Any]:
        items = list(value)
        if _is_plain(items):
            return items
        self._enter(value)
        path = self._path
        plain: list[Any] = []
        for index, item in enumerate(items):
            path.append(index)
            plain.append(self.write(item))
            path.pop()
        self._leave()
        return plain

    def _mapping(self, value: Any) -> dict[str, Any]:
        self._enter(value)
        path = self._path
        plain: dict[str, Any] = {}
        for key, item in list(value.items()):
            path.append(key)
            name = self._key(key)
            if name in plain:
                raise OutputError("{}: two keys are {!r} in JSON".format(self.place(), name))
            plain[name] = self.write(item)
            path.pop()
        self._leave()
        return plain

    def _set(self, value: Any) -> list[Any]:
        items = self._list(value)
        try:
            return sorted(items)
        except TypeError:
            return items

    def _tuple(self, value: Any) -> Any:
        names = getattr(type(value), "_fields", None)
        if isinstance(names, tuple) and len(names) == len(value):  # pyright: ignore[reportUnknownArgumentType]
            return self._attributes(value, names)  # pyright: ignore[reportUnknownArgumentType]
        return self._list(value)

    def _attributes(self, value: Any, names: Any) -> dict[str, Any]:
        self._enter(value)
        plain: dict[str, Any] = {}
        for name in names:
            self._path.append(name)
            plain[name] = self.write(getattr(value, name))
            self._path.pop()
        self._leave()
        return plain

    def _by_ability(self, value: Any) -> Any:
        kind: Any = type(value)
        if isinstance(value, type):
            raise OutputError("{}: a class ({}) is not JSON".format(self.place(), value.__name__))
        if callable(getattr(kind, "model_dump", None)):
            return self._nested(value, value.model_dump(mode="python", by_alias=True))
        if hasattr(kind, "__pydantic_serializer__"):
            return self._nested(value, kind.__pydantic_serializer__.to_python(value, mode="python", by_alias=True))
        if dataclasses.is_dataclass(kind):
            return self._attributes(value, [one.name for one in dataclasses.fields(kind)])
        for ability in ("tolist", "item", "to_list"):
            if callable(getattr(kind, ability, None)):
                return self._nested(value, getattr(value, ability)())
        if callable(getattr(kind, "numpy", None)):
            return self._nested(value, value.numpy())
        if callable(getattr(kind, "to_dict", None)) and hasattr(kind, "iloc"):
            return self._nested(value, value.to_dict("records"))
        raise OutputError("{}: {}".format(self.place(), _no_form(value)))

    def _nested(self, value: Any, inner: Any) -> Any:
        self._enter(value)
        if type(inner) is type(value):  # it cannot be taken apart: asking again would never end
            raise OutputError("{}: {}".format(self.place(), _no_form(value)))
        plain = self.write(inner)
        self._leave()
        return plain

    def _key(self, key: Any) -> str:
        if isinstance(key, enum.Enum):
            key = enum_form(key)
        if isinstance(key, str):
            return self._text(key)
        if key is None or isinstance(key, bool):
            return {None: "null", True: "true", False: "false"}[key]
        if isinstance(key, (int, uuid.UUID)):
            return str(key)
        if isinstance(key, float) and math.isfinite(key):
            return repr(float(key))
        if isinstance(key, (datetime.date, datetime.time)):
            return key.isoformat()
        if callable(getattr(key, "item", None)):  # a scalar of numpy
            return self._key(key.item())
        raise OutputError("{}: a key of type {} is not JSON; use texts".format(self.place(), type(key).__name__))

    def _enter(self, value: Any) -> None:
        if id(value) in self._open:
            raise OutputError("{}: the value contains itself".format(self.place()))
        if len(self._open) >= MAX_DEPTH:
            raise OutputError("{}: nested more than {} levels deep".format(self.place(), MAX_DEPTH))
        self._open.append(id(value))

    def _leave(self) -> None:
        self._open.pop()

    def _warn(self, text: str) -> None:
        if len(self.warnings) < MAX_WARNINGS:
            self.warnings.append("{}: {}".format(self.place(), text))
        else:
            self.unnamed += 1


_Convert = Callable[[_Writer, Any], Any]
_EXACT: dict[Any, _Convert] = {
    type(None): _Writer._same,
    bool: _Writer._same,
    int: _Writer._integer,
    float: _Writer._number,
    str: _Writer._text,
    list: _Writer._list,
    tuple: _Writer._list,
    dict: _Writer._mapping,
}
# The order matters: an enum may be a text, a datetime is a date, a named tuple is a tuple.
_BY_BASE: list[tuple[Any, _Convert]] = [
    (enum.Enum, _Writer._enum),
    (str, _Writer._text),
    (int, _Writer._integer),
    (float, _Writer._number),
    ((bytes, bytearray, memoryview), _Writer._bytes),
    (File, _Writer._file),
    (Secret, _Writer._shown),
    ((datetime.date, datetime.time), _Writer._iso),
    (datetime.timedelta, _Writer._duration),
    (uuid.UUID, _Writer._shown),
    (decimal.Decimal, _Writer._decimal),
    (os.PathLike, _Writer._path_like),
    (tuple, _Writer._tuple),
    (Mapping, _Writer._mapping),
    (Set, _Writer._set),
    ((Sequence, ValuesView), _Writer._list),
]


def _is_plain(items: list[Any]) -> bool:
    """Whether these are JSON as they stand: what a long list of numbers or texts nearly always is."""
    kinds = set(map(type, items))
    if not kinds <= _PLAIN:
        return False
    if float in kinds and not all(math.isfinite(item) for item in items if type(item) is float):
        return False
    if str in kinds and not all(item.isascii() for item in items if type(item) is str):
        return False
    return int not in kinds or all(-_LONG < item < _LONG for item in items if type(item) is int)


_PLAIN = {type(None), bool, int, float, str}


def _step(key: Any) -> str:
    if isinstance(key, int) and not isinstance(key, enum.Enum):
        return "[{}]".format(key)
    if isinstance(key, str) and _IDENTIFIER.match(key):
        return "." + key
    return "[{!r}]".format(key)


def _no_form(value: Any) -> str:
    kind: Any = type(value)
    name = kind.__qualname__ if kind.__module__ == "builtins" else "{}.{}".format(kind.__module__, kind.__qualname__)
    if isinstance(value, Iterator):
        return "an iterator ({}) is not JSON; make it a list".format(name)
    if name.startswith("PIL."):
        return "an image is not JSON; save it and return a File"
    if callable(value) or isinstance(value, complex):
        return "a {} is not JSON".format(name)
    return "a {} is not JSON; return texts, numbers, lists, dicts, dataclasses or a File".format(name)
