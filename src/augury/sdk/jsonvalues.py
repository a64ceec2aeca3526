"""JSON values as Python holds them: which is an array, which an object, and when two are the same.

Knows nothing about schemas or shapes. Standard library only; Python 3.9 and newer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import TypeGuard


def is_array(value: Any) -> TypeGuard[list[Any]]:
    """Whether it is a JSON array."""
    return isinstance(value, list)


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether it is a JSON object."""
    return isinstance(value, dict)


def same_json(one: Any, other: Any) -> bool:
    """Equality as JSON Schema has it: 1 is 1.0, but true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if is_array(one) and is_array(other):
        return len(one) == len(other) and all(map(same_json, one, other))
    if is_object(one) and is_object(other):
        return one.keys() == other.keys() and all(same_json(one[key], other[key]) for key in one)
    return bool(one == other)


def integral(value: Any) -> Any:
    """A JSON value with its whole floats as integers, which they are in JSON: 5.0 is 5."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if is_array(value):
        return [integral(item) for item in value]
    if is_object(value):
        return {key: integral(item) for key, item in value.items()}
    return value
