"""Errors as OpenAI's clients know them: `{"error": {message, type, param, code}}`, and the status that picks the class.

Knows no route.
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
    409: "conflict_error",
    410: "not_found_error",
    413: "invalid_request_error",
    422: "model_error",
    429: "rate_limit_error",
    500: "server_error",
    503: "server_error",
}


class Errors:
    """The shape of every error of these endpoints."""

    def refusal(self, error: CallerError, request_id: str) -> Response:
        """See problems.Shape."""
        status, headers = failures.plain_status(error), failures.headers_once(error)
        return problems.respond(status, body(error), headers)

    def failure(self, request_id: str) -> Response:
        """See problems.Shape."""
        message = f"The server failed to answer this request; its log has the details under {request_id}."
        # What was asked for may be stored and running already (D4).
        return problems.respond(500, _body(message, TYPES[500], None, "internal_error"), failures.ONCE)


def body(error: CallerError) -> JsonObject:
    """The error as an answer's body, and as an event of a stream."""
    kind = TYPES.get(failures.plain_status(error), "server_error")
    if isinstance(error, InvalidRequest):
        first = error.problems[0]
        return _body("; ".join(map(_said, error.problems)), kind, param(first), first.type)
    message = failures.sentences(error)
    if isinstance(error, failures.Unsupported):
        return _body(message, kind, error.param, error.code)
    about_model = error.code in ("model_not_found", "version_not_found", "no_version", "model_not_compatible")
    return _body(message, kind, "model" if about_model else None, error.code)


def param(problem: Problem) -> str | None:
    """The place of a problem, such as messages[0].content; None: the whole body."""
    place = ""
    for one in problem.loc:
        if one == "body" and not place:
            continue
        place += f"[{one}]" if isinstance(one, int) else f".{one}" if place else one
    return place or None


def _said(problem: Problem) -> str:
    place = param(problem)
    return problem.msg if place is None else f"{place}: {problem.msg}"


def _body(message: str, type: str, param: str | None, code: str) -> JsonObject:
    return {"error": {"message": message, "type": type, "param": param, "code": code}}
