"""Bodies of other providers' clients: bytes -> a JSON object -> the fields of a pydantic model; and what was ignored.

A model that takes the provider's own body is given the object as it is, so the two steps are apart. Errors are
InvalidRequest, which each provider shows in its own shape. Knows no provider.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import TypeVar

from pydantic import BaseModel
from starlette.types import Receive

from augury.domain.errors import InvalidRequest
from augury.domain.jsontext import JsonObject
from augury.domain.prediction import Prediction
from augury.http import bodies, problems

Model = TypeVar("Model", bound=BaseModel)
Headers = list[tuple[bytes, bytes]]


async def read(receive: Receive) -> JsonObject:
    """The body of a request; raises InvalidRequest for what is no JSON object."""
    return bodies.load(await bodies.read(receive))


def model(body: JsonObject) -> str:
    """The model that a body names; raises InvalidRequest."""
    name = body.get("model")
    if not isinstance(name, str):
        msg = "Input should be a model's name, as owner/name or owner/name:version."
        kind = "string_type" if "model" in body else "missing"
        raise InvalidRequest.at("body", "model", msg=msg, type=kind, input=problems.shown(name))
    return name


def check(kind: type[Model], body: JsonObject) -> Model:
    """The body's fields; raises InvalidRequest for each that does not fit. Unknown ones are let be."""
    return bodies.check(kind, body)


def ignored(body: JsonObject, used: Container[str], *more: str) -> tuple[str, ...]:
    """The names of what a body asks for in vain: all but those that are used, and `more` of them."""
    return (*[name for name, value in body.items() if name not in used and value is not None], *more)


def headers(predictions: Iterable[Prediction], ignored: Iterable[str] = ()) -> Headers:
    """What every answer to a call says in its headers."""
    found = [(b"augury-prediction", ", ".join(one.id for one in predictions).encode())]
    if names := tuple(ignored):
        found.append((b"augury-ignored", bodies.listed(names).encode()))
    return found
