"""An operation of another API as the server's OpenAPI document lists it: what it does and how it fails.

The providers' own documents say what the bodies are. Knows no API.
"""

from __future__ import annotations

from collections.abc import Iterable

from augury.domain.jsontext import JsonObject

TEXTS = {
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
"""What each status of an error says."""


def operation(
    name: str,
    tag: str,
    summary: str,
    *,
    error: JsonObject,
    errors: Iterable[str],
    body: JsonObject | None = None,
    streams: bool = False,
) -> JsonObject:
    """An operation; `body` is the schema of what it takes, `error` that of every error, `errors` their statuses."""
    content: JsonObject = {"application/json": {"schema": {"type": "object"}}}
    if streams:
        content["text/event-stream"] = {"schema": {"type": "string"}}
    responses: JsonObject = {"200": {"description": summary, "content": content}}
    for status in errors:
        responses[status] = {"description": TEXTS[status], "content": {"application/json": {"schema": error}}}
    made: JsonObject = {
        "operationId": name,
        "summary": summary,
        "tags": [tag],
        "security": [{"token": []}],
        "responses": responses,
    }
    if body is not None:
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return made
