"""Errors as callers see them: the only table from a domain error to a status and a body.

422 carries the list of places (loc, msg, type, input, ctx); every other error one sentence, a code for programs, a hint
for people and the request's id. What FastAPI and Starlette refuse by themselves gets the same shapes. Where another API
answers, its own shape is in the request's scope. Knows nothing about what was asked for.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, cast

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Scope

from augury.domain import errors, jsontext
from augury.domain.errors import CallerError, InvalidRequest, Problem, TooManyRequests, Vanished
from augury.domain.jsontext import InvalidJson, JsonValue
from augury.http import auth

REQUEST_ID = "augury.request_id"
"""Where a request's id is kept in its ASGI scope."""

SHAPE = "augury.shape"
"""Where the shape of a request's errors is kept in its ASGI scope, if it is not ours."""


class Shape(Protocol):
    """How errors look to the clients of an API."""

    def refusal(self, error: CallerError, request_id: str) -> Response:
        """The response for an error that the caller can mend."""
        ...

    def failure(self, request_id: str) -> Response:
        """The response for an error of ours: it says nothing but how to find it in the log."""
        ...


STATUS: Mapping[type[CallerError], int] = {
    errors.InvalidRequest: 422,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Vanished: 404,
    errors.Conflict: 409,
    errors.Gone: 410,
    errors.TooLarge: 413,
    errors.TooManyRequests: 429,
    errors.Unavailable: 503,
}

_SHOWN_BYTES = 1024
"""How much of a wrong value is shown back."""


def install(app: FastAPI) -> None:
    """Answer every error that a route or the framework raises in our shapes."""
    app.add_exception_handler(CallerError, _on_caller_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_error)


def answer(error: CallerError, scope: Scope) -> Response:
    """The response for a domain error, in the shape of the request's API."""
    shape: Shape | None = scope.get(SHAPE)
    request_id: str = scope.get(REQUEST_ID, "")
    if shape is not None:
        return shape.refusal(error, request_id)
    if isinstance(error, InvalidRequest):
        content: JsonValue = {"detail": [problem.to_json() for problem in error.problems]}
    else:
        content = _body(error.message, error.code, error.hint, request_id)
    return respond(status(error), content, headers(error))


def internal(scope: Scope) -> Response:
    """The response for an error of ours: it says nothing but how to find it in the log."""
    shape: Shape | None = scope.get(SHAPE)
    request_id: str = scope.get(REQUEST_ID, "")
    if shape is not None:
        return shape.failure(request_id)
    hint = "The server's log has the details under this request_id."
    return respond(500, _body("The server failed to answer this request.", "internal_error", hint, request_id))


def no_route(scope: Scope, path: str) -> Response:
    """The response where there is nothing at a path."""
    said = _body(
        f"There is nothing at {path}.",
        "route_not_found",
        "GET /openapi.json lists every route.",
        scope.get(REQUEST_ID, ""),
    )
    return respond(404, said)


def status(error: CallerError) -> int:
    """The status of an error under our own API."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def headers(error: CallerError) -> dict[str, str]:
    """What an answer says of the error in its headers, whatever its shape."""
    if isinstance(error, errors.Unauthenticated):
        return {"WWW-Authenticate": "Bearer"}
    if isinstance(error, TooManyRequests):
        return {
            "X-RateLimit-Limit": str(error.limit),
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": str(math.ceil(error.reset)),
            "Retry-After": str(max(1, math.ceil(error.reset - time.time()))),
        }
    if isinstance(error, errors.Unavailable):
        return {"Retry-After": "1"}
    return {}


def respond(status: int, content: JsonValue, headers: Mapping[str, str] | None = None) -> Response:
    """A response of JSON."""
    return Response(jsontext.dump_bytes(content), status, dict(headers or {}), "application/json")


def from_pydantic(found: Sequence[Mapping[str, Any]], *prefix: str | int) -> InvalidRequest:
    """The problems that pydantic lists, with `prefix` before each place."""
    return InvalidRequest([_problem(one, prefix) for one in found])


def shown(value: Any) -> JsonValue:
    """A wrong value, for showing it back: itself, or its beginning where it is long."""
    if isinstance(value, str):
        return value if len(value) <= _SHOWN_BYTES else value[:_SHOWN_BYTES] + "…"
    try:
        text = jsontext.dumps(value)
    except InvalidJson:
        return shown(repr(value))
    return cast("JsonValue", value) if len(text) <= _SHOWN_BYTES else text[:_SHOWN_BYTES] + "…"


def _body(detail: str, code: str, hint: str | None, request_id: str) -> JsonValue:
    return {"detail": detail, "code": code, "hint": hint, "request_id": request_id}


def _problem(found: Mapping[str, Any], prefix: Iterable[str | int]) -> Problem:
    return Problem(
        loc=(*prefix, *found["loc"]),
        msg=found["msg"],
        type=found["type"],
        input=shown(found.get("input")),
        ctx={name: shown(value) for name, value in found.get("ctx", {}).items()},
    )


async def _on_caller_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, CallerError)  # noqa: S101 - tells the type checker what this handler is registered for
    if isinstance(error, Vanished):
        error = await auth.explained(request.app.state.access, auth.header(request.scope), error)
    return answer(error, request.scope)


async def _on_validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    return answer(from_pydantic(cast("Sequence[Mapping[str, Any]]", error.errors())), request.scope)


async def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    headers = dict(error.headers or {})
    path, method = request.url.path, request.method
    if error.status_code == 404:
        return no_route(request.scope, path)
    if error.status_code == 405:
        headers["Allow"] = ", ".join(_allowed(request.app, request.scope))
        said = _body(f"{path} does not take {method}.", "method_not_allowed", f"It takes {headers['Allow']}.", "")
    else:
        said = _body(str(error.detail), f"http_{error.status_code}", None, "")
    assert isinstance(said, dict)  # noqa: S101 - tells the type checker what _body makes
    said["request_id"] = request.scope.get(REQUEST_ID, "")
    return respond(error.status_code, said, headers)


def _allowed(app: FastAPI, scope: Scope) -> list[str]:
    """Every method that some route takes at this path."""
    methods = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
    trials = ({**scope, "method": method} for method in methods)
    return [
        trial["method"] for trial in trials if any(route.matches(trial)[0] is Match.FULL for route in app.router.routes)
    ]
