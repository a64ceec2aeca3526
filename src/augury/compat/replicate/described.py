"""The routes as the server's OpenAPI document lists them: what each does and how it fails, its bodies left free.

Replicate's own documents say what the bodies are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from starlette.routing import Route

from augury.domain.jsontext import JsonObject

_SUMMARIES = {
    "PredictionRoutes.create": "Create a prediction of a version.",
    "PredictionRoutes.create_of_model": "Create a prediction of a model's latest version.",
    "PredictionRoutes.get": "A prediction as it is now.",
    "PredictionRoutes.stream": "A prediction's output as it comes.",
    "PredictionRoutes.cancel": "Cancel a prediction.",
    "PredictionRoutes.page": "Your predictions, newest first.",
    "ModelRoutes.get": "A model with its latest version.",
    "ModelRoutes.delete": "Delete a model.",
    "ModelRoutes.versions": "A model's versions, newest first.",
    "ModelRoutes.version": "A version with its schemas.",
    "ModelRoutes.delete_version": "Delete a version.",
    "ModelRoutes.page": "Models that everyone may see.",
    "ModelRoutes.create": "Make a model.",
    "ModelRoutes.deployments": "Your models as deployments.",
    "ModelRoutes.deployment": "A model as its deployment.",
    "ModelRoutes.account": "Your account.",
    "ModelRoutes.hardware": "What versions may ask for.",
    "WebhookRoutes.secret": "What your webhooks are signed with.",
    "FileRoutes.create": "Upload a file.",
    "FileRoutes.page": "What you have uploaded.",
    "FileRoutes.get": "A file that you have uploaded.",
    "FileRoutes.delete": "Delete a file that you have uploaded.",
}
_FREE: JsonObject = {"type": "object"}
_ERROR: JsonObject = {
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "instance": {"type": "string"},
        "invalid_fields": {"type": "array", "items": {"type": "object"}},
    },
}
_TEXTS = {
    "401": "No token, or not a valid one.",
    "403": "Not permitted.",
    "404": "Not there, or not yours to see.",
    "422": "What was sent does not fit.",
    "429": "Too many requests.",
}


def described(routes: Sequence[Route]) -> dict[str, JsonObject]:
    """Each path with its operations. OpenAPI 3.1 has no word for QUERY, so that is left out."""
    found: dict[str, JsonObject] = {}
    for route in routes:
        for method in sorted((route.methods or set()) - {"HEAD", "QUERY"}):
            name: str = route.endpoint.__qualname__
            found.setdefault(route.path, {})[method.lower()] = _operation(name, method, route.path)
    return found


def _operation(name: str, method: str, path: str) -> JsonObject:
    responses: JsonObject = {_status(name): _success(name, method)}
    for status, text in _TEXTS.items():
        content: JsonObject = {"application/problem+json": {"schema": _ERROR}}
        responses[status] = {"description": text, "content": content}
    operation: JsonObject = {
        "operationId": f"replicate_{_identifier(name, path)}",
        "summary": _SUMMARIES[name],
        "tags": ["replicate"],
        "security": [{"token": []}],
        "responses": responses,
    }
    if parameters := re.findall(r"{(\w+)}", path):
        operation["parameters"] = [
            {"name": one, "in": "path", "required": True, "schema": {"type": "string"}} for one in parameters
        ]
    if name.endswith((".create", ".create_of_model")):
        kind = "multipart/form-data" if name.startswith("File") else "application/json"
        operation["requestBody"] = {"required": True, "content": {kind: {"schema": _FREE}}}
    return operation


def _identifier(name: str, path: str) -> str:
    kind, _, action = name.partition("Routes.")
    of = "deployment_" if "/deployments/" in path and action == "create_of_model" else ""
    return f"{kind.lower()}_{of}{action}"


def _status(name: str) -> str:
    if ".delete" in name:
        return "204"
    return "201" if ".create" in name else "200"


def _success(name: str, method: str) -> JsonObject:
    if method == "DELETE":
        return {"description": "Done."}
    if name == "PredictionRoutes.stream":
        return {"description": _SUMMARIES[name], "content": {"text/event-stream": {"schema": {"type": "string"}}}}
    schema: JsonObject = {"type": "array", "items": _FREE} if name == "ModelRoutes.hardware" else _FREE
    return {"description": _SUMMARIES[name], "content": {"application/json": {"schema": schema}}}
