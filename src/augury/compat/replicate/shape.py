"""Errors as Replicate's clients show them: problem details (RFC 7807) with what is wrong in each field.

ReplicateError of the Python client shows title, detail, status, type and instance. Knows no route.
"""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Response

from augury.compat import failures
from augury.domain.errors import CallerError, InvalidRequest, Problem
from augury.domain.jsontext import JsonObject
from augury.http import problems

TITLES: Mapping[int, str] = {
    400: "Bad request",
    401: "Unauthenticated",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    410: "Gone",
    413: "Payload too large",
    422: "Invalid input",
    429: "Too many requests",
    500: "Internal server error",
    503: "Service unavailable",
}


class ProblemDetails:
    """The shape of every error below /replicate."""

    def refusal(self, error: CallerError, request_id: str) -> Response:
        """See problems.Shape."""
        status = failures.status(error)
        content = _body(status, _detail(error), error.code, request_id)
        if isinstance(error, InvalidRequest):
            content["invalid_fields"] = [
                {"field": field(one), "type": one.type, "description": one.msg} for one in error.problems
            ]
        return _respond(status, content, failures.headers(error))

    def failure(self, request_id: str) -> Response:
        """See problems.Shape."""
        detail = f"The server failed to answer this request; its log has the details under {request_id}."
        return _respond(500, _body(500, detail, "internal_error", request_id), {})


def field(problem: Problem) -> str:
    """The place of a problem as one text, such as input.prompt."""
    return ".".join(str(one) for one in problem.loc if one != "body") or "body"


def _detail(error: CallerError) -> str:
    if isinstance(error, InvalidRequest):
        return "\n".join(f"- {field(one)}: {one.msg}" for one in error.problems)
    # Hints that name routes name those of our own API.
    return error.message if error.hint is None or "/v1/" in error.hint else failures.sentences(error)


def _body(status: int, detail: str, code: str, request_id: str) -> JsonObject:
    title = TITLES.get(status, "Error")
    kind = f"urn:augury:{code}"
    return {"type": kind, "title": title, "status": status, "detail": detail, "code": code, "instance": request_id}


def _respond(status: int, content: JsonObject, headers: Mapping[str, str]) -> Response:
    answer = problems.respond(status, content, headers)
    answer.headers["content-type"] = "application/problem+json"
    return answer
