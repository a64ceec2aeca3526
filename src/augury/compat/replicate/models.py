"""Replicate's models, versions and deployments, which are each model's own; and its accounts and hardware.

Knows no prediction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import Response
from pydantic import BaseModel
from starlette.requests import Request

from augury.compat.replicate.identity import is_version_id, parse_version_id
from augury.compat.replicate.presenting import Presenter, account
from augury.compat.replicate.requests import caller
from augury.domain import jsontext
from augury.domain.account import Caller
from augury.domain.errors import Forbidden, InvalidRequest, NotFound
from augury.domain.jsontext import InvalidJson, JsonObject
from augury.domain.model import Model, Version
from augury.http import bodies, problems
from augury.http.services import Services
from augury.service.models import NewModel

PAGE = 25
"""Models and versions of a page: each is shown whole."""
_HARDWARE = 1_000


class ModelBody(BaseModel):
    """A model to make. The hardware is a version's here, and is passed over."""

    owner: str
    name: str
    visibility: str
    hardware: str | None = None
    description: str | None = None
    github_url: str | None = None
    paper_url: str | None = None
    license_url: str | None = None


@dataclass(frozen=True, slots=True)
class ModelRoutes:
    """The routes of models."""

    services: Services
    presenter: Presenter

    async def page(self, request: Request) -> Response:
        """GET /models: those that everyone may see, newest first."""
        asking = await caller(self.services.access, request)
        found = await self.services.models.page(
            cursor=request.query_params.get("cursor"), page_size=PAGE, sort_direction="desc"
        )
        return self._page("models", await self._whole(asking, found.items), found.previous_cursor, found.next_cursor)

    async def search(self, request: Request) -> Response:
        """QUERY /models: the best, on one page."""
        asking = await caller(self.services.access, request)
        found = await self.services.search.models(asking, _words(await bodies.read(request.receive)), page_size=PAGE)
        return self._page("models", await self._whole(asking, found.items), None, None)

    async def create(self, request: Request) -> Response:
        """POST /models."""
        asking = await caller(self.services.access, request, "admin")
        body, ignored = bodies.parse(ModelBody, await bodies.read(request.receive))
        if body.owner.lower() != asking.name:
            raise Forbidden(f"This is a token of {asking.name}, who makes models of theirs only.", code="not_permitted")
        new = NewModel(
            body.name,
            visibility=body.visibility,
            description=body.description,
            source_url=body.github_url,
            license_url=body.license_url,
            paper_url=body.paper_url,
        )
        made = await self.services.models.create(asking, new)
        passed_over = [one for one in (ignored, None if body.hardware is None else "hardware") if one]
        headers = {bodies.IGNORED: ", ".join(passed_over)} if passed_over else None
        return problems.respond(201, self.presenter.model(made), headers)

    async def get(self, request: Request) -> Response:
        """GET /models/{owner}/{name}."""
        asking = await caller(self.services.access, request)
        details = await self.services.models.get(asking, *_named(request))
        return problems.respond(200, self.presenter.model(details))

    async def delete(self, request: Request) -> Response:
        """DELETE /models/{owner}/{name}."""
        asking = await caller(self.services.access, request, "admin")
        await self.services.models.delete(asking, *_named(request))
        return Response(status_code=204)

    async def versions(self, request: Request) -> Response:
        """GET /models/{owner}/{name}/versions: newest first."""
        asking = await caller(self.services.access, request)
        owner, name = _named(request)
        found = await self.services.models.page_versions(
            asking, owner, name, cursor=request.query_params.get("cursor"), page_size=PAGE
        )
        shown = [self.presenter.version(one) for one in found.items]
        path = f"models/{owner}/{name}/versions"
        return self._page(path, shown, found.previous_cursor, found.next_cursor)

    async def version(self, request: Request) -> Response:
        """GET /models/{owner}/{name}/versions/{id}."""
        asking = await caller(self.services.access, request)
        return problems.respond(200, self.presenter.version(await self._version(asking, request)))

    async def delete_version(self, request: Request) -> Response:
        """DELETE /models/{owner}/{name}/versions/{id}."""
        asking = await caller(self.services.access, request, "admin")
        version = await self._version(asking, request)
        await self.services.models.delete_version(asking, *_named(request), version.number)
        return Response(status_code=204)

    async def deployments(self, request: Request) -> Response:
        """GET /deployments: the caller's own models that have a version."""
        asking = await caller(self.services.access, request)
        found = await self.services.models.page_of_mine(
            asking, cursor=request.query_params.get("cursor"), page_size=PAGE
        )
        details = [await self.services.models.get(asking, one.owner, one.name) for one in found.items]
        shown = [self.presenter.deployment(one.model, one.latest) for one in details if one.latest is not None]
        return self._page("deployments", shown, found.previous_cursor, found.next_cursor)

    async def deployment(self, request: Request) -> Response:
        """GET /deployments/{owner}/{name}."""
        asking = await caller(self.services.access, request)
        owner, name = _named(request)
        details = await self.services.models.get(asking, owner, name)
        if details.latest is None:
            raise NotFound(
                f"{owner}/{name} has no version yet, so nothing of it is deployed.", code="version_not_found"
            )
        return problems.respond(200, self.presenter.deployment(details.model, details.latest))

    async def account(self, request: Request) -> Response:
        """GET /account."""
        asking = await caller(self.services.access, request)
        return problems.respond(200, account(await self.services.users.me(asking)))

    async def hardware(self, request: Request) -> Response:
        """GET /hardware."""
        await caller(self.services.access, request)
        found, _ = await self.services.hardware.page(page_size=_HARDWARE)
        return problems.respond(200, [{"sku": one.identifier, "name": one.name} for one in found.items])

    async def _whole(self, asking: Caller, found: Sequence[Model]) -> list[JsonObject]:
        """Models as lists show them here: each with its latest version, as code that lists them expects."""
        shown: list[JsonObject] = []
        for one in found:
            try:
                shown.append(self.presenter.model(await self.services.models.get(asking, one.owner, one.name)))
            except NotFound:
                # Deleted or hidden since.
                continue
        return shown

    async def _version(self, asking: Caller, request: Request) -> Version:
        owner, name = _named(request)
        text: str = request.path_params["id"]
        if not is_version_id(text):
            return await self.services.models.get_version(asking, owner, name, text)
        number = parse_version_id(text)
        known = None if number is None else await self.services.models.resolver.runnable(number)
        if known is not None:
            version = await self.services.models.get_version(asking, owner, name, known.ref.version_number)
            if version.id == number:
                return version
        raise NotFound(f"{owner}/{name} has no version {text}.", code="version_not_found")

    def _page(self, path: str, shown: Sequence[JsonObject], before: str | None, after: str | None) -> Response:
        return problems.respond(200, self.presenter.page(path, shown, before, after))


def _named(request: Request) -> tuple[str, str]:
    return request.path_params["owner"], request.path_params["name"]


def _words(raw: bytes) -> str:
    """What is searched for: the body as it is, or as the JSON text that JavaScript's client makes of it."""
    try:
        value = jsontext.loads(raw)
    except InvalidJson:
        value = None
    if isinstance(value, str):
        return value
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise InvalidRequest.at("body", msg="What is searched for is text in UTF-8.", type="text") from None
