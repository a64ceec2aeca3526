"""Types that pydantic describes: what it makes of them, with its paths as files and its fields in order.

pydantic is used where the model itself has loaded it, and never imported, as most models do without.
Knows nothing about other shapes. Standard library only; Python 3.9 and newer.
"""

from __future__ import annotations

import sys
from typing import Any, Callable

from .jsonvalues import is_array, is_object
from .shapes import Foreign

DEFINITIONS = "#/$defs/"
FILE: dict[str, Any] = {"type": "string", "format": "uri", "x-augury-type": "file"}
DATA = ("default", "examples", "const", "enum", "discriminator")
"""Keywords whose values are data, not schemas."""

Schema = dict[str, Any]


def adapt(kind: Any, name: str, mode: str) -> Foreign:
    """The shape of a type of pydantic's; raises ValueError with a sentence where it has none."""
    pydantic: Any = sys.modules.get("pydantic")
    if not hasattr(pydantic, "TypeAdapter"):
        raise ValueError(f"{name} needs pydantic 2; with an older one use a dataclass")
    try:
        adapter = pydantic.TypeAdapter(kind)
        document = marked(adapter.json_schema(mode=mode))
    except Exception as error:  # whatever pydantic raises, it is about this type and its sentence says what
        raise ValueError(f"{name}: {error}") from error
    return Foreign(name, adapter, document, has_files="'x-augury-type': 'file'" in repr(document))


def marked(schema: Any) -> Any:
    """A schema of pydantic's with its paths as files and its fields in order."""
    node: Any = _walked(schema, marked)
    if is_object(node):
        if node.get("type") == "string" and node.get("format") in ("path", "file-path"):
            node.update(FILE)
        fields: Any = node.get("properties")
        for order, field in enumerate(fields.values() if is_object(fields) else ()):
            if is_object(field):
                field["x-order"] = order
    return node


def renamed(schema: Any, names: dict[str, str]) -> Any:
    """A schema with its references to definitions by their new names."""
    node: Any = _walked(schema, lambda inner: renamed(inner, names))
    if is_object(node):
        reference: Any = node.get("$ref")
        if isinstance(reference, str) and reference.startswith(DEFINITIONS):
            node["$ref"] = DEFINITIONS + names[reference[len(DEFINITIONS) :]]
        tags: Any = node.get("discriminator")
        if is_object(tags) and "mapping" in tags:
            targets: dict[str, str] = tags["mapping"]
            moved = {tag: DEFINITIONS + names[target[len(DEFINITIONS) :]] for tag, target in targets.items()}
            node["discriminator"] = {**tags, "mapping": moved}
    return node


def _walked(schema: Any, step: Callable[[Any], Any]) -> Any:
    """A copy of a schema with `step` done to each schema in it; data is left as it is."""
    if is_array(schema):
        return [step(item) for item in schema]
    if is_object(schema):
        return {key: part if key in DATA else step(part) for key, part in schema.items()}
    return schema
