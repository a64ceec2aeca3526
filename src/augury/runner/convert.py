"""JSON -> the types that predict() asks for; results -> JSON.

decode_input() follows the shapes of the signature, the same that its schema was written from, so it accepts what the
schema accepts; files are brought by a callback. encode_output() lives in `sdk/jsonform.py`, beside the defaults it also
serves. Knows nothing about messages or processes. Standard library only; Python 3.9 and newer.
"""

from __future__ import annotations

import datetime
import decimal
import json
import re
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, NamedTuple

from ..sdk.fields import EMPTY, MISSING, File, InputField, Secret
from ..sdk.jsonform import EmitFile, JsonForm, OutputError, to_json
from ..sdk.jsonvalues import integral, is_array, is_object, same_json
from ..sdk.schema import DECIMAL_TEXT, INTEGER_KEY
from ..sdk.shapes import (
    Alias,
    Choice,
    Either,
    Entries,
    Fixed,
    Foreign,
    Items,
    Record,
    Refined,
    Scalar,
    Shape,
)
from ..sdk.signature import Signature
from .bounds import OUT, distance, refusal, shown
from .foreign import read_foreign
from .moments import read_date, read_datetime, read_duration, read_time

__all__ = [
    "Decoded",
    "EmitFile",
    "FileRequest",
    "InputError",
    "OutputError",
    "decode_input",
    "encode_output",
    "too_big",
]


class InputError(Exception):
    """An input does not fit the signature; the message names its place, such as `input.boxes[2].width`."""


@dataclass(frozen=True)
class FileRequest:
    """What a file is fetched for."""

    place: str
    """Such as `image` or `pages[2].scan`."""
    media_types: tuple[str, ...]
    """Accepted ones, such as image/png or image/*; empty: any."""
    max_bytes: int | None


FetchFile = Callable[[str, FileRequest], File]
"""Brings the file that a text of the input stands for (a URL or a data URI)."""


class Decoded(NamedTuple):
    """The arguments for predict(), and the places of what was in the input but is not in the signature."""

    kwargs: dict[str, Any]
    ignored: list[str]


def decode_input(signature: Signature, values: dict[str, Any], fetch: FetchFile) -> Decoded:
    """Turn the JSON of an input into the arguments of predict().

    What was left out gets the author's own default object. Undeclared keys are dropped and named (D8), unless predict()
    takes **kwargs. Raises InputError, and whatever `fetch` raises.
    """
    reader = _Reader(fetch)
    kwargs: dict[str, Any] = {}
    known = 0
    try:
        for parameter in signature.parameters:
            name = parameter.name
            if name in values:
                known += 1
                kwargs[name] = reader.member(parameter.shape, name, values[name])
            elif parameter.default is MISSING:
                raise InputError(f"input.{name} is missing")
            else:
                kwargs[name] = parameter.default
        if known < len(values):
            for name in values:
                if name not in kwargs:
                    if signature.extra is None:
                        reader.ignored.append(name)
                    else:
                        kwargs[name] = reader.member(signature.extra, name, values[name])
    except _Misfit as error:
        raise InputError("{} {}".format(reader.place("input"), error)) from error.__cause__
    except RecursionError:
        raise InputError("the input is nested too deeply") from None
    return Decoded(kwargs, reader.ignored)


def encode_output(value: Any, emit_file: EmitFile, place: str = "output") -> JsonForm:
    """Turn what predict() returned, or one item that it yielded, into JSON (D16), with a warning for each change.

    `emit_file` gets each file in it and returns the text that stands for it. Raises OutputError, which names `place`.
    """
    return to_json(value, emit_file, place)


def too_big(size: int, limit: int) -> str:
    """The sentence for an output with more bytes than it may have."""
    return f"The output has {size} bytes of JSON, more than the {limit} allowed: return a File instead."


class _Misfit(Exception):
    """A value does not fit its shape; where it stands is in the reader's path."""


class _Reader:
    """One conversion: the way down to where it is, and what it left out."""

    def __init__(self, fetch: FetchFile | None) -> None:
        self.ignored: list[str] = []
        self._fetch = fetch
        self._path: list[Any] = []
        self._info: InputField = EMPTY
        self._wanted = False

    def place(self, root: str = "") -> str:
        steps = "".join(f"[{key}]" if isinstance(key, int) else "." + key for key in self._path)
        return (root + steps) if root else steps.lstrip(".")

    def member(self, shape: Shape, key: Any, value: Any) -> Any:
        """Read a part of the value at hand. The key stays in the path when it does not fit, to tell where that was."""
        self._path.append(key)
        read = _READERS[type(shape)](self, shape, value)
        self._path.pop()
        return read

    def read(self, shape: Shape, value: Any) -> Any:
        return _READERS[type(shape)](self, shape, value)

    # One method for each kind of shape.

    def read_scalar(self, shape: Scalar, value: Any) -> Any:
        read = _SCALARS[shape.kind](self, value)
        if shape.made is None or (self._fetch is None and shape.kind in ("file", "path")):  # not fetched yet
            return read
        return shape.made(read)

    def read_choice(self, shape: Choice, value: Any) -> Any:
        for form, choice in shape.values:
            if same_json(form, value):
                return choice
        raise _Misfit(f"must be one of {shown([form for form, _ in shape.values])}")

    def read_items(self, shape: Items, value: Any) -> Any:
        if not is_array(value):
            raise _expected("an array", value)
        exact = _EXACT.get(shape.item.kind) if isinstance(shape.item, Scalar) else None
        if exact is not None and set(map(type, value)) <= {exact}:  # a long list of numbers or texts, mostly
            items = list(value)
        else:
            items = [self.member(shape.item, index, item) for index, item in enumerate(value)]
        if shape.container is list:
            return items
        if shape.unique:
            _refuse_repeats(value)
            try:
                return shape.container(items)
            except TypeError as error:
                raise _Misfit(f"cannot be a set: {error}") from error
        return shape.container(items)

    def read_fixed(self, shape: Fixed, value: Any) -> Any:
        if not is_array(value) or len(value) != len(shape.items):
            raise _expected(f"an array of {len(shape.items)} items", value)
        return tuple(self.member(item, index, value[index]) for index, item in enumerate(shape.items))

    def read_entries(self, shape: Entries, value: Any) -> Any:
        if not is_object(value):
            raise _expected("an object", value)
        entries: dict[Any, Any] = {}
        for key, item in value.items():
            self._path.append(key)
            name = self._key(shape.key, key)
            entries[name] = self.read(shape.value, item)
            self._path.pop()
        return entries

    def _key(self, shape: Shape, key: str) -> Any:
        bare = shape.shape if isinstance(shape, Refined) else shape
        if isinstance(bare, Scalar) and bare.kind == "integer":
            if not re.search(INTEGER_KEY, key):
                raise _Misfit("must have a whole number for its key")
            return int(key)
        return self.read(shape, key)

    def read_record(self, shape: Record, value: Any) -> Any:
        if not is_object(value):
            raise _expected("an object", value)
        members: dict[str, Any] = {}
        known = 0
        for field in shape.fields:
            name = field.name
            if name in value:
                known += 1
                members[name] = self.member(field.shape, name, value[name])
            elif field.required:
                self._path.append(name)
                raise _Misfit("is missing")
            elif field.info.default is not MISSING:
                members[name] = field.info.default
        if known < len(value):
            declared = {field.name for field in shape.fields}
            for name in value:
                if name not in declared:
                    self.ignored.append(f"{self.place()}.{name}")
        return self._made(shape.kind, members)

    def _made(self, kind: Any, members: dict[str, Any]) -> Any:
        try:
            return kind(**members)
        except Exception as error:  # the author's own checks, in __post_init__ or a property setter
            raise _Misfit(f"is no {kind.__name__}: {error}") from error

    def read_alias(self, shape: Alias, value: Any) -> Any:
        return self.read(shape.target, value)

    def read_refined(self, shape: Refined, value: Any) -> Any:
        problem = refusal(shape, value)
        if problem:
            raise _Misfit(problem)
        outer, self._info = self._info, self._info.merged(shape.info)
        read = self.read(shape.shape, value)
        self._info = outer
        return read

    def read_either(self, shape: Either, value: Any) -> Any:
        """The option that fits most exactly, else the author's order; files are fetched for that one only."""
        if value is None and shape.nullable:
            return None
        options = sorted(
            (option for option in shape.options if distance(option, value) < OUT),
            key=lambda option: distance(option, value),
        )
        if len(options) == 1:
            return self.read(options[0], value)
        problems: list[str] = []
        for option in options:
            try:
                return self._attempt(option, value)
            except _Misfit as error:  # an option that does not fit is what the loop is about
                problems.append(str(error))
        raise _Misfit("fits none of its types: {}".format("; ".join(dict.fromkeys(problems)) or shown(value)))

    def _attempt(self, option: Shape, value: Any) -> Any:
        fetch, wanted, info = self._fetch, self._wanted, self._info
        depth, ignored = len(self._path), len(self.ignored)
        self._fetch, self._wanted = None, False
        try:
            read = self.read(option, value)
            if fetch is None or not self._wanted:
                return read
            del self.ignored[ignored:]
        except _Misfit:
            del self._path[depth:], self.ignored[ignored:]
            raise
        finally:
            self._fetch, self._info = fetch, info
            self._wanted = wanted or self._wanted
        return self.read(option, value)

    def read_foreign(self, shape: Foreign, value: Any) -> Any:
        files: dict[str, File] = {}

        def fetched(text: str, steps: list[Any]) -> str:
            depth = len(self._path)
            self._path += steps
            file = self.read_file(text)
            del self._path[depth:]
            files[str(file)] = file
            return str(file)

        try:
            return read_foreign(shape, value, fetched, files)
        except ValueError as error:
            raise _Misfit(str(error)) from error

    # One method for each scalar.

    def read_any(self, value: Any) -> Any:
        return value

    def read_null(self, value: Any) -> None:
        if value is not None:
            raise _expected("null", value)

    def read_boolean(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise _expected("true or false", value)
        return value

    def read_integer(self, value: Any) -> int:
        if type(value) is int:
            return value
        if isinstance(value, float) and value.is_integer():  # D15: 5.0 is an integer
            return int(value)
        raise _expected("an integer", value)

    def read_number(self, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise _expected("a number", value)
        try:
            return float(value)
        except OverflowError:  # an integer beyond what a float holds is a number all the same
            return value

    def read_string(self, value: Any) -> str:
        if not isinstance(value, str):
            raise _expected("a text", value)
        return value

    def read_datetime(self, value: Any) -> datetime.datetime:
        return self._parsed(read_datetime, value)

    def read_date(self, value: Any) -> datetime.date:
        return self._parsed(read_date, value)

    def read_time(self, value: Any) -> datetime.time:
        return self._parsed(read_time, value)

    def read_duration(self, value: Any) -> datetime.timedelta:
        return self._parsed(read_duration, value)

    def read_uuid(self, value: Any) -> uuid.UUID:
        return self._parsed(uuid.UUID, value)

    def _parsed(self, parse: Callable[[str], Any], value: Any) -> Any:
        text = self.read_string(value)
        try:
            return parse(text)
        except (ValueError, OverflowError) as error:
            raise _Misfit(f"is {text[:100]!r}: {error}") from None

    def read_decimal(self, value: Any) -> decimal.Decimal:
        if isinstance(value, str) and re.search(DECIMAL_TEXT, value):
            return decimal.Decimal(value)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise _expected("a number, or one written as text", value)
        return decimal.Decimal(value if isinstance(value, int) else repr(value))

    def read_secret(self, value: Any) -> Secret:
        if not isinstance(value, str):
            raise _Misfit("must be a text")  # without the value, which is nobody's business
        return Secret(value)

    def read_file(self, value: Any) -> File:
        text = self.read_string(value)
        if self._fetch is None:
            self._wanted = True
            return File(text)
        info = self._info
        return self._fetch(text, FileRequest(self.place(), info.media_types or (), info.max_bytes))

    def read_local_path(self, value: Any) -> Path:
        return self.read_file(value).path


_Read = Callable[[_Reader, Any, Any], Any]
_READERS: dict[Any, _Read] = {
    Scalar: _Reader.read_scalar,
    Choice: _Reader.read_choice,
    Items: _Reader.read_items,
    Fixed: _Reader.read_fixed,
    Entries: _Reader.read_entries,
    Record: _Reader.read_record,
    Alias: _Reader.read_alias,
    Refined: _Reader.read_refined,
    Either: _Reader.read_either,
    Foreign: _Reader.read_foreign,
}
_EXACT: dict[str, type] = {"boolean": bool, "integer": int, "number": float, "string": str}
_SCALARS: dict[str, Callable[[_Reader, Any], Any]] = {
    "any": _Reader.read_any,
    "null": _Reader.read_null,
    "boolean": _Reader.read_boolean,
    "integer": _Reader.read_integer,
    "number": _Reader.read_number,
    "string": _Reader.read_string,
    "datetime": _Reader.read_datetime,
    "date": _Reader.read_date,
    "time": _Reader.read_time,
    "duration": _Reader.read_duration,
    "uuid": _Reader.read_uuid,
    "decimal": _Reader.read_decimal,
    "secret": _Reader.read_secret,
    "file": _Reader.read_file,
    "path": _Reader.read_local_path,
}


def _refuse_repeats(items: list[Any]) -> None:
    """Raise where an array holds an item twice, by the equality of JSON Schema."""
    seen: dict[Any, Any] = {}
    for item in items:
        key = json.dumps(integral(item), sort_keys=True)
        if key in seen:
            raise _Misfit(f"holds {shown(item)} twice")
        seen[key] = item


def _expected(what: str, value: Any) -> _Misfit:
    return _Misfit(f"must be {what}, not {shown(value)}")
