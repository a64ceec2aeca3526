"""What a route says about itself in the OpenAPI: its name, its answer, its errors, its body.

A route's description is its docstring. Knows the shapes of errors, and no route.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from augury.api import schemas
from augury.domain.jsontext import JsonObject

EVENTS = "text/event-stream"
REFERENCE = "#/components/schemas/{model}"

ERRORS: Mapping[int, str] = {
    401: "No token, or not a valid one.",
    403: "You may see this, but not do that with it.",
    404: "There is no such thing, or you may not see it.",
    409: "Clashes with what exists, or its state does not allow it.",
    410: "It was removed.",
    413: "The body is over the limit.",
    422: "Something in the request does not fit; `detail` lists every place.",
    429: "Too many requests; the headers say when to go on.",
    503: "Not now. Nothing was stored.",
}

BYTES: JsonObject = {
    "required": True,
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
}
"""A body of bytes, of whatever kind."""

IDEMPOTENCY_KEY: JsonObject = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Up to 255 printable ASCII characters. Sent again within a day, it makes nothing new.",
    "schema": {"type": "string", "maxLength": 255},
}


@dataclass(frozen=True, slots=True)
class EventStream:
    """A body of server-sent events, each of which is of a model."""

    description: str
    event: type[BaseModel]

    def described(self) -> dict[str, Any]:
        """As a media type: what is in it is named in the way that the next version of OpenAPI has for it."""
        item = {"$ref": REFERENCE.format(model=self.event.__name__)}
        return {"schema": {"type": "string", "description": self.description}, "x-itemSchema": item}


def described(
    operation_id: str,
    answer: Any,
    *errors: int,
    body: type[BaseModel] | None = None,
    parameters: tuple[JsonObject, ...] = (),
    status: int = 200,
    streams: EventStream | None = None,
) -> dict[str, Any]:
    """The keyword arguments of a FastAPI route.

    `answer` is the model of the response body, or None for a null; `streams` says what events it sends instead, or
    beside it where it is asked for them.
    """
    extra: dict[str, Any] = {}
    if body is not None:
        extra["requestBody"] = request_body(body)
        errors = (*errors, 413, 422)
    if parameters:
        extra["parameters"] = list(parameters)
    responses = {str(code): error_response(code) for code in sorted({*errors, 429})}
    if streams is not None:
        responses[str(status)] = {"description": "Done.", "content": {EVENTS: streams.described()}}
    elif answer is None:
        responses[str(status)] = {"content": {"application/json": {"schema": {"type": "null"}}}}
    return {
        "operation_id": operation_id,
        "summary": operation_id.replace("_", " ").capitalize(),
        "response_model": answer,
        "status_code": status,
        "response_description": "Done.",
        "responses": responses,
        "openapi_extra": extra or None,
    }


def request_body(model: type[BaseModel]) -> JsonObject:
    """A JSON body that `bodies.parse` reads."""
    reference: JsonObject = {"$ref": REFERENCE.format(model=model.__name__)}
    return {"required": True, "content": {"application/json": {"schema": reference}}}


def error_response(status: int) -> dict[str, Any]:
    """An error's response."""
    model = schemas.Invalid if status == 422 else schemas.Error
    reference = {"$ref": REFERENCE.format(model=model.__name__)}
    return {"description": ERRORS[status], "content": {"application/json": {"schema": reference}}}
