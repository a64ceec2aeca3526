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
_TEXTS = {
    "400": "What was sent does not fit, or the model cannot honour it.",
    "401": "No token, or not a valid one.",
    "403": "Not permitted.",
    "404": "Not there, or not the caller's to see.",
    "408": "The model took too long; its prediction was cancelled.",
    "409": "The model has no version.",
    "422": "The model failed.",
    "429": "Too many requests, or too many wait.",
    "503": "Not now.",
}
READING = ("401", "403", "404", "429")
CALLING = tuple(_TEXTS)


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
    content: JsonObject = {"application/json": {"schema": {"type": "object"}}}
    if streams:
        content["text/event-stream"] = {"schema": {"type": "string"}}
    responses: JsonObject = {"200": {"description": summary, "content": content}}
    for status in errors:
        responses[status] = {"description": _TEXTS[status], "content": {"application/json": {"schema": _ERROR}}}
    made: JsonObject = {
        "operationId": name,
        "summary": summary,
        "tags": ["openai"],
        "security": [{"token": []}],
        "responses": responses,
    }
    if body is not None:
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return made


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
