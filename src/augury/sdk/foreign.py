"""Types that pydantic describes: what it makes of them, with its paths as files and its fields in order.

pydantic is used where the model itself has loaded it, and never imported, as most models do without.
Knows nothing about other shapes. Standard library only; Python 3.9 and newer.
"""

from __future__ import annotations

import sys
from typing import Any

from .shapes import Foreign

DEFINITIONS = "#/$defs/"
FILE: dict[str, Any] = {"type": "string", "format": "uri", "x-augury-type": "file"}
_DATA = ("default", "examples", "const", "enum")
"""Keywords whose values are data, not schemas."""

Schema = dict[str, Any]


def adapt(kind: Any, name: str, mode: str) -> Foreign:
    """The shape of a type of pydantic's; raises ValueError with a sentence where it has none."""
    pydantic: Any = sys.modules.get("pydantic")
    if not hasattr(pydantic, "TypeAdapter"):
        raise ValueError("{} needs pydantic 2; with an older one use a dataclass".format(name))
    try:
        adapter = pydantic.TypeAdapter(kind)
        document = marked(adapter.json_schema(mode=mode))
    except Exception as error:  # whatever pydantic raises, it is about this type and its sentence says what
        raise ValueError("{}: {}".format(name, error)) from error
    return Foreign(name, adapter, document, has_files="'x-augury-type': 'file'" in repr(document))


def marked(schema: Any) -> Any:
    """A schema of pydantic's with its paths as files and its fields in order."""
    if isinstance(schema, list):
        return [marked(item) for item in schema]  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(schema, dict):
        return schema
    node: Schema = {key: value if key in _DATA else marked(value) for key, value in schema.items()}  # pyright: ignore
    if node.get("type") == "string" and node.get("format") in ("path", "file-path"):
        node.update(FILE)
    properties = node.get("properties")
    if isinstance(properties, dict):
        for order, inner in enumerate(properties.values()):  # pyright: ignore[reportUnknownVariableType]
            if isinstance(inner, dict):
                inner["x-order"] = order
    return node


def renamed(schema: Any, names: dict[str, str]) -> Any:
    """A schema with its references to definitions by their new names."""
    if isinstance(schema, list):
        return [renamed(item, names) for item in schema]  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(schema, dict):
        return schema
    node: Schema = {key: value if key in _DATA else renamed(value, names) for key, value in schema.items()}  # pyright: ignore
    reference = node.get("$ref")
    if isinstance(reference, str) and reference.startswith(DEFINITIONS):
        node["$ref"] = DEFINITIONS + names[reference[len(DEFINITIONS) :]]
    mapping = node.get("discriminator")
    if isinstance(mapping, dict) and isinstance(mapping.get("mapping"), dict):  # pyright: ignore
        node["discriminator"] = {**mapping, "mapping": _renamed_mapping(mapping["mapping"], names)}  # pyright: ignore
    return node


def _renamed_mapping(mapping: dict[str, str], names: dict[str, str]) -> dict[str, str]:
    return {tag: DEFINITIONS + names[target[len(DEFINITIONS) :]] for tag, target in mapping.items()}
