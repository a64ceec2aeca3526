"""A version's JSON Schemas (2020-12) as the OpenAPI 3.0 document that Replicate shows of one.

    input, output, stream_output -> components.schemas.Input, Output, and what they refer to

Forms and clients look for: `nullable`, choices as schemas of their own behind `allOf`, `x-order`, and in Output
`x-cog-array-type: iterator` and `x-cog-array-display: concatenate`. Knows no store and no HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from augury.domain.jsontext import JsonObject, JsonValue

Schema = Mapping[str, JsonValue]

DEFINITIONS = "#/$defs/"
COMPONENTS = "#/components/schemas/"
_DROPPED = frozenset(
    (
        "$schema", "$id", "$anchor", "$comment", "$defs", "$dynamicRef", "$dynamicAnchor", "$vocabulary", "contains",
        "maxContains", "minContains", "propertyNames", "patternProperties", "unevaluatedProperties", "unevaluatedItems",
        "dependentRequired", "dependentSchemas", "if", "then", "else", "contentEncoding", "contentMediaType",
        "contentSchema", "x-augury-type",
    )
)  # fmt: skip
"""What OpenAPI 3.0 has no word for."""
_LISTS = ("anyOf", "oneOf", "allOf")
_BOUNDS = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}
_NULL: JsonObject = {"type": "null"}


def is_text_stream(schemas: Schema) -> bool:
    """Whether what is put out is a stream of the pieces of one text, and in the end that text."""
    return _kind(schemas.get("stream_output")) == "string" and _kind(schemas.get("output")) == "string"


def document(schemas: Schema) -> JsonObject:
    """The document of a version; `schemas` has input, output and perhaps stream_output."""
    components: JsonObject = {}
    given = _Writer("Input", components).whole(schemas.get("input"))
    components["Input"] = {"title": "Input", **given, **_inputs(given, components)}
    put_out = _Writer("Output", components).whole(_output(schemas))
    components["Output"] = _beside({"title": "Output", **put_out})
    return {
        "openapi": "3.0.2",
        "info": {"title": "Augury", "version": "0.1.0"},
        "paths": {},
        "components": {"schemas": components},
    }


def _output(schemas: Schema) -> JsonValue:
    output, item = schemas.get("output"), schemas.get("stream_output")
    if item is None or not isinstance(output, dict):
        return output
    if is_text_stream(schemas):
        return {
            "type": "array",
            "items": {"type": "string"},
            "x-cog-array-type": "iterator",
            "x-cog-array-display": "concatenate",
        }
    return {**output, "x-cog-array-type": "iterator"} if output.get("type") == "array" else output


def _inputs(given: JsonObject, components: JsonObject) -> JsonObject:
    """The fields of the input, in their order, choices as schemas of their own."""
    properties = given.get("properties")
    if not isinstance(properties, dict):
        return {"type": "object", "properties": {}}
    made: JsonObject = {}
    for order, (name, schema) in enumerate(properties.items()):
        field = dict(schema) if isinstance(schema, dict) else {}
        field.setdefault("title", name.replace("_", " ").title())
        field.setdefault("x-order", order)
        choices = field.pop("enum", None)
        if choices is not None:
            # A choice of the same name as a class of the model's must not take its place.
            free = name if name not in components and name not in ("Input", "Output") else f"{name}_choices"
            kind = {"type": field.pop("type")} if "type" in field else {}
            title = field.pop("title")
            components[free] = {"title": title, "description": "An enumeration.", "enum": choices, **kind}
            field["allOf"] = [{"$ref": COMPONENTS + free}]
        made[name] = _beside(field)
    return {"properties": made}


class _Writer:
    """Writes one document's schemas; its definitions go to `components`, under names of their own."""

    def __init__(self, root: str, components: JsonObject) -> None:
        self._root = root
        self._components = components
        self._names: dict[str, str] = {}

    def whole(self, schema: JsonValue) -> JsonObject:
        """A document: its definitions first, so that what refers to them finds their names."""
        if not isinstance(schema, dict):
            return {}
        definitions = schema.get("$defs")
        found = definitions if isinstance(definitions, dict) else {}
        for name in found:
            free = name
            while free in (*self._components, *self._names.values(), "Input", "Output"):
                free += "_"
            self._names[name] = free
        for name, definition in found.items():
            self._components[self._names[name]] = self.write(definition)
        return self.write(schema)

    def write(self, schema: JsonValue) -> JsonObject:
        """One schema."""
        if not isinstance(schema, dict):
            return {} if schema is not False else {"not": {}}
        made: JsonObject = {}
        for word, value in schema.items():
            if word not in _DROPPED:
                made.update(self._said(word, value))
        return _nullable(_bounded(made, schema))

    def _said(self, word: str, value: JsonValue) -> JsonObject:
        match word, value:
            case "$ref", str():
                return {"$ref": self._reference(value)}
            case "const", _:
                return {"enum": [value]}
            case "examples", [first, *_]:
                return {"example": first}
            case "prefixItems", list():
                return {"items": {"anyOf": [self.write(one) for one in value]}}
            case (("items" | "not" | "additionalProperties"), dict()):
                return {word: self.write(value)}
            case "items", bool():
                return {}
            case "properties", dict():
                return {word: {name: self.write(one) for name, one in value.items()}}
            case (("anyOf" | "oneOf" | "allOf"), list()):
                # What may be null is told by its null, so it is kept until the end.
                return {word: [one if one == _NULL else self.write(one) for one in value]}
            case _:
                return {word: value}

    def _reference(self, target: str) -> str:
        if target == "#":
            return COMPONENTS + self._root
        name = target.removeprefix(DEFINITIONS)
        return COMPONENTS + self._names.get(name, name)


def _bounded(made: JsonObject, schema: Schema) -> JsonObject:
    """Bounds that are left out of the range: a flag beside the bound, not a number of their own."""
    for word, plain in _BOUNDS.items():
        value = schema.get(word)
        if isinstance(value, int | float) and not isinstance(value, bool):
            made[plain], made[word] = value, True
    return made


def _nullable(made: JsonObject) -> JsonObject:
    """What may be null says so in a flag, and a choice of types is a choice of schemas."""
    kinds = made.get("type")
    null = False
    if isinstance(kinds, list):
        null = "null" in kinds
        others = [one for one in kinds if one != "null"]
        del made["type"]
        if len(others) == 1:
            made["type"] = others[0]
        elif others:
            made["anyOf"] = [{"type": one} for one in others]
    elif kinds == "null":
        del made["type"]
        null = True
    for word in _LISTS:
        options = made.get(word)
        if isinstance(options, list) and _NULL in options:
            null = True
            left = [one for one in options if one != _NULL]
            del made[word]
            made.update(_merged(left, made, word))
    if null:
        made["nullable"] = True
    choices = made.get("enum")
    if isinstance(choices, list) and None in choices and len(choices) > 1:
        made["enum"], made["nullable"] = [one for one in choices if one is not None], True
    return _beside(made)


def _beside(made: JsonObject) -> JsonObject:
    """Beside a reference OpenAPI 3.0 reads nothing, so where there is more it is put into a list."""
    reference = made.get("$ref")
    if reference is not None and len(made) > 1:
        del made["$ref"]
        made["allOf"] = [{"$ref": reference}]
    return made


def _merged(left: list[JsonValue], made: JsonObject, word: str) -> JsonObject:
    """One option alone needs no list, unless what it says is said already."""
    if len(left) == 1 and isinstance(left[0], dict) and not (left[0].keys() & made.keys()):
        return left[0]
    return {word: left} if left else {}


def _kind(schema: JsonValue) -> JsonValue:
    return schema.get("type") if isinstance(schema, dict) else None


def schemas_of(published: JsonValue) -> Schema:
    """The schemas of a prediction in what a version was published with."""
    described = published.get("prediction") if isinstance(published, dict) else None
    return cast("Schema", described) if isinstance(described, dict) else {}
