"""GET /v1/models as Anthropic's clients know it: the models that can be asked for messages.

Knows nothing about messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import Response
from starlette.requests import Request

from augury.domain.account import Caller
from augury.domain.errors import InvalidRequest, NotFound
from augury.domain.jsontext import JsonObject, JsonValue
from augury.http import auth, problems
from augury.service.access import Access
from augury.service.models import Models

ENDPOINT = "anthropic_messages"
PAGE = 20
MOST = 1000


@dataclass(frozen=True, slots=True)
class ModelRoutes:
    """The routes of models."""

    models: Models
    access: Access

    async def page(self, request: Request) -> Response:
        """GET /v1/models: at most `limit` of them, behind `after_id` or else before `before_id`."""
        caller = await self._caller(request)
        limit = _limit(request.query_params.get("limit"))
        found = [one for one in await self.models.offered(caller) if ENDPOINT in one.offers]
        names = [f"{one.owner}/{one.name}" for one in found]
        begin, end = 0, len(found)
        if (after := request.query_params.get("after_id")) is not None:
            begin = _place(names, after, "after_id") + 1
            more = end - begin > limit
        elif (before := request.query_params.get("before_id")) is not None:
            end = _place(names, before, "before_id")
            begin = max(0, end - limit)
            more = begin > 0
        else:
            more = end > limit
        end = min(end, begin + limit)
        data: list[JsonValue] = [_shown(name, one.created_at) for name, one in zip(names, found, strict=True)]
        content: JsonObject = {
            "data": data[begin:end],
            "has_more": more,
            "first_id": names[begin] if begin < end else None,
            "last_id": names[end - 1] if begin < end else None,
        }
        return problems.respond(200, content, _named(request))

    async def get(self, request: Request) -> Response:
        """GET /v1/models/{owner}/{name}, or {name}:N; raises NotFound as for models that may not be seen."""
        caller = await self._caller(request)
        owner, asked = str(request.path_params["owner"]), str(request.path_params["name"])
        name, colon, number = asked.partition(":")
        if colon and not number.isdecimal():
            raise _not_offered(owner, asked)
        details = await self.models.get(caller, owner, name)
        version = await self.models.get_version(caller, owner, name, number) if colon else details.latest
        if version is None or version.compatibilities.get(ENDPOINT) is not True:
            raise _not_offered(owner, asked)
        model = details.model
        shown = f"{model.owner}/{model.name}" + (f":{version.number}" if colon else "")
        created = version.created_at if colon else model.created_at
        return problems.respond(200, _shown(shown, created), _named(request))

    async def _caller(self, request: Request) -> Caller:
        headers: list[tuple[bytes, bytes]] = request.scope["headers"]
        return await auth.identify(self.access, dict(headers).get(b"authorization"))


def _place(names: Sequence[str], name: str, field: str) -> int:
    if name not in names:
        msg = "Input should be the id of a model in this list."
        raise InvalidRequest.at("query", field, msg=msg, type="unknown_id", input=problems.shown(name))
    return names.index(name)


def _named(request: Request) -> dict[str, str]:
    return {"request-id": request.scope.get(problems.REQUEST_ID, "")}


def _not_offered(owner: str, name: str) -> NotFound:
    message = f"{owner[:64]}/{name[:64]} is none of the models that can be asked for messages."
    return NotFound(message, code="model_not_compatible")


def _limit(text: str | None) -> int:
    if text is None:
        return PAGE
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:6]) <= MOST:
        msg = f"Input should be a whole number from 1 to {MOST}."
        raise InvalidRequest.at("query", "limit", msg=msg, type="int_parsing", input=problems.shown(text))
    return int(text)


def _shown(name: str, created: int) -> JsonObject:
    made = datetime.fromtimestamp(created // 1_000_000, UTC)
    return {
        "type": "model",
        "id": name,
        "display_name": name,
        "created_at": made.isoformat().replace("+00:00", "Z"),
        "lifecycle": "active",
    }
