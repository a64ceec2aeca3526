"""Where an endpoint of OpenAI's is, and how the server's OpenAPI document describes it.

    Place("POST", "/embeddings", endpoint, operation("create_embeddings", "Vectors of texts.", body=...))

Knows no endpoint.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp

from augury.compat import describing
from augury.domain.jsontext import JsonObject, JsonValue

_ERROR: JsonObject = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
        }
    },
}
READING = ("401", "403", "404", "429")
CALLING = tuple(describing.TEXTS)


@dataclass(frozen=True, slots=True)
class Place:
    """One endpoint below both bases."""

    method: str
    path: str
    """Below the base, such as "/embeddings"; names in braces are path parameters."""
    answer: ASGIApp | Callable[..., Any]
    """An ASGI application, or a bound method from a Request to a Response."""
    operation: JsonObject
    shared: bool = False
    """Whether the path under /v1 has another meaning for other clients."""


def operation(
    name: str, summary: str, *, body: JsonObject | None = None, streams: bool = False, errors: tuple[str, ...] = CALLING
) -> JsonObject:
    """An endpoint's description; `body` is the schema of what it takes."""
    return describing.operation(name, "openai", summary, error=_ERROR, errors=errors, body=body, streams=streams)


def free(*required: str) -> JsonObject:
    """The schema of a body of which only this much is said: OpenAI's own documents say the rest."""
    properties: JsonObject = {name: {} for name in required}
    needed: list[JsonValue] = [*required]
    return {"type": "object", "required": needed, "properties": properties}


def described(base: str, prefix: str, place: Place) -> JsonObject:
    """A place's operation below one base, its name and its path parameters with it."""
    made: JsonObject = {**place.operation, "operationId": f"{prefix}_{place.operation['operationId']}"}
    if names := re.findall(r"{(\w+)}", base + place.path):
        made["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names
        ]
    return made
