"""Errors as Anthropic's clients know them: `{"type": "error", "error": {type, message}, "request_id"}`.

The status picks the clients' class of exception. Knows no route.
"""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Response

from augury.compat import failures
from augury.domain.errors import CallerError, InvalidRequest, Problem
from augury.domain.jsontext import JsonObject
from augury.http import problems

TYPES: Mapping[int, str] = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    408: "timeout_error",
    409: "invalid_request_error",
    410: "not_found_error",
    413: "invalid_request_error",
    422: "api_error",
    429: "rate_limit_error",
    500: "api_error",
    503: "overloaded_error",
}


class Errors:
    """The shape of every error of these endpoints."""

    def refusal(self, error: CallerError, request_id: str) -> Response:
        """See problems.Shape."""
        status, headers = failures.plain_status(error), failures.headers_once(error)
        return _respond(status, body(error, request_id), headers)

    def failure(self, request_id: str) -> Response:
        """See problems.Shape."""
        message = f"The server failed to answer this request; its log has the details under {request_id}."
        # What was asked for may be stored and running already (D4).
        return _respond(500, _body(TYPES[500], message, "internal_error", request_id), failures.ONCE)


def body(error: CallerError, request_id: str) -> JsonObject:
    """The error as an answer's body, and as an event of a stream."""
    kind = TYPES.get(failures.plain_status(error), "api_error")
    if isinstance(error, InvalidRequest):
        return _body(kind, "; ".join(map(_said, error.problems)), error.problems[0].type, request_id)
    message = failures.sentences(error)
    if isinstance(error, failures.Unsupported):
        message = f"{error.param}: {message}"
    return _body(kind, message, error.code, request_id)


def place(problem: Problem) -> str:
    """The place of a problem, such as messages.0.content; nothing for the whole body."""
    return ".".join(str(one) for number, one in enumerate(problem.loc) if number or one != "body")


def _said(problem: Problem) -> str:
    found = place(problem)
    return f"{found}: {problem.msg}" if found else problem.msg


def _body(type: str, message: str, code: str, request_id: str) -> JsonObject:
    error: JsonObject = {"type": type, "message": message, "code": code}
    return {"type": "error", "error": error, "request_id": request_id}


def _respond(status: int, content: JsonObject, headers: Mapping[str, str]) -> Response:
    return problems.respond(status, content, {"request-id": str(content["request_id"]), **headers})
