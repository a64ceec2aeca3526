"""The routes as the server's OpenAPI document lists them: what each does and how it fails.

Anthropic's own documents say what the bodies are. Knows nothing about what is done there.
"""

from __future__ import annotations

from augury.compat import describing
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
_CALLING = ("400", "401", "403", "404", "408", "422", "429", "503")
_COUNTING = ("400", "401", "403", "404", "429")
_TURNS: JsonObject = {"type": "array", "items": {"type": "object"}}


def described(messages: str, count: str) -> dict[str, JsonObject]:
    """The paths that are this API's alone, with their operations."""
    model: JsonObject = {"type": "string"}
    asked: JsonObject = {"model": model, "messages": _TURNS}
    asked_more: JsonObject = {**asked, "max_tokens": {"type": "integer", "minimum": 1}}
    create = _operation("create_message", "Continue a conversation.", asked_more, _CALLING, streams=True)
    counting = _operation("count_tokens", "Estimate the tokens of a conversation.", asked, _COUNTING)
    return {messages: {"post": create}, count: {"post": counting}}


def _operation(
    name: str, summary: str, properties: JsonObject, errors: tuple[str, ...], *, streams: bool = False
) -> JsonObject:
    body: JsonObject = {"type": "object", "required": [*properties], "properties": properties}
    return describing.operation(
        f"anthropic_{name}", "anthropic", summary, error=_ERROR, errors=errors, body=body, streams=streams
    )
