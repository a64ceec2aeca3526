"""Values against JSON Schemas (2020-12): what is wrong with them, place by place.

A schema is compiled once and then asked many times. Nothing is ever fetched: a reference leads to somewhere in the
schema or is refused. Schemas come from anyone, so their size, depth and cost are bounded before they are compiled.
Knows nothing about models and requests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, cast

import jsonschema_rs

from augury.domain import jsontext
from augury.domain.errors import Problem
from augury.domain.jsontext import InvalidJson, JsonObject, JsonValue
from augury.service.schema_cost import Endless, cost

SCHEMA_BYTES = 256 * 1024
"""The biggest schema, as JSON."""
SCHEMA_DEPTH = 100
"""Levels of the deepest schema; the compiler goes down to about 250."""
SCHEMA_COST = 20_000
"""Keywords that may apply to one value, when every reference is followed."""
_REGEX_BYTES = 1 << 20
_TOLD_VALUES = 2_000
"""Values inside the biggest one of which every problem is told: finding them all takes far longer than finding one."""
_TOLD_DEPTH = 64
_SHOWN_BYTES = 1024
_PROBLEMS = 50

Loc = tuple[str | int, ...]


class BadSchema(ValueError):
    """The schema cannot be used; `path` leads to what is wrong in it."""

    def __init__(self, message: str, path: Loc = ()) -> None:
        super().__init__(message)
        self.message = message
        self.path = path


@dataclass(frozen=True, slots=True)
class Validator:
    """A compiled schema."""

    schema: JsonObject | bool
    _compiled: jsonschema_rs.Draft202012Validator = field(repr=False)
    _branches: bool
    """It has alternatives, each of which collects all its errors before any is told."""

    def problems(self, value: JsonValue, prefix: Loc = (), limit: int = _PROBLEMS) -> list[Problem]:
        """What is wrong with the value, at most `limit` places; `prefix` goes before each place."""
        try:
            if self._compiled.is_valid(value):
                return []
            if _small(value):
                told = (inner for error in self._compiled.iter_errors(value) for inner in _told(error))
                return [_problem(error, value, prefix) for error in islice(told, limit)]
            if not self._branches:
                self._compiled.validate(value)
        except jsonschema_rs.ValidationError as error:
            return [_problem(error, value, prefix)]
        except ValueError as error:
            return [Problem(prefix, f"The value cannot be checked: {_sentence(str(error))}", "uncheckable")]
        msg = "The value does not fit the schema, and is too big or too deep for the place to be told."
        return [Problem(prefix, msg, "invalid", shown(value))]


@dataclass(frozen=True, slots=True)
class SchemaSet:
    """The compiled schemas of a version."""

    input: Validator
    output: Validator
    stream_output: Validator | None = None

    @property
    def described(self) -> JsonObject:
        """The schemas themselves, by what they are of."""
        found: JsonObject = {"input": self.input.schema, "output": self.output.schema}
        return found if self.stream_output is None else {**found, "stream_output": self.stream_output.schema}


def compile_schema(schema: JsonValue) -> Validator:
    """Compile a schema; raises BadSchema."""
    if not isinstance(schema, dict | bool):
        raise BadSchema("A schema is an object, or true or false.")
    try:
        text = jsontext.dumps(schema)
        compiled = jsonschema_rs.Draft202012Validator(
            schema,
            validate_formats=False,
            offline=True,
            # The engine that never backtracks: no pattern of anyone's can hold up the server.
            pattern_options=jsonschema_rs.RegexOptions(size_limit=_REGEX_BYTES, dfa_size_limit=_REGEX_BYTES),
        )
    except jsonschema_rs.ValidationError as error:
        raise _bad(error) from None
    except ValueError as error:
        raise BadSchema(_sentence(str(error))) from None
    return Validator(schema, compiled, '"anyOf"' in text or '"oneOf"' in text)


def compile_set(schemas: Mapping[str, JsonValue]) -> SchemaSet:
    """Compile the "prediction" part of a version's schemas; raises BadSchema."""
    stream_output = schemas.get("stream_output")
    return SchemaSet(
        compile_schema(schemas.get("input")),
        compile_schema(schemas.get("output")),
        None if stream_output is None else compile_schema(stream_output),
    )


def check_schema(schema: JsonValue, prefix: Loc, *, of_object: bool = False) -> list[Problem]:
    """What is wrong with a schema that a caller gave; `of_object` demands that it describes an object."""
    if not isinstance(schema, dict | bool):
        return [_refusal("A schema is an object, or true or false.", prefix, schema)]
    try:
        _bound(schema)
        compile_schema(schema)
    except BadSchema as error:
        return [_refusal(error.message, (*prefix, *error.path), _at(schema, error.path))]
    if of_object and not (isinstance(schema, dict) and schema.get("type") == "object"):
        return [_refusal('The input of a model is an object: its schema has "type": "object".', prefix, schema)]
    return []


def shown(value: Any) -> JsonValue:
    """A value for showing it back: itself, or its beginning as text where it is long."""
    if isinstance(value, str):
        return value if len(value) <= _SHOWN_BYTES else value[:_SHOWN_BYTES] + "…"
    try:
        text = jsontext.dumps(value)
    except InvalidJson:
        return "…"
    return cast("JsonValue", value) if len(text) <= _SHOWN_BYTES else text[:_SHOWN_BYTES] + "…"


def _small(value: JsonValue) -> bool:
    """Whether all the problems of a value are found in no time."""
    level: list[JsonValue] = [value]
    seen = 0
    for _ in range(_TOLD_DEPTH):
        seen += len(level)
        if not level or seen > _TOLD_VALUES:
            break
        level = [inner for outer in level for inner in _inside(outer)]
    return not level and seen <= _TOLD_VALUES


def _told(error: jsonschema_rs.ValidationError) -> Iterator[jsonschema_rs.ValidationError]:
    """What is wrong with the value as the one alternative that is clearly meant; else that it is none of them."""
    branches: list[list[jsonschema_rs.ValidationError]] = getattr(error.kind, "context", [])
    for another in (_of_another_kind, _of_another_type):
        meant = [branch for branch in branches if branch and not any(another(one, error) for one in branch)]
        if len(meant) == 1:
            for inner in meant[0]:
                yield from _told(inner)
            return
    yield error


def _of_another_type(inner: jsonschema_rs.ValidationError, outer: jsonschema_rs.ValidationError) -> bool:
    return inner.kind.name == "type" and len(inner.instance_path) == len(outer.instance_path)


def _of_another_kind(inner: jsonschema_rs.ValidationError, outer: jsonschema_rs.ValidationError) -> bool:
    """By its type, or by a mark: a member, such as `kind`, that has one value for each alternative."""
    marked = inner.kind.name in ("const", "enum") and len(inner.instance_path) <= len(outer.instance_path) + 1
    return marked or _of_another_type(inner, outer)


def _bad(error: jsonschema_rs.ValidationError) -> BadSchema:
    path = tuple(error.instance_path)
    if path and (path[-1] == "pattern" or path[-2:-1] == ("patternProperties",)):
        hint = "a pattern has no look-around and no back-references, so that it is always matched quickly"
        return BadSchema(f"{error.message[:200]}: {hint}.", path)
    if "Retrieval is disabled" in error.message:
        return BadSchema("A reference leads out of the schema: everything has to be in it, nothing is fetched.", path)
    return BadSchema(_sentence(error.message), path)


def _bound(schema: JsonObject | bool) -> None:
    """Refuse what is too big, too deep or too costly; raises BadSchema."""
    try:
        size = len(jsontext.dump_bytes(schema))
    except InvalidJson as error:
        raise BadSchema(_sentence(str(error))) from None
    if size > SCHEMA_BYTES:
        raise BadSchema(f"The schema has {size:,} bytes; {SCHEMA_BYTES:,} are allowed.")
    if _depth(schema, SCHEMA_DEPTH) > SCHEMA_DEPTH:
        raise BadSchema(f"The schema has more than {SCHEMA_DEPTH} levels.")
    try:
        total = cost(schema, SCHEMA_COST)
    except Endless as error:
        raise BadSchema(f"The schema refers to itself without end, at {error}.") from None
    if total > SCHEMA_COST:
        raise BadSchema(
            f"The schema applies more than {SCHEMA_COST:,} keywords to one value when its references are followed."
        )


def _depth(value: JsonValue, enough: int) -> int:
    """Levels of nesting, counted no further than one past `enough`."""
    level: list[JsonValue] = [value]
    depth = 0
    while level and depth <= enough:
        depth += 1
        level = [inner for outer in level for inner in _inside(outer) if isinstance(inner, dict | list)]
    return depth


def _inside(value: JsonValue) -> Iterator[JsonValue]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _at(value: JsonValue, path: Loc) -> JsonValue:
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def _refusal(message: str, loc: Loc, value: JsonValue) -> Problem:
    return Problem(loc, message, "schema", shown(value))


def _problem(error: jsonschema_rs.ValidationError, value: JsonValue, prefix: Loc) -> Problem:
    place = tuple(error.instance_path)
    keyword = error.kind.name
    context: dict[str, JsonValue] = {}
    if keyword in _WITH_LIMIT:
        context["expected"] = shown(error.kind.value)
    found = shown(_at(value, place))
    return Problem((*prefix, *place), _message(error, keyword, found), _snake(keyword), found, context)


_WITH_LIMIT = frozenset(
    {
        "type", "required", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
        "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "pattern", "format",
        "additionalProperties", "unevaluatedProperties", "dependentRequired",
    }
)  # fmt: skip


def _message(error: jsonschema_rs.ValidationError, keyword: str, found: JsonValue) -> str:
    """The validator's words, without a long value in them."""
    if len(error.message) <= _SHOWN_BYTES:
        return _sentence(error.message)
    return f"The value does not fit the schema's {keyword}: {str(found)[:100]}…"


def _snake(keyword: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", keyword).lower()


def _sentence(text: str) -> str:
    line = text.strip().partition("\n")[0][:_SHOWN_BYTES]
    return line if line.endswith((".", "…")) else line + "."
