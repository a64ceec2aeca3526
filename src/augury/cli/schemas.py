"""JSON Schemas as a person reads them: one line for each input and for the output.

Knows the shapes that `augury.sdk` writes, and says "any" about others.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

Schema = Mapping[str, Any]

COLUMNS = ("name", "type", "default", "description")


def rows(schemas: Schema) -> Iterator[tuple[str, str, str, str]]:
    """The inputs in their order, then the output, and the stream's items where there is a stream."""
    document = cast("Schema", schemas.get("input") or {})
    required = cast("list[str]", document.get("required") or [])
    for name, schema in properties(document):
        default = json.dumps(schema["default"], ensure_ascii=False) if "default" in schema else ""
        shown = "(required)" if name in required else default
        yield name, type_text(document, schema), shown, str(schema.get("description") or "")
    for key, label in (("output", "→ output"), ("stream_output", "→ stream of")):
        if (schema := cast("Schema | None", schemas.get(key))) is not None:
            yield label, type_text(schema, schema), "", str(schema.get("description") or "")


def properties(document: Schema) -> Iterator[tuple[str, Schema]]:
    """The inputs of an input schema, in the order of the signature."""
    found = cast("Mapping[str, Schema]", document.get("properties") or {})
    yield from sorted(found.items(), key=lambda pair: cast("int", pair[1].get("x-order", 0)))


def resolved(document: Schema, schema: Schema) -> Schema:
    """The schema that a reference inside its document leads to."""
    seen: set[str] = set()
    while isinstance(reference := schema.get("$ref"), str) and reference not in seen:
        seen.add(reference)
        target: Any = document
        for part in reference.removeprefix("#/").split("/"):
            key = part.replace("~1", "/").replace("~0", "~")
            target = cast("Schema", target).get(key) if isinstance(target, Mapping) else None
        if not isinstance(target, Mapping):
            return {}
        schema = cast("Schema", target)
    return schema


def alternatives(document: Schema, schema: Schema) -> Iterator[Schema]:
    """The schemas of which one has to hold; the schema itself where there is no choice."""
    schema = resolved(document, schema)
    for key in ("anyOf", "oneOf"):
        if isinstance(options := schema.get(key), list):
            for option in cast("list[Schema]", options):
                yield from alternatives(document, option)
            return
    yield schema


def is_file(document: Schema, schema: Schema) -> bool:
    """Whether a file may stand here."""
    return any(one.get("x-augury-type") == "file" for one in alternatives(document, schema))


def type_text(document: Schema, schema: Schema) -> str:
    """A type in a few words, with its bounds."""
    texts = dict.fromkeys(_one(document, one) for one in alternatives(document, schema))
    return " | ".join(texts)


def _one(document: Schema, schema: Schema) -> str:
    if "enum" in schema:
        return " | ".join(json.dumps(value, ensure_ascii=False) for value in schema["enum"])
    if "const" in schema:
        return json.dumps(schema["const"], ensure_ascii=False)
    if marker := schema.get("x-augury-type"):
        return str(marker)
    kind: Any = schema.get("type")
    if isinstance(kind, list):
        return " | ".join(_named(document, {**schema, "type": one}, str(one)) for one in cast("list[Any]", kind))
    return _named(document, schema, str(kind)) if kind else "any"


def _named(document: Schema, schema: Schema, kind: str) -> str:
    if kind == "array":
        items = cast("Schema | None", schema.get("items"))
        return f"list of {type_text(document, items)}" if isinstance(items, Mapping) else "list"
    if kind == "object":
        return str(schema.get("title") or "object")
    bounds = [
        f"{sign} {schema[key]}"
        for key, sign in (
            ("minimum", "≥"), ("exclusiveMinimum", ">"), ("maximum", "≤"), ("exclusiveMaximum", "<"),
            ("minLength", "length ≥"), ("maxLength", "length ≤"),
        )
        if key in schema
    ]  # fmt: skip
    kind = str(schema.get("format") or kind) if kind == "string" else kind
    return f"{kind} ({', '.join(bounds)})" if bounds else kind
