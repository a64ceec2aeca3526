"""GET /models and /models/{owner}/{name} in OpenAI's shape: what can be called through any endpoint of another API.

Whoever sees a model may not run it always: that is said when it is called. Knows nothing about calls.
"""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Response
from starlette.requests import Request

from augury.compat.calls import Calls
from augury.compat.openai.places import READING, Place, operation
from augury.domain.account import Caller
from augury.domain.errors import NotFound
from augury.domain.jsontext import JsonObject, JsonValue
from augury.http import auth, problems


def places(calls: Calls) -> list[Place]:
    """Where they are."""
    at = Listed(calls)
    page = operation("list_models", "The models that can be called here.", errors=READING)
    one = operation("get_model", "A model that can be called here.", errors=READING)
    return [
        Place("GET", "/models", at.page, page, shared=True),
        Place("GET", "/models/{owner}/{name}", at.get, one, shared=True),
    ]


@dataclass(frozen=True, slots=True)
class Listed:
    """The endpoints."""

    calls: Calls

    async def page(self, request: Request) -> Response:
        """All of them: OpenAI's list has no pages."""
        found = await self.calls.models.offered(await self._caller(request))
        data: list[JsonValue] = [_shown(f"{one.owner}/{one.name}", one.owner, one.created_at) for one in found]
        return problems.respond(200, {"object": "list", "data": data})

    async def get(self, request: Request) -> Response:
        """One, by owner/name or owner/name:N; raises NotFound as for models that may not be seen."""
        caller = await self._caller(request)
        owner, asked = str(request.path_params["owner"]), str(request.path_params["name"])
        name, colon, number = asked.partition(":")
        if colon and not number.isdecimal():
            raise _not_offered(owner, asked)
        details = await self.calls.models.get(caller, owner, name)
        version = await self.calls.models.get_version(caller, owner, name, number) if colon else details.latest
        if version is None or not any(version.compatibilities.values()):
            raise _not_offered(owner, asked)
        model = details.model
        shown = f"{model.owner}/{model.name}" + (f":{version.number}" if colon else "")
        return problems.respond(200, _shown(shown, model.owner, version.created_at if colon else model.created_at))

    async def _caller(self, request: Request) -> Caller:
        headers: list[tuple[bytes, bytes]] = request.scope["headers"]
        return await auth.identify(self.calls.access, dict(headers).get(b"authorization"))


def _shown(name: str, owner: str, created: int) -> JsonObject:
    return {"id": name, "object": "model", "created": created // 1_000_000, "owned_by": owner}


def _not_offered(owner: str, name: str) -> NotFound:
    return NotFound(
        f"{owner[:64]}/{name[:64]} is none of the models that offer a compatible endpoint.",
        code="model_not_compatible",
        hint="Every model can be called by POST /v1/predictions.",
    )
