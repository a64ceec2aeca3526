"""What checking one value against a schema can cost, told from the schema alone.

A few lines of references that double at each step make a check that never ends. This follows every reference that
applies to the same value and counts the keywords on the way, each schema once. What applies to a part of the value
(properties, items) is counted for itself: how often that is applied depends on the value. Knows nothing about values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from augury.domain.jsontext import JsonObject, JsonValue

_SAME_VALUE_LISTS = ("allOf", "anyOf", "oneOf")
_SAME_VALUE = ("not", "if", "then", "else")
_PART_LISTS = ("prefixItems",)
_PARTS = (
    "items", "contains", "additionalProperties", "propertyNames", "unevaluatedItems", "unevaluatedProperties",
    "contentSchema",
)  # fmt: skip
_PART_MAPS = ("properties", "patternProperties", "$defs", "definitions")


class Endless(ValueError):
    """A schema applies itself to the same value; the message is the reference that does."""


def cost(schema: JsonValue, enough: int) -> int:
    """Keywords that may apply to one value, at the costliest place of the schema; raises Endless.

    Counting stops somewhere above `enough`.
    """
    book = _Book(schema, enough)
    most = 0
    waiting: list[JsonValue] = [schema]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            most = max(most, book.count(one))
            waiting.extend(_every(one))
    return most


def resolve(root: JsonValue, reference: str) -> JsonValue:
    """Where a reference inside a schema leads; None for one that is not understood: the compiler judges it."""
    place, _, fragment = reference.partition("#")
    if place and not (isinstance(root, dict) and root.get("$id") == place):
        return None
    if not fragment.startswith("/"):
        return root if not fragment else _anchored(root, fragment)
    target = root
    for step in unquote(fragment[1:]).split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(target, dict) and name in target:
            target = target[name]
        elif isinstance(target, list) and name.isdecimal() and int(name) < len(target):
            target = target[int(name)]
        else:
            return None
    return target


@dataclass
class _Book:
    root: JsonValue
    enough: int
    counted: dict[int, int] = field(default_factory=dict[int, int])
    open: set[int] = field(default_factory=set[int])

    def count(self, schema: JsonValue, reference: str = "#") -> int:
        if not isinstance(schema, dict):
            return 1
        key = id(schema)
        if key in self.counted:
            return self.counted[key]
        if key in self.open:
            raise Endless(reference)
        self.open.add(key)
        total = 1 + len(schema)
        for inner in _same_value(schema):
            total += self.count(inner, reference)
        for name in ("$ref", "$dynamicRef"):
            target = schema.get(name)
            if isinstance(target, str):
                total += self.count(resolve(self.root, target), target)
        self.open.discard(key)
        self.counted[key] = min(total, self.enough + 1)
        return self.counted[key]


def _same_value(schema: JsonObject) -> Iterator[JsonValue]:
    """The schemas that apply to the same value as this one."""
    for name in _SAME_VALUE_LISTS:
        listed = schema.get(name)
        if isinstance(listed, list):
            yield from listed
    for name in _SAME_VALUE:
        if name in schema:
            yield schema[name]
    dependent = schema.get("dependentSchemas")
    if isinstance(dependent, dict):
        yield from dependent.values()


def _every(schema: JsonObject) -> Iterator[JsonValue]:
    """The schemas inside this one, whatever they apply to."""
    yield from _same_value(schema)
    for name in _PART_LISTS:
        listed = schema.get(name)
        if isinstance(listed, list):
            yield from listed
    for name in _PARTS:
        if name in schema:
            yield schema[name]
    for name in _PART_MAPS:
        named = schema.get(name)
        if isinstance(named, dict):
            yield from named.values()


def _anchored(root: JsonValue, anchor: str) -> JsonValue:
    waiting: list[JsonValue] = [root]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if anchor in (one.get("$anchor"), one.get("$dynamicAnchor")):
                return one
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
    return None
