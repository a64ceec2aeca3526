"""Whether a JSON value is within what Input() allows, and how far it is from a shape.

Both speak about the JSON value as it arrived, as JSON Schema does. Standard library only; Python 3.9 and newer.
"""

from __future__ import annotations

import decimal
import json
import math
import re
from typing import Any

from ..sdk.fields import InputField
from ..sdk.jsonvalues import is_array, is_object, same_json
from ..sdk.schema import default_form
from ..sdk.shapes import (
    Alias,
    Choice,
    Either,
    Entries,
    Fixed,
    Items,
    Record,
    Refined,
    Scalar,
    Shape,
    allows_null,
)

OUT = 9
"""The distance of a value that cannot be of that shape."""


def refusal(shape: Refined, value: Any) -> str | None:
    """Why a value is out of bounds, or None."""
    info = shape.info
    problem: str | None = None
    if isinstance(value, str):
        problem = _length(info, len(value), "characters")
        if problem is None and info.regex is not None and not re.search(info.regex, value):
            problem = f"must match {info.regex}"
    elif is_array(value) or is_object(value):
        count = len(value)
        problem = _length(info, count, "items" if is_array(value) else "entries")
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        problem = _size(info, value)
    if problem is None and info.choices is not None:
        problem = _choice(info.choices, shape.shape, value)
    return problem


def distance(shape: Shape, value: Any) -> int:
    """How far a value is from a shape by what can be seen at once: 0 is exact, OUT impossible."""
    if isinstance(shape, Refined):
        return distance(shape.shape, value)
    if isinstance(shape, Alias):
        return distance(shape.target, value)
    if isinstance(shape, Scalar):
        return _scalar_distance(shape.kind, value)
    if isinstance(shape, Choice):
        return 0 if any(same_json(form, value) for form, _ in shape.values) else OUT
    if isinstance(shape, (Items, Fixed)):
        return 1 if is_array(value) else OUT
    if isinstance(shape, Entries):
        return 2 if is_object(value) else OUT
    if isinstance(shape, Record):
        return _record_distance(shape, value) if is_object(value) else OUT
    if isinstance(shape, Either):
        return min(distance(option, value) for option in shape.options)
    return 1


def shown(value: Any) -> str:
    """A value for a message: as JSON, and not at any length."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 100 else text[:97] + "..."


def _length(info: InputField, length: int, unit: str) -> str | None:
    if info.min_length is not None and length < info.min_length:
        return f"must have at least {info.min_length} {unit}, not {length}"
    if info.max_length is not None and length > info.max_length:
        return f"must have at most {info.max_length} {unit}, not {length}"
    return None


def _size(info: InputField, value: float) -> str | None:
    if info.ge is not None and value < info.ge:
        return f"must be at least {info.ge}, not {shown(value)}"
    if info.gt is not None and value <= info.gt:
        return f"must be over {info.gt}, not {shown(value)}"
    if info.le is not None and value > info.le:
        return f"must be at most {info.le}, not {shown(value)}"
    if info.lt is not None and value >= info.lt:
        return f"must be under {info.lt}, not {shown(value)}"
    if info.multiple_of is not None and not _divides(info.multiple_of, value):
        return f"must be a multiple of {info.multiple_of}, not {shown(value)}"
    return None


def _divides(step: float, value: float) -> bool:
    if isinstance(step, int) and isinstance(value, int):
        return value % step == 0
    if not math.isfinite(value):
        return False
    # As written: 0.3 is a multiple of 0.1, whatever binary fractions say.
    with decimal.localcontext(decimal.Context(prec=400)):
        return decimal.Decimal(repr(value)) % decimal.Decimal(repr(step)) == 0


def _choice(choices: tuple[Any, ...], shape: Shape, value: Any) -> str | None:
    if value is None and allows_null(shape):
        return None
    each: list[Any] = value if is_array(value) else [value]
    for one in each:
        if not any(same_json(choice, one) or same_json(default_form(choice), one) for choice in choices):
            return f"must be one of {shown([default_form(choice) for choice in choices])}"
    return None


def _scalar_distance(kind: str, value: Any) -> int:
    if kind == "any":
        return 3
    if value is None or isinstance(value, bool):
        return 0 if kind == ("null" if value is None else "boolean") else OUT
    if isinstance(value, (int, float)):
        whole = isinstance(value, int)
        if kind == "integer":
            return 0 if whole else 1 if value.is_integer() else OUT
        return (1 if whole else 0) if kind == "number" else 2 if kind == "decimal" else OUT
    if isinstance(value, str):
        if kind in ("file", "path"):  # after a text of any other kind, unless it looks like one
            return 1 if re.match(r"(https?:|data:)", value, re.IGNORECASE) else 4
        return OUT if kind in ("null", "boolean", "integer", "number") else 1
    return OUT


def _record_distance(shape: Record, value: dict[str, Any]) -> int:
    names: set[str] = set()
    for field in shape.fields:
        names.add(field.name)
        bare = field.shape.shape if isinstance(field.shape, Refined) else field.shape
        if field.name not in value:
            if field.required:
                return OUT
        elif isinstance(bare, Choice) and distance(bare, value[field.name]) == OUT:  # a tag of another record
            return OUT
    return 0 if value.keys() <= names else 1
