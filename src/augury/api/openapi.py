"""The OpenAPI document: what FastAPI finds out about its routes, and what it cannot know.

That is the hot route, the models of bodies that are read by hand, and the headers of every answer. Made at the first
request for it, since most servers are never asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, cast

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from augury.api import (
    account_schemas,
    category_schemas,
    event_schemas,
    file_schemas,
    schemas,
    session_schemas,
    variable_schemas,
)
from augury.api.describe import EVENTS, IDEMPOTENCY_KEY, REFERENCE, EventStream, error_response, request_body
from augury.api.predictions import PATH, CreatePrediction
from augury.http import auth
from augury.http.fronts import Fronts

_READ_BY_HAND: tuple[type[BaseModel], ...] = (
    schemas.NewPrediction,
    schemas.Prediction,
    schemas.NewModel,
    schemas.ModelChange,
    schemas.NewVersion,
    schemas.ConfigurationChange,
    schemas.UserChange,
    account_schemas.NewUser,
    account_schemas.UserAdministration,
    account_schemas.NewToken,
    session_schemas.NewSession,
    category_schemas.NewCategory,
    category_schemas.CategoryChange,
    file_schemas.NewUpload,
    file_schemas.UploadCompletion,
    variable_schemas.NewVariable,
    variable_schemas.VariableChange,
    event_schemas.PredictionEvent,
    event_schemas.PredictionLogEvent,
    schemas.Error,
    schemas.Invalid,
)

_ABOUT = (
    "Push a model, call it over HTTP: every prediction is queued, stored and answered. "
    "The routes under `/v1` speak the WriftAI prediction API, so its official clients work unchanged."
)

_REQUEST_ID = {"description": "The request's name in the server's log.", "schema": {"type": "string"}}


def build(app: FastAPI, version: str, public_url: str | None, fronts: Fronts) -> dict[str, Any]:
    """The whole document."""
    document = get_openapi(
        title="Augury",
        version=version,
        description=_ABOUT,
        routes=app.routes,
        servers=[{"url": public_url or "/"}],
        license_info={"name": "Apache-2.0"},
    )
    paths: dict[str, dict[str, Any]] = document["paths"]
    paths.setdefault(PATH, {})["post"] = _create_prediction()
    for front in fronts.all:
        for path, operations in front.described.items():
            paths.setdefault(path, {}).update(deepcopy(operations))
    _, defined = models_json_schema([(model, "validation") for model in _READ_BY_HAND], ref_template=REFERENCE)
    components: dict[str, Any] = document.setdefault("components", {})
    known: dict[str, Any] = components.setdefault("schemas", {})
    known.update({name: schema for name, schema in defined.get("$defs", {}).items() if name not in known})
    for name in ("HTTPValidationError", "ValidationError"):
        known.pop(name, None)
    for operation in _operations(paths):
        _correct(operation)
        for response in cast("dict[str, dict[str, Any]]", operation["responses"]).values():
            response.setdefault("headers", {})["X-Request-Id"] = _REQUEST_ID
        if (limited := operation["responses"].get("429")) is not None:
            limited["headers"].update(_RATE_HEADERS)
    return document


def _operations(paths: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    methods = {"get", "put", "post", "patch", "delete", "head"}
    return [operation for path in paths.values() for method, operation in path.items() if method in methods]


def _correct(operation: dict[str, Any]) -> None:
    """What FastAPI says by itself and is not so here: its own shape of a 422, and a JSON beside what is no JSON."""
    responses: dict[str, dict[str, Any]] = operation["responses"]
    if "HTTPValidationError" in str(responses.get("422")):
        responses["422"] = error_response(422)
    for response in responses.values():
        content: dict[str, Any] = response.get("content", {})
        if len(content) > 1 and content.get("application/json") == {"schema": {}}:
            del content["application/json"]


def _header(description: str, kind: str = "string") -> dict[str, Any]:
    return {"description": description, "schema": {"type": kind}}


_RATE_HEADERS = {
    "X-RateLimit-Limit": _header("How many requests are allowed in the window.", "integer"),
    "X-RateLimit-Remaining": _header("How many are left.", "integer"),
    "X-RateLimit-Reset": _header("When there are more, as Unix time in seconds.", "number"),
    "Retry-After": _header("In how many seconds to try again.", "integer"),
}


_EVENTS = EventStream("The events of the prediction, as they come.", event_schemas.PredictionEvent)


def _create_prediction() -> dict[str, Any]:
    prediction = {"$ref": REFERENCE.format(model=schemas.Prediction.__name__)}
    answer: dict[str, Any] = {
        "content": {"application/json": {"schema": prediction, "example": _PREDICTION}},
        "headers": {
            "Location": _header("Where to get the prediction."),
            "Preference-Applied": _header("The hold that was applied: `wait=<seconds>`."),
            "Augury-Ignored": _header("Fields of the body that were not understood."),
        },
    }
    return {
        "tags": ["predictions"],
        "summary": "Create prediction",
        "operationId": "create_prediction",
        "description": CreatePrediction.__doc__,
        "security": [{auth.SCHEME: []}],
        "parameters": [*_HEADERS, IDEMPOTENCY_KEY],
        "requestBody": request_body(schemas.NewPrediction),
        "responses": {
            "200": {
                "description": "It ended while the request was held; or, with `stream` and a hold, its events.",
                **answer,
                "content": {**answer["content"], EVENTS: _EVENTS.described()},
            },
            "202": {"description": "It is stored and will run.", **answer, "headers": dict(answer["headers"])},
            **{str(status): error_response(status) for status in (401, 403, 404, 409, 410, 413, 422, 429, 503)},
        },
    }


_HEADERS = (
    {
        "name": "Prefer",
        "in": "header",
        "required": False,
        "description": "`wait` or `wait=<seconds>`: hold the request until the prediction has ended, for no longer than"
        " that and than the server's maximum. Other preferences, and what is no number of seconds, are ignored.",
        "schema": {"type": "string"},
        "examples": {"ten seconds": {"value": "wait=10"}},
    },
    {
        "name": "Validate-Input",
        "in": "header",
        "required": False,
        "description": "Check the input before anything is stored, and answer 422 if it does not fit.",
        "schema": {"type": "boolean", "default": False},
    },
    {
        "name": "Cancel-After",
        "in": "header",
        "required": False,
        "description": "How many seconds the prediction may take altogether, from now on.",
        "schema": {"type": "number", "exclusiveMinimum": 0},
    },
)

_PREDICTION = {
    "id": "0199e0b8-7d5a-7c31-9c55-6d5f0d6a2b11",
    "created_at": "2025-08-13T11:48:44.371093Z",
    "status": "succeeded",
    "updated_at": "2025-08-13T11:48:44.402117Z",
    "setup_time": None,
    "execution_time": "PT0.012S",
    "model": {"owner": "ada", "name": "echo", "version_number": 1},
    "input": {"text": "hello"},
    "output": "hello",
    "error": None,
    "metrics": {"predict_time": 0.012},
    "stream": False,
    "timeline": {
        "created_at": "2025-08-13T11:48:44.371093Z",
        "starting_at": None,
        "started_at": "2025-08-13T11:48:44.390102Z",
        "completed_at": "2025-08-13T11:48:44.402117Z",
    },
}
