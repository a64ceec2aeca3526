"""The routes as the server's OpenAPI document lists them: what each does and how it fails.

Anthropic's own documents say what the bodies are. Knows nothing about what is done there.
"""

from __future__ import annotations

from augury.domain.jsontext import JsonObject

_ERROR: JsonObject = {
    "type": "object",
    "required": ["type", "error", "request_id"],
    "properties": {
        "type": {"const": "error"},
        "error": {
            "type": "object",
            "required": ["type", "message"],
            "properties": {"type": {"type": "string"}, "message": {"type": "string"}, "code": {"type": "string"}},
        },
        "request_id": {"type": "string"},
    },
}
_TEXTS = {
    "400": "What was sent does not fit, or the model cannot honour it.",
    "401": "No token, or not a valid one.",
    "403": "Not permitted.",
    "404": "Not there, or not the caller's to see.",
    "408": "The model took too long; its prediction was cancelled.",
    "422": "The model failed.",
    "429": "Too many requests, or too many wait.",
    "503": "Not now.",
}
_COUNTING = ("400", "401", "403", "404", "429")
_TURNS: JsonObject = {"type": "array", "items": {"type": "object"}}


def described(messages: str, count: str) -> dict[str, JsonObject]:
    """The paths that are this API's alone, with their operations."""
    model: JsonObject = {"type": "string"}
    asked: JsonObject = {"model": model, "messages": _TURNS}
    asked_more: JsonObject = {**asked, "max_tokens": {"type": "integer", "minimum": 1}}
    return {
        messages: {"post": _operation("create_message", "Continue a conversation.", asked_more, tuple(_TEXTS), True)},
        count: {"post": _operation("count_tokens", "Estimate the tokens of a conversation.", asked, _COUNTING)},
    }


def _operation(
    name: str, summary: str, properties: JsonObject, errors: tuple[str, ...], streams: bool = False
) -> JsonObject:
    content: JsonObject = {"application/json": {"schema": {"type": "object"}}}
    if streams:
        content["text/event-stream"] = {"schema": {"type": "string"}}
    responses: JsonObject = {"200": {"description": summary, "content": content}}
    for status in errors:
        responses[status] = {"description": _TEXTS[status], "content": {"application/json": {"schema": _ERROR}}}
    body: JsonObject = {"type": "object", "required": [*properties], "properties": properties}
    return {
        "operationId": f"anthropic_{name}",
        "summary": summary,
        "tags": ["anthropic"],
        "security": [{"token": []}],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": responses,
    }
