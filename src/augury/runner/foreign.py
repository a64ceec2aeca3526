"""JSON -> the types that pydantic reads: strictly, as the schema says, with files fetched on the way.

Files are found by walking the value along pydantic's own JSON Schema; their local paths take the place of their URLs.
Knows nothing about other shapes; pydantic is reached only through the adapter that the model's own copy made.
Standard library only; Python 3.9 and newer.
"""

from __future__ import annotations

import json
from typing import Any, Callable

from ..sdk.fields import File
from ..sdk.foreign import DEFINITIONS
from ..sdk.jsonvalues import integral, is_array, is_object, same_json
from ..sdk.shapes import Foreign

Fetched = Callable[[str, "list[Any]"], str]
"""Brings a file and returns its local path; gets the steps that lead to its place in the value."""


def read_foreign(shape: Foreign, value: Any, fetched: Fetched, files: dict[str, File]) -> Any:
    """The value as pydantic's type; raises ValueError with a sentence where it does not fit.

    `files` are those that were fetched, by path: fields of type File take them from there.
    """
    if shape.has_files:
        value = _Files(shape.document, fetched).replaced(shape.document, value)
    # From JSON, because in strict mode only this reads dates from texts and sets from arrays.
    text = json.dumps(integral(value))
    try:
        return shape.adapter.validate_json(text, strict=True, context={"augury_files": files})
    except ValueError as error:
        raise ValueError(_sentence(error)) from error


def _sentence(error: ValueError) -> str:
    problems: Any = getattr(error, "errors", None)
    if problems is None:
        return str(error)
    first: dict[str, Any] = problems(include_url=False, include_context=False)[0]
    place = ".".join(str(step) for step in first["loc"])
    return "does not fit: {}{}".format(place + ": " if place else "", first["msg"])


class _Files:
    """Walks a value along a schema and replaces what stands for a file."""

    def __init__(self, document: dict[str, Any], fetched: Fetched) -> None:
        self._definitions: dict[str, Any] = document.get("$defs", {})
        self._fetched = fetched
        self._path: list[Any] = []

    def replaced(self, schema: Any, value: Any) -> Any:
        node = self._resolved(schema)
        options: list[Any] = node.get("anyOf") or node.get("oneOf") or []
        if options:
            chosen = self._option(options, value)
            return value if chosen is None else self.replaced(chosen, value)
        for part in node.get("allOf", ()):
            value = self.replaced(part, value)
        if isinstance(value, str):
            return self._fetched(value, self._path) if node.get("x-augury-type") == "file" else value
        if is_array(value):
            first: list[Any] = node.get("prefixItems", [])
            rest = node.get("items", {})
            return [self._member(first[i] if i < len(first) else rest, i, item) for i, item in enumerate(value)]
        if is_object(value):
            named: dict[str, Any] = node.get("properties", {})
            other = node.get("additionalProperties", {})
            return {key: self._member(named.get(key, other), key, item) for key, item in value.items()}
        return value

    def _member(self, schema: Any, key: Any, value: Any) -> Any:
        self._path.append(key)
        member = self.replaced(schema, value)
        self._path.pop()
        return member

    def _resolved(self, schema: Any) -> dict[str, Any]:
        node: dict[str, Any] = schema if is_object(schema) else {}
        while isinstance(node.get("$ref"), str):
            node = self._definitions.get(node["$ref"][len(DEFINITIONS) :], {})
        return node

    def _option(self, options: list[Any], value: Any) -> Any | None:
        for option in options:
            node = self._resolved(option)
            if "anyOf" in node or "oneOf" in node:
                inner = self._option(node.get("anyOf") or node["oneOf"], value)
                if inner is not None:
                    return inner
            elif _plausible(node, value):
                return node
        return None


def _plausible(node: dict[str, Any], value: Any) -> bool:
    if isinstance(value, str):
        return node.get("type") == "string"
    if is_array(value):
        return node.get("type") == "array"
    if not is_object(value) or node.get("type") != "object":
        return False
    if not value.keys() >= set(node.get("required", ())):
        return False
    named: dict[str, dict[str, Any]] = node.get("properties", {})
    return all(
        "const" not in named[key] or same_json(named[key]["const"], item) for key, item in value.items() if key in named
    )
