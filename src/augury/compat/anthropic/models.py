"""GET /v1/models as Anthropic's clients know it: the models that can be asked for messages, the caller's own first.

Knows nothing about messages.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import Response
from starlette.requests import Request

from augury.domain.account import Caller
from augury.domain.errors import InvalidRequest, NotFound
from augury.domain.jsontext import JsonObject, JsonValue
from augury.domain.model import Model
from augury.domain.paging import Page
from augury.http import auth, problems
from augury.service.access import Access
from augury.service.models import Models

ENDPOINT = "anthropic_messages"
PAGE = 20
MOST = 1000
_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class ModelRoutes:
    """The routes of models."""

    models: Models
    access: Access

    async def page(self, request: Request) -> Response:
        """GET /v1/models: those behind `after_id` or before `before_id`, at most `limit`."""
        caller = await self._caller(request)
        limit = _limit(request.query_params.get("limit"))
        after, before = request.query_params.get("after_id"), request.query_params.get("before_id")
        found: list[JsonValue] = []
        more = False
        passed = after is None
        async for model in self._offered(caller):
            name = f"{model.owner}/{model.name}"
            if name == before:
                break
            if passed and len(found) == limit and before is None:
                more = True
                break
            if passed:
                found.append(_shown(model, name))
            passed = passed or name == after
        if before is not None:
            found, more = found[-limit:], len(found) > limit
        ids = [one["id"] for one in found if isinstance(one, dict)]
        content: JsonObject = {
            "data": found,
            "has_more": more,
            "first_id": ids[0] if ids else None,
            "last_id": ids[-1] if ids else None,
        }
        return problems.respond(200, content)

    async def get(self, request: Request) -> Response:
        """GET /v1/models/{owner}/{name}."""
        caller = await self._caller(request)
        name: str = request.path_params["name"]
        owner: str = request.path_params.get("owner", "")
        bare, _, number = name.partition(":")
        details = await self.models.get(caller, owner, bare)
        version = await self.models.get_version(caller, owner, bare, number) if number else details.latest
        if version is None or version.compatibilities.get(ENDPOINT) is not True:
            raise NotFound(f"{owner}/{name} cannot be asked for messages.", code="model_not_compatible")
        return problems.respond(200, _shown(details.model, f"{details.model.owner}/{name}"))

    async def _caller(self, request: Request) -> Caller:
        headers: list[tuple[bytes, bytes]] = request.scope["headers"]
        return await auth.identify(self.access, dict(headers).get(b"authorization"))

    async def _offered(self, caller: Caller) -> AsyncIterator[Model]:
        async for model in self._all(caller):
            details = await self.models.get(caller, model.owner, model.name)
            if details.latest is not None and details.latest.compatibilities.get(ENDPOINT) is True:
                yield model

    async def _all(self, caller: Caller) -> AsyncIterator[Model]:
        page = await self.models.page_of_mine(caller, page_size=_AT_ONCE)
        while True:
            for model in page.items:
                yield model
            if page.next_cursor is None:
                break
            page = await self.models.page_of_mine(caller, cursor=page.next_cursor, page_size=_AT_ONCE)
        public: Page[Model] = await self.models.page(page_size=_AT_ONCE)
        while True:
            for model in public.items:
                if model.account_id != caller.account_id:
                    yield model
            if public.next_cursor is None:
                break
            public = await self.models.page(cursor=public.next_cursor, page_size=_AT_ONCE)


def _limit(text: str | None) -> int:
    if text is None:
        return PAGE
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:6]) <= MOST:
        msg = f"Input should be a whole number from 1 to {MOST}."
        raise InvalidRequest.at("query", "limit", msg=msg, type="int_parsing", input=problems.shown(text))
    return int(text)


def _shown(model: Model, name: str) -> JsonObject:
    made = datetime.fromtimestamp(model.created_at // 1_000_000, UTC)
    return {
        "type": "model",
        "id": name,
        "display_name": name,
        "created_at": made.isoformat().replace("+00:00", "Z"),
        "lifecycle": "active",
    }
