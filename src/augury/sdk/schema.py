"""Shapes -> JSON Schema 2020-12, in the order of the signature.

Named classes go to $defs, so that recursive ones end; everything else stands where it is used. Files and secrets are
texts with our marker, `x-augury-type`. Knows nothing about annotations or predict(). Standard library only; Python 3.9.
"""

from __future__ import annotations

import copy
import re
from typing import Any, Callable

from .fields import EMPTY, MISSING, InputField, Secret
from .foreign import DEFINITIONS, FILE, renamed
from .jsonform import OutputError, to_json
from .jsonvalues import is_array
from .shapes import (
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
    allows_null,
)

DIALECT = "https://json-schema.org/draft/2020-12/schema"
INTEGER_KEY = "^-?(0|[1-9][0-9]*)$"
DECIMAL_TEXT = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"

Schema = dict[str, Any]


class SchemaWriter:
    """Writes the schemas of one document; the definitions that they share gather in `definitions`."""

    def __init__(self) -> None:
        self.definitions: dict[str, Schema] = {}
        self._foreign_definitions: dict[str, Schema] = {}
        self._names: dict[Any, str] = {}

    def write(self, shape: Shape) -> Schema:
        """The schema of a shape."""
        return _WRITERS[type(shape)](self, shape)

    def document(self, schema: Schema) -> Schema:
        """A schema as a document of its own, with the definitions that it needs."""
        document: Schema = {"$schema": DIALECT, **schema}
        if self.definitions:
            document["$defs"] = self.definitions
        return document

    def describe(self, shape: Shape, info: InputField, default: Any, order: int | None) -> Schema:
        """The schema of a property: what the shape is, what Input() says about it, its default and its place."""
        schema = self.write(shape)
        schema.update(_words(info))
        form = default_form(default)
        if form is not MISSING:
            schema["default"] = form
        if order is not None:
            schema["x-order"] = order
        return schema

    # One method for each kind of shape.

    def write_scalar(self, shape: Scalar) -> Schema:
        return dict(_SCALARS[shape.kind])

    def write_choice(self, shape: Choice) -> Schema:
        forms = [form for form, _ in shape.values]
        schema: Schema = {"enum": forms}
        kinds = {_json_type(form) for form in forms}
        if len(kinds) == 1:
            schema = {"type": kinds.pop(), **schema}
        return schema

    def write_items(self, shape: Items) -> Schema:
        schema: Schema = {"type": "array", "items": self.write(shape.item)}
        if shape.unique:
            schema["uniqueItems"] = True
        return schema

    def write_fixed(self, shape: Fixed) -> Schema:
        size = len(shape.items)
        schema: Schema = {"type": "array", "minItems": size, "maxItems": size}
        if size:
            schema["prefixItems"] = [self.write(item) for item in shape.items]
        return schema

    def write_entries(self, shape: Entries) -> Schema:
        schema: Schema = {"type": "object", "additionalProperties": self.write(shape.value)}
        key = self.write(shape.key)
        if key.pop("type", None) == "integer":
            key = {"pattern": INTEGER_KEY}
        if key:
            schema["propertyNames"] = key
        return schema

    def write_record(self, shape: Record) -> Schema:
        if shape in self._names:
            return _reference(self._names[shape])
        name = self._names[shape] = self._free(shape.name)
        schema: Schema = {"type": "object", "title": shape.name}
        self.definitions[name] = schema
        if shape.description:
            schema["description"] = shape.description
        schema["properties"] = {
            one.name: self.describe(one.shape, EMPTY, one.default, order) for order, one in enumerate(shape.fields)
        }
        required = [one.name for one in shape.fields if one.required]
        if required:
            schema["required"] = required
        return _reference(name)

    def write_alias(self, shape: Alias) -> Schema:
        if isinstance(shape.target, (Record, Foreign, Alias)):
            return self.write(shape.target)
        if shape in self._names:
            return _reference(self._names[shape])
        name = self._names[shape] = self._free(shape.name)
        self.definitions[name] = {}
        self.definitions[name].update(self.write(shape.target))
        return _reference(name)

    def write_either(self, shape: Either) -> Schema:
        return {"anyOf": [self.write(option) for option in shape.options]}

    def write_refined(self, shape: Refined) -> Schema:
        schema = self.write(shape.shape)
        schema.update(_words(shape.info))
        kinds = json_kinds(shape.shape)
        schema.update(_bounds(shape.info, kinds))
        if shape.info.choices is not None:
            forms = [default_form(choice) for choice in shape.info.choices]
            if kinds <= {"array", "null"} and "array" in kinds:
                _items_of(schema)["enum"] = forms
            else:
                schema["enum"] = [*forms, None] if allows_null(shape.shape) and None not in forms else forms
        return schema

    def write_foreign(self, shape: Foreign) -> Schema:
        if shape in self._names:
            return _reference(self._names[shape])
        schema: Schema = copy.deepcopy(shape.document)
        inner: dict[str, Schema] = schema.pop("$defs", {})
        names = {name: self._settled(name, definition) for name, definition in inner.items()}
        for name, definition in inner.items():
            self.definitions[names[name]] = renamed(definition, names)
        schema = renamed(schema, names)
        if "properties" not in schema:
            return schema
        name = self._names[shape] = self._settled(shape.name, shape.document)
        self.definitions[name] = schema
        return _reference(name)

    def _settled(self, name: str, definition: Schema) -> str:
        """The name in $defs for a definition of pydantic's: its own, unless another type has that already."""
        for taken, other in self._foreign_definitions.items():
            if other == definition and taken.partition("_")[0] == name.partition("_")[0]:
                return taken
        free = self._free(name)
        self.definitions[free] = {}
        self._foreign_definitions[free] = definition
        return free

    def _free(self, name: str) -> str:
        plain = re.sub(r"[^A-Za-z0-9_.-]+", "_", name).strip("_") or "Type"
        free, number = plain, 1
        while free in self.definitions:
            number += 1
            free = f"{plain}_{number}"
        return free


def default_form(default: Any) -> Any:
    """The JSON form of a default, or MISSING where it has none."""
    if default is MISSING or isinstance(default, Secret):
        return MISSING
    try:
        form, warnings = to_json(default, None)
    except OutputError:
        return MISSING
    except Exception:  # noqa: BLE001  # the default is the author's own object: a schema without it is right, too
        return MISSING
    return MISSING if warnings else form


def pattern_of(regex: str) -> str:
    """A regular expression of Python's in the words of JSON Schema's."""
    return re.sub(r"\\Z", "$", re.sub(r"\\A", "^", regex)).replace("(?P<", "(?<")


def _reference(name: str) -> Schema:
    return {"$ref": DEFINITIONS + name}


def _words(info: InputField) -> Schema:
    said: Schema = {
        "title": info.title,
        "description": info.description,
        "deprecated": info.deprecated or None,
        "x-augury-media-types": None if info.media_types is None else list(info.media_types),
        "x-augury-max-bytes": info.max_bytes,
    }
    return {key: value for key, value in said.items() if value is not None}


def _bounds(info: InputField, kinds: set[str]) -> Schema:
    """The bounds as keywords; each keyword looks at values of one JSON type only, as the bounds do."""
    said: Schema = {}
    if kinds & {"integer", "number", "any"}:
        said.update(minimum=info.ge, exclusiveMinimum=info.gt, maximum=info.le, exclusiveMaximum=info.lt)
        said.update(multipleOf=info.multiple_of)
    if kinds & {"string", "any"}:
        said.update(minLength=info.min_length, maxLength=info.max_length)
        said.update(pattern=None if info.regex is None else pattern_of(info.regex))
    if kinds & {"array", "any"}:
        said.update(minItems=info.min_length, maxItems=info.max_length)
    if kinds & {"object", "any"}:
        said.update(minProperties=info.min_length, maxProperties=info.max_length)
    return {key: value for key, value in said.items() if value is not None}


def json_kinds(shape: Shape) -> set[str]:
    """The JSON types that values of a shape have; "any" where nothing is known."""
    if isinstance(shape, Scalar):
        return _type_set(_SCALARS[shape.kind])
    if isinstance(shape, Choice):
        return {_json_type(form) for form, _ in shape.values}
    if isinstance(shape, (Items, Fixed)):
        return {"array"}
    if isinstance(shape, (Entries, Record)):
        return {"object"}
    if isinstance(shape, Alias):
        return json_kinds(shape.target)
    if isinstance(shape, Either):
        return {kind for option in shape.options for kind in json_kinds(option)}
    if isinstance(shape, Refined):
        return json_kinds(shape.shape)
    return _type_set(shape.document)


def _type_set(schema: Schema) -> set[str]:
    kinds: Any = schema.get("type", "any")
    return {str(kind) for kind in kinds} if is_array(kinds) else {str(kinds)}


def _json_type(form: Any) -> str:
    if form is None:
        return "null"
    if isinstance(form, bool):
        return "boolean"
    if isinstance(form, int):
        return "integer"
    return "number" if isinstance(form, float) else "string"


def _items_of(schema: Schema) -> Schema:
    """The schema of the items of an array, or of the array among the options."""
    if "items" in schema:
        return schema["items"]
    options: list[Schema] = schema.get("anyOf", [])
    return next((_items_of(option) for option in options if "items" in option), Schema())


_TEXT = {"type": "string"}
_SCALARS: dict[str, Schema] = {
    "any": {},
    "null": {"type": "null"},
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "string": _TEXT,
    "datetime": {**_TEXT, "format": "date-time"},
    "date": {**_TEXT, "format": "date"},
    "time": {**_TEXT, "format": "time"},
    "duration": {**_TEXT, "format": "duration"},
    "uuid": {**_TEXT, "format": "uuid"},
    "decimal": {"type": ["number", "string"], "pattern": DECIMAL_TEXT},
    "secret": {**_TEXT, "format": "password", "writeOnly": True, "x-augury-type": "secret"},
    "file": FILE,
    "path": FILE,
}
_WRITERS: dict[Any, Callable[[SchemaWriter, Any], Schema]] = {
    Scalar: SchemaWriter.write_scalar,
    Choice: SchemaWriter.write_choice,
    Items: SchemaWriter.write_items,
    Fixed: SchemaWriter.write_fixed,
    Entries: SchemaWriter.write_entries,
    Record: SchemaWriter.write_record,
    Alias: SchemaWriter.write_alias,
    Either: SchemaWriter.write_either,
    Refined: SchemaWriter.write_refined,
    Foreign: SchemaWriter.write_foreign,
}
