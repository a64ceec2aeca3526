"""One form for what two documents say: Cog's OpenAPI 3.0, and our JSON Schemas (2020-12).

    OpenAPI 3.0: `nullable`, `allOf` around a reference, bounds of a list beside its type   --of_cog()-->   |
    JSON Schema: `anyOf` with null, references into $defs, bounds of a list in its items    --of_ours()-->  | the same

What only one of the two can say is left out: our markers, Cog's "An enumeration.", a default of null, the description
of the whole input, the order of an output's fields, the title of what has choices (Cog has none of its own).
"""

from __future__ import annotations

from typing import Any

Node = dict[str, Any]

_SAME = (
    "type",
    "format",
    "description",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "pattern",
    "enum",
    "writeOnly",
)
_BOUNDS = ("minimum", "maximum", "minLength", "maxLength", "pattern", "enum")


def of_cog(document: Node) -> Node:
    """The input and output of a document of `python -m cog.command.openapi_schema`."""
    schemas: Node = document["components"]["schemas"]
    return {"input": _fields(schemas["Input"], schemas, ordered=True), "output": _output(schemas["Output"], schemas)}


def of_ours(document: Node) -> Node:
    """The input and output of the schemas that describe.py writes."""
    schemas: Node = document["schemas"]
    found = {name: _fields(schemas[name], schemas[name].get("$defs", {}), ordered=True) for name in ("input",)}
    found["output"] = _output(schemas["output"], schemas["output"].get("$defs", {}))
    return found


def of_inspected(document: Node) -> Node:
    """What `inspected.py` tells, as types alone."""
    inputs = {name: types_of(_node(one, {})) for name, one in document["inputs"].items()}
    return {"inputs": inputs, "output": _output(document["output"], {})}


def types_of(node: Node) -> Node:
    """What a normal form says about types, without bounds and words."""
    kept: Node = {key: value for key, value in node.items() if key not in _SAID}
    for key in ("items", "anyOf"):
        if key in kept:
            kept[key] = [types_of(one) for one in kept[key]] if key == "anyOf" else types_of(kept[key])
    return kept


def _output(schema: Node, definitions: Node) -> Node:
    node = _node(schema, definitions)
    node.pop("title", None)
    return node


def _fields(schema: Node, definitions: Node, *, ordered: bool) -> Node:
    properties: Node = schema.get("properties", {})
    if ordered:
        assert [one["x-order"] for one in properties.values()] == list(range(len(properties)))
    found: Node = {
        "properties": {name: _node(one, definitions) for name, one in properties.items()},
        "required": schema.get("required", []),
    }
    if schema.get("additionalProperties") not in (None, {}, True):
        found["additional"] = _node(schema["additionalProperties"], definitions)
    return found


def _node(schema: Node, definitions: Node) -> Node:
    schema = _resolved(schema, definitions)
    node: Node = {key: schema[key] for key in _SAME if key in schema}
    for key in ("title", "x-cog-array-type", "x-cog-array-display"):
        if key in schema:
            node[key] = schema[key]
    if schema.get("default") is not None:
        node["default"] = schema["default"]
    if schema.get("deprecated"):
        node["deprecated"] = True
    if schema.get("nullable"):
        node["nullable"] = True
    if "x-cog-secret" in schema or schema.get("x-augury-type") == "secret":
        node["secret"] = True
    if schema.get("type") == "object":
        node |= _object(schema, definitions)
    if "items" in schema:
        # Cog writes bounds of a list beside its type, where they say nothing; it means those of its items.
        bounds = {key: node.pop(key) for key in _BOUNDS if key in node}
        node["items"] = _node(schema["items"], definitions) | bounds
    if "anyOf" in schema:
        node["anyOf"] = [_node(option, definitions) for option in schema["anyOf"]]
    if "enum" in node:
        node.pop("title", None)
        if node.get("nullable"):
            node["enum"] = [value for value in node["enum"] if value is not None]
    return node


def _object(schema: Node, definitions: Node) -> Node:
    if "properties" in schema:
        return _fields(schema, definitions, ordered=False)
    inner = schema.get("additionalProperties")
    return {} if inner in (None, {}, True) else {"additional": _node(inner, definitions)}


def _resolved(schema: Node, definitions: Node) -> Node:
    """A schema without references and with `nullable` for null among its options; of two words its own counts."""
    if "$ref" in schema:
        target: Node = definitions[schema["$ref"].rpartition("/")[2]]
        inner = {key: value for key, value in _resolved(target, definitions).items() if key not in _OF_CLASSES}
        return inner | {key: value for key, value in schema.items() if key != "$ref"}
    if len(schema.get("allOf", [])) == 1:
        rest = {key: value for key, value in schema.items() if key != "allOf"}
        return _resolved(schema["allOf"][0], definitions) | rest
    options: list[Node] = schema.get("anyOf", [])
    some = [option for option in options if option.get("type") != "null"]
    if len(some) == len(options):
        return schema
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    inner = _resolved(some[0], definitions) if len(some) == 1 else {"anyOf": some}
    return inner | rest | {"nullable": True}


_SAID = ("title", "description", "default", "deprecated", *_BOUNDS)
_OF_CLASSES = ("title", "description")
"""What a definition says of a class, not of a field that has its type."""
