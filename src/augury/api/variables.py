"""Variables over HTTP: made, listed, changed, deleted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar, cast

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from augury.api import presenting, schemas
from augury.api import variable_schemas as shapes
from augury.api.describe import IDEMPOTENCY_KEY, described
from augury.api.paging import CursorQuery, PageSize, page_response
from augury.domain.errors import InvalidRequest
from augury.domain.variable import Variable
from augury.http import bodies
from augury.http.auth import Administering, AnyCaller
from augury.http.preferences import once
from augury.service.presentation import timestamp
from augury.service.variables import NewVariable, VariableChange, Variables

Body = TypeVar("Body", bound=BaseModel)


def routes(variables: Variables) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/v1/variables", tags=["variables"])
    at = _Routes(variables)
    page = described("list_variables", schemas.page_of(shapes.Variable), 401, 422)
    router.add_api_route("", at.page, methods=["GET"], **page)
    create = described(
        "create_variable",
        shapes.Variable,
        *(401, 403, 409, 410),
        body=shapes.NewVariable,
        parameters=(IDEMPOTENCY_KEY,),
    )
    router.add_api_route("", at.create, methods=["POST"], **create)
    change = described("update_variable", shapes.Variable, 401, 403, 404, body=shapes.VariableChange)
    router.add_api_route("/{name}", at.update, methods=["PATCH"], **change)
    delete = described("delete_variable", None, 401, 403, 404, 409, 422)
    router.add_api_route("/{name}", at.delete, methods=["DELETE"], **delete)
    return router


@dataclass(frozen=True, slots=True)
class _Routes:
    variables: Variables

    async def page(self, caller: AnyCaller, cursor: CursorQuery = None, page_size: PageSize = 25) -> Response:
        """Your variables by name; those that are secret without their values."""
        found = await self.variables.page(caller, cursor=cursor, page_size=page_size)
        return page_response(found, [_json(one) for one in found.items])

    async def create(self, caller: Administering, request: Request) -> Response:
        """Make a variable. A version gets it when its configuration names it."""
        raw = await bodies.read(request.receive)
        body, ignored = _parsed(shapes.NewVariable, raw)
        new = NewVariable(body.name, body.key, body.value, body.secret)
        made = await self.variables.create(caller, new, once(caller, request.headers, raw))
        return presenting.response(_json(made), ignored)

    async def update(self, caller: Administering, name: shapes.VariablePath, request: Request) -> Response:
        """Change a variable's key or value. Workers that have it are replaced when they have done what they have."""
        body, ignored = _parsed(shapes.VariableChange, await bodies.read(request.receive))
        change = cast("VariableChange", body.model_dump(exclude_unset=True))
        return presenting.response(_json(await self.variables.update(caller, name, change)), ignored)

    async def delete(self, caller: Administering, name: shapes.VariablePath) -> Response:
        """Delete a variable that no version has."""
        await self.variables.delete(caller, name)
        return presenting.response(b"null")


def _parsed(kind: type[Body], raw: bytes) -> tuple[Body, str | None]:
    """As bodies.parse; what is wrong is not shown, for it may be the value."""
    try:
        return bodies.parse(kind, raw)
    except InvalidRequest as error:
        raise InvalidRequest([replace(one, input=None) for one in error.problems]) from None


def _json(variable: Variable) -> bytes:
    updated = variable.updated_at
    return orjson.dumps(
        {
            "name": variable.name,
            "key": variable.key,
            "value": variable.value,
            "secret": variable.secret,
            "created_at": timestamp(variable.created_at),
            "updated_at": None if updated is None else timestamp(updated),
        }
    )
