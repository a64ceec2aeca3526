"""JSON text to values and back, exactly: no NaN or infinity, no lone surrogate, integers of any size.

The store keeps inputs and outputs as this text; the API sends it on without parsing it again.
"""

from __future__ import annotations

import re
from typing import Any, NewType, TypeAlias

import orjson
import pydantic_core

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
JsonObject: TypeAlias = dict[str, JsonValue]
JsonText = NewType("JsonText", str)
"""A string that is one valid JSON document."""

# orjson reads an integer of more than 64 bits as a float and says nothing; such text takes the slower exact reader.
_LONG_INTEGER = re.compile(rb"\d{19}")


class InvalidJson(ValueError):
    """The text is no JSON: the message says what is wrong and where."""


def loads(text: bytes | str) -> JsonValue:
    """Parse one JSON document; raises InvalidJson."""
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    try:
        value: JsonValue = orjson.loads(raw)
        if _LONG_INTEGER.search(raw):
            value = pydantic_core.from_json(raw, allow_inf_nan=False)
    except ValueError as error:
        raise InvalidJson(str(error)) from None
    return value


def dumps(value: Any) -> JsonText:
    """Serialise a JSON value compactly; raises InvalidJson where the value has no JSON form."""
    return JsonText(dump_bytes(value).decode())


def dump_bytes(value: Any) -> bytes:
    """Serialise a JSON value to UTF-8; raises InvalidJson where the value has no JSON form."""
    try:
        return orjson.dumps(value)
    except TypeError as error:
        if "64-bit" not in str(error):
            raise InvalidJson(str(error)) from None
    try:
        return pydantic_core.to_json(value)
    except ValueError as error:
        raise InvalidJson(str(error)) from None
