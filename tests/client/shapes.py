"""Whether a value has the shape that the official client's type hints promise: every key, no other, the right kinds.

`differences(value, hint)` says where it has not. Knows nothing about what the values mean.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import types
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, Literal, NotRequired, TypeVar, Union, cast, get_args, get_origin, get_type_hints, is_typeddict

OURS = frozenset({"status", "broken_reason", "timeline"})
"""What Augury says beside what the client knows: it passes it on as it is."""


def differences(value: Any, hint: Any, at: str = "it") -> list[str]:
    """What is wrong with a value, place by place; nothing where it fits."""
    return list(_differences(value, hint, at, {}))


def _differences(value: Any, hint: Any, at: str, known: Mapping[Any, Any]) -> Iterator[str]:
    hint = known[hint] if isinstance(hint, TypeVar) else hint
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        if all(differences(value, one, at) for one in get_args(hint)):
            yield f"{at} is {value!r}, which is none of {hint}"
    elif is_typeddict(hint):
        yield from _of_typed_dict(value, hint, at)
    elif origin is not None and dataclasses.is_dataclass(origin):
        parameters: tuple[Any, ...] = getattr(origin, "__parameters__", ())
        bound = dict(zip(parameters, get_args(hint), strict=True))
        for name, inner in get_type_hints(origin).items():
            yield from _differences(getattr(value, name), inner, f"{at}.{name}", bound)
    elif origin is list and isinstance(value, list):
        for number, one in enumerate(cast("list[Any]", value)):
            yield from _differences(one, get_args(hint)[0], f"{at}[{number}]", known)
    elif not _fits(value, hint):
        yield f"{at} is {value!r} and should be {hint}"


def _fits(value: Any, hint: Any) -> bool:
    if get_origin(hint) in (dict, collections.abc.Mapping):
        return isinstance(value, dict)
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return value in [one.value for one in hint]
    # True is no number, and no text stands for one.
    return type(value) is (type(None) if hint is None else hint)


def _of_typed_dict(value: Any, hint: Any, at: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{at} is {value!r} and should be an object"
        return
    hints = get_type_hints(hint, include_extras=True)
    optional = {name for name, inner in hints.items() if get_origin(inner) is NotRequired}
    keys = set(cast("dict[str, Any]", value))
    for missing in set(hints) - optional - keys:
        yield f"{at}.{missing} is missing"
    for extra in keys - set(hints) - OURS:
        yield f"{at}.{extra} is not known to the client"
    for name in keys & set(hints):
        inner = hints[name]
        yield from _differences(value[name], get_args(inner)[0] if name in optional else inner, f"{at}.{name}", {})
