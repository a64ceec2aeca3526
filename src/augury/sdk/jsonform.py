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
import io
import math
import os
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence, Set, ValuesView
from typing import Any, Callable, NamedTuple

from .fields import File, Secret
from .storing import storing

EmitFile = Callable[[File], str]
"""Takes a file out of the run and returns the text that stands for it in the output; its OSError is the file's own."""

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


def to_json(value: Any, emit_file: EmitFile | None, root: str = "output") -> JsonForm:
    """Convert a value.

    NaN, infinities and lone surrogates are replaced, with a warning each. A Decimal becomes a number where that number
    is written with exactly its value, else a text. Sets are sorted where they can be. Raises OutputError.
    """
    writer = _Writer(emit_file, root)
    try:
        plain = writer.write(value)
    except RecursionError:
        raise OutputError(f"{writer.place()}: nested too deeply") from None
    if writer.unnamed:
        writer.warnings.append(f"{writer.unnamed} more values were changed")
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
    fraction = f".{value.microseconds:06d}".rstrip("0") if value.microseconds else ""
    time = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    if seconds or fraction:
        time += f"{seconds}{fraction}S"
    text = (f"{value.days}D" if value.days else "") + ("T" + time if time else "")
    return "{}P{}".format(sign, text or "T0S")


class _Writer:
    """One conversion: where it is, what it has seen on the way down, what it had to change."""

    def __init__(self, emit_file: EmitFile | None, root: str) -> None:
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

    def write_same(self, value: Any) -> Any:
        return value

    def write_integer(self, value: int) -> int:
        if not -_LONG < value < _LONG:
            raise OutputError(f"{self.place()}: an integer of {value.bit_length()} bits is too long")
        return int(value)

    def write_number(self, value: float) -> float | None:
        if math.isfinite(value):
            return float(value)
        self._warn("{} became null".format("NaN" if math.isnan(value) else "infinity"))
        return None

    def write_text(self, value: str) -> str:
        if value.isascii():
            return str(value)
        try:
            value.encode()
        except UnicodeEncodeError:
            self._warn("characters that are half of a pair were replaced")
            # By way of UTF-16, which joins the halves that belong together and replaces only those that are alone.
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return str(value)

    def write_enum(self, value: enum.Enum) -> Any:
        form = enum_form(value)
        return self.write_text(form) if isinstance(form, str) else form

    def write_decimal(self, value: decimal.Decimal) -> Any:
        if not value.is_finite():
            return self.write_number(math.nan if value.is_nan() else math.inf)
        if value == value.to_integral_value() and abs(value) < 1 << 53:
            return int(value)
        near = float(value)
        return near if math.isfinite(near) and decimal.Decimal(repr(near)) == value else str(value)

    def write_iso(self, value: Any) -> str | None:
        text: str = value.isoformat()
        if text == "NaT":  # pandas' missing date is a datetime
            self._warn("NaT became null")
            return None
        return text

    def write_duration(self, value: datetime.timedelta) -> str:
        return duration_form(value)

    def write_shown(self, value: Any) -> str:
        return str(value)

    def write_file(self, value: File) -> str:
        if self._emit_file is None:
            raise OutputError(f"{self.place()}: a file cannot stand here")
        try:
            return self._emit_file(value)
        except OSError as error:
            reason = "there is no such file" if isinstance(error, FileNotFoundError) else str(error)
            raise OutputError(f"{self.place()}: {value}: {reason}") from None

    def write_path_like(self, value: Any) -> str:
        return self.write_file(File(os.fsdecode(value)))

    def write_open_file(self, value: Any) -> str:
        """An open file, from its beginning: copied, as it may have no name, and may not be written out yet."""
        import tempfile

        name: Any = getattr(value, "name", None)
        name = os.path.basename(name) if isinstance(name, str) else "file"
        try:
            if value.seekable():
                value.seek(0)
            with storing(name):
                copy = tempfile.NamedTemporaryFile()  # noqa: SIM115 - closed below
            with copy:
                while piece := value.read(1 << 20):
                    with storing(name):
                        copy.write(piece.encode() if isinstance(piece, str) else piece)
                with storing(name):
                    copy.flush()
                return self.write_file(File(copy.name, name=name))
        except ValueError as error:  # it is closed, or was opened for writing only
            raise OutputError(f"{self.place()}: a file that cannot be read: {error}") from None

    def write_bytes(self, value: Any) -> Any:
        hint = "return a File with them, or a text such as base64"
        raise OutputError(f"{self.place()}: bytes are not JSON; {hint}")

    # Values with parts.

    def write_list(self, value: Any) -> list[Any]:
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

    def write_mapping(self, value: Any) -> dict[str, Any]:
        self._enter(value)
        path = self._path
        plain: dict[str, Any] = {}
        for key, item in list(value.items()):
            path.append(key)
            name = self._key(key)
            if name in plain:
                raise OutputError(f"{self.place()}: two keys are {name!r} in JSON")
            plain[name] = self.write(item)
            path.pop()
        self._leave()
        return plain

    def write_set(self, value: Any) -> list[Any]:
        items = self.write_list(value)
        try:
            return sorted(items)
        except TypeError:
            return items

    def write_tuple(self, value: Any) -> Any:
        names: Any = getattr(value, "_fields", None)
        if isinstance(names, tuple):
            return self._attributes(value, names)
        return self.write_list(value)

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
        kind: Any = value.__class__
        if isinstance(value, type):
            raise OutputError(f"{self.place()}: a class is not JSON; return an instance of it")
        if callable(getattr(kind, "model_dump", None)):
            return self._nested(value, value.model_dump(mode="python", by_alias=True))
        if hasattr(kind, "__pydantic_serializer__"):
            return self._nested(value, kind.__pydantic_serializer__.to_python(value, mode="python", by_alias=True))
        if dataclasses.is_dataclass(kind):
            return self._attributes(value, [one.name for one in dataclasses.fields(kind)])
        if hasattr(kind, "__fields__") and callable(getattr(kind, "dict", None)):  # a model of pydantic 1
            return self._nested(value, value.dict(by_alias=True))
        for ability in ("tolist", "to_list", "to_dicts", "item"):
            if callable(getattr(kind, ability, None)):
                return self._nested(value, getattr(value, ability)())
        if callable(getattr(kind, "numpy", None)):
            return self._nested(value, value.numpy())
        if callable(getattr(kind, "to_dict", None)) and hasattr(kind, "iloc"):
            return self._nested(value, value.to_dict("records"))
        raise OutputError(f"{self.place()}: {_no_form(value)}")

    def _nested(self, value: Any, inner: Any) -> Any:
        self._enter(value)
        if type(inner) is type(value):  # it cannot be taken apart: asking again would never end
            raise OutputError(f"{self.place()}: {_no_form(value)}")
        plain = self.write(inner)
        self._leave()
        return plain

    def _key(self, key: Any) -> str:
        if isinstance(key, enum.Enum):
            key = enum_form(key)
        if isinstance(key, str):
            return self.write_text(key)
        if key is None or isinstance(key, bool):
            return {None: "null", True: "true", False: "false"}[key]
        if isinstance(key, (int, uuid.UUID)):
            return str(key)
        if isinstance(key, float) and math.isfinite(key):
            return repr(float(key))
        if isinstance(key, (datetime.date, datetime.time)):
            return key.isoformat()
        scalar: Any = getattr(key, "item", None)
        if callable(scalar):  # numpy's
            return self._key(scalar())
        raise OutputError(f"{self.place()}: a key of type {type(key).__name__} is not JSON; use texts")

    def _enter(self, value: Any) -> None:
        if id(value) in self._open:
            raise OutputError(f"{self.place()}: the value contains itself")
        if len(self._open) >= MAX_DEPTH:
            raise OutputError(f"{self.place()}: nested more than {MAX_DEPTH} levels deep")
        self._open.append(id(value))

    def _leave(self) -> None:
        self._open.pop()

    def _warn(self, text: str) -> None:
        if len(self.warnings) < MAX_WARNINGS:
            self.warnings.append(f"{self.place()}: {text}")
        else:
            self.unnamed += 1


_Convert = Callable[[_Writer, Any], Any]
_EXACT: dict[Any, _Convert] = {
    type(None): _Writer.write_same,
    bool: _Writer.write_same,
    int: _Writer.write_integer,
    float: _Writer.write_number,
    str: _Writer.write_text,
    list: _Writer.write_list,
    tuple: _Writer.write_list,
    dict: _Writer.write_mapping,
}
# The order matters: an enum may be a text, a datetime is a date, a named tuple is a tuple.
_BY_BASE: list[tuple[Any, _Convert]] = [
    (enum.Enum, _Writer.write_enum),
    (str, _Writer.write_text),
    (int, _Writer.write_integer),
    (float, _Writer.write_number),
    ((bytes, bytearray, memoryview), _Writer.write_bytes),
    (File, _Writer.write_file),
    (Secret, _Writer.write_shown),
    (io.IOBase, _Writer.write_open_file),
    ((datetime.date, datetime.time), _Writer.write_iso),
    (datetime.timedelta, _Writer.write_duration),
    (uuid.UUID, _Writer.write_shown),
    (decimal.Decimal, _Writer.write_decimal),
    (os.PathLike, _Writer.write_path_like),
    (tuple, _Writer.write_tuple),
    (Mapping, _Writer.write_mapping),
    (Set, _Writer.write_set),
    ((Sequence, ValuesView), _Writer.write_list),
]


def _is_plain(items: list[Any]) -> bool:
    """Whether these are JSON as they stand: what a long list of numbers or texts nearly always is."""
    kinds = set(map(type, items))
    if kinds == {float}:
        return all(map(math.isfinite, items))
    if kinds == {str}:
        return all(map(str.isascii, items))
    if kinds == {int}:
        return max(items) < _LONG and min(items) > -_LONG
    return kinds <= {bool, type(None)}


def _step(key: Any) -> str:
    if isinstance(key, int) and not isinstance(key, enum.Enum):
        return f"[{key}]"
    if isinstance(key, str) and _IDENTIFIER.match(key):
        return "." + key
    return f"[{key!r}]"


def _no_form(value: Any) -> str:
    kind: Any = value.__class__
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    if isinstance(value, Iterator):
        return f"an iterator ({name}) is not JSON; make it a list"
    if name.startswith("PIL."):
        return "an image is not JSON; save it and return a File"
    if callable(value) or isinstance(value, complex):
        return f"a {name} is not JSON"
    return f"a {name} is not JSON; return texts, numbers, lists, dicts, dataclasses or a File"
