"""The secrets of an input: found by the schema, taken out before it is stored, put back before it runs.

    input -> stars in their places, stored and shown as it is, and (place, value) of each, sealed -> the input again

A version whose schema has no secret has no `Secrets`, and nothing here is asked. Where a schema has alternatives, what
is secret in one of them is. Knows nothing about keys and stores.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from augury.domain.errors import InvalidRequest, Problem
from augury.domain.jsontext import JsonObject, JsonValue
from augury.domain.mask import SHORTEST, STARS, Mask
from augury.service.schema_cost import resolve
from augury.service.validation import shown

Path = tuple[str | int, ...]

MOST = 100
MOST_CHARACTERS = 32 * 1024
"""Secrets in one input: each of them is looked for in every line that is written while it runs."""

_MARKERS = (("format", "password"), ("x-augury-type", "secret"), ("x-cog-secret", True))
_SAME_VALUE_LISTS = ("allOf", "anyOf", "oneOf")
_SAME_VALUE = ("if", "then", "else")
_EACH_ITEM = ("items", "contains", "unevaluatedItems")
_EACH_OTHER = ("additionalProperties", "unevaluatedProperties")


@dataclass(frozen=True, slots=True)
class Hidden:
    """An input as it may be seen, and what was taken out of it."""

    shown: JsonObject
    taken: list[tuple[Path, JsonValue]] = field(default_factory=list[tuple[Path, JsonValue]], repr=False)

    def check(self) -> None:
        """Raise InvalidRequest where there is more than one can keep an eye on."""
        if len(self.taken) > MOST or sum(map(len, self.values)) > MOST_CHARACTERS:
            msg = f"An input has at most {MOST} secrets, of {MOST_CHARACTERS:,} characters together."
            raise InvalidRequest.at("body", "input", msg=msg, type="secrets_too_big")

    @property
    def values(self) -> tuple[str, ...]:
        """Every text, and every number as text, in what was taken out."""
        return tuple(dict.fromkeys(text for _, value in self.taken for text in _texts(value)))


@dataclass(frozen=True, eq=False)
class Secrets:
    """Where a schema has secrets. `secrets_of` makes it."""

    root: JsonObject
    _leading: frozenset[int] = field(repr=False)
    """The ids of those of its parts that are a secret's or lead to one."""

    def hide(self, value: JsonObject) -> Hidden:
        """Take the secrets out of an input; one that is null stays."""
        taken: dict[Path, JsonValue] = {}
        waiting: list[tuple[JsonValue, JsonValue, Path]] = [(self.root, value, ())]
        while waiting:
            schema, part, path = waiting.pop()
            if not isinstance(schema, dict) or id(schema) not in self._leading or part is None or path in taken:
                continue
            if _is_secret(schema):
                taken[path] = part
                continue
            waiting.extend((same, part, path) for same in _of_same_value(schema, self.root))
            if isinstance(part, dict):
                waiting.extend((one, inner, (*path, name)) for one, name, inner in _members(schema, part))
            elif isinstance(part, list):
                waiting.extend((one, inner, (*path, number)) for one, number, inner in _items(schema, part))
        return Hidden(_starred(value, taken), list(taken.items())) if taken else Hidden(value)


def secrets_of(schema: JsonValue) -> Secrets | None:
    """Where the schema has secrets; None where it has none."""
    if not isinstance(schema, dict):
        return None
    leading: set[int] = set()
    above: dict[int, list[int]] = {}
    waiting: list[JsonObject] = [schema]
    seen: set[int] = {id(schema)}
    found: list[int] = []
    while waiting:
        one = waiting.pop()
        if _is_secret(one):
            found.append(id(one))
        for inner in _inside(one, schema):
            if isinstance(inner, dict):
                above.setdefault(id(inner), []).append(id(one))
                if id(inner) not in seen:
                    seen.add(id(inner))
                    waiting.append(inner)
    while found:
        one = found.pop()
        if one not in leading:
            leading.add(one)
            found.extend(above.get(one, ()))
    return Secrets(schema, frozenset(leading)) if leading else None


def put_back(shown: JsonObject, taken: JsonValue) -> tuple[JsonObject, tuple[str, ...]]:
    """The input as it was given, and the values to mask; `taken` is a list of [path, value]."""
    pairs: list[tuple[Path, JsonValue]] = []
    for one in taken if isinstance(taken, list) else ():
        if isinstance(one, list) and len(one) == 2 and isinstance(one[0], list):
            path = tuple(step for step in one[0] if isinstance(step, str | int))
            pairs.append((path, one[1]))
            _put(shown, path, one[1])
    return shown, Hidden(shown, pairs).values


def mask_problems(problems: Iterable[Problem], hidden: Hidden) -> list[Problem]:
    """What is wrong with an input, without the secrets in it."""
    mask = Mask(hidden.values)
    short = any(len(value) < SHORTEST for value in hidden.values)

    def masked(one: Problem) -> Problem:
        # Places begin with "body" and "input". What leads to a secret is shown as all may see it.
        place = one.loc[2:]
        touched = any(place == path[: len(place)] or place[: len(path)] == path for path, _ in hidden.taken)
        found = shown(_at(hidden.shown, place)) if touched and one.input is not None else mask.value(one.input)
        msg = f"The value does not fit the schema's {one.type}." if touched and short else mask.text(one.msg)
        return replace(one, msg=msg, input=found, ctx={name: mask.value(value) for name, value in one.ctx.items()})

    return [masked(one) for one in problems]


def _is_secret(schema: JsonObject) -> bool:
    return any(schema.get(name) == value for name, value in _MARKERS)


def _inside(schema: JsonObject, root: JsonObject) -> Iterator[JsonValue]:
    """The schemas that a value, or a part of it, may be looked at with."""
    yield from _of_same_value(schema, root)
    for name in (*_EACH_ITEM, *_EACH_OTHER):
        if name in schema:
            yield schema[name]
    for name in ("properties", "patternProperties"):
        named = schema.get(name)
        if isinstance(named, dict):
            yield from named.values()
    first = schema.get("prefixItems")
    if isinstance(first, list):
        yield from first


def _of_same_value(schema: JsonObject, root: JsonObject) -> Iterator[JsonValue]:
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
    for name in ("$ref", "$dynamicRef"):
        reference = schema.get(name)
        if isinstance(reference, str):
            yield resolve(root, reference)


def _members(schema: JsonObject, value: JsonObject) -> Iterator[tuple[JsonValue, str, JsonValue]]:
    """Each schema that a member of an object is looked at with, and the member's name and value."""
    named, patterns = schema.get("properties"), schema.get("patternProperties")
    properties = named if isinstance(named, dict) else {}
    others = [schema[name] for name in _EACH_OTHER if name in schema]
    # Which names a pattern means is not asked: what may be secret is.
    others += patterns.values() if isinstance(patterns, dict) else []
    for name, inner in value.items():
        for one in (properties[name],) if name in properties else others:
            yield one, name, inner


def _items(schema: JsonObject, value: list[JsonValue]) -> Iterator[tuple[JsonValue, int, JsonValue]]:
    """The same for the items of an array."""
    listed = schema.get("prefixItems")
    first = listed if isinstance(listed, list) else []
    rest = [schema[name] for name in _EACH_ITEM if name in schema]
    for number, inner in enumerate(value):
        for one in (first[number],) if number < len(first) else rest:
            yield one, number, inner


def _starred(value: JsonObject, taken: dict[Path, JsonValue]) -> JsonObject:
    """A copy of the value with stars at these places; what does not lead to one is not copied."""
    shown = dict(value)
    copied: dict[Path, JsonValue] = {(): shown}
    for path in taken:
        _put(_copy_on_the_way(copied, path), path[-1:] or path, STARS)
    return shown


def _copy_on_the_way(copied: dict[Path, JsonValue], path: Path) -> JsonValue:
    """What holds the place, copied so that it can be changed."""
    for length in range(1, len(path)):
        here = path[:length]
        if here not in copied:
            parent = copied[here[:-1]]
            inner = _get(parent, here[-1])
            copied[here] = dict(inner) if isinstance(inner, dict) else list(inner) if isinstance(inner, list) else inner
            _put(parent, here[-1:], copied[here])
    return copied[path[:-1]]


def _get(value: JsonValue, step: str | int) -> JsonValue:
    if isinstance(value, dict) and isinstance(step, str):
        return value.get(step)
    if isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
        return value[step]
    return None


def _at(value: JsonValue, path: Path) -> JsonValue:
    """What is at a place; stars below what is itself a secret."""
    for step in path:
        value = value if value == STARS else _get(value, step)
    return value


def _put(value: JsonValue, path: Path, inner: JsonValue) -> None:
    for step in path[:-1]:
        value = _get(value, step)
    if not path:
        return
    match value, path[-1]:
        case dict(), str(name):
            value[name] = inner
        case list(), int(number) if 0 <= number < len(value):
            value[number] = inner
        case _:
            # It stands in another secret, which is put back as a whole.
            return


def _texts(value: JsonValue) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)
