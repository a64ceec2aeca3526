"""Request bodies: bytes -> JSON, exactly -> the fields of a pydantic model, types not coerced.

Unknown fields are ignored and reported back by name. Every body of the API comes through here, so that each kind of
malformed text has one answer. Knows nothing about what the fields mean.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from functools import reduce
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from augury.domain import jsontext
from augury.domain.errors import InvalidRequest
from augury.domain.jsontext import InvalidJson, JsonObject
from augury.http import problems

Model = TypeVar("Model", bound=BaseModel)

IGNORED = "Augury-Ignored"
"""The response header that names the fields that were not understood."""
_IGNORED_BYTES = 1024
DEPTH = 200
"""Levels of the deepest body: what a model can be given and can give back."""
_WRITER_DEPTH = 254
"""Levels that jsontext can write."""


async def chunks(receive: Receive) -> AsyncIterator[bytes]:
    """A body piece by piece, of whatever size; raises ClientDisconnect where it breaks off."""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientDisconnect
        if content := message.get("body"):
            yield content
        if not message.get("more_body"):
            return


async def read(receive: Receive) -> bytes:
    """The whole body of a request; its size is limited further out."""
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        return message.get("body", b"")
    pieces: list[bytes] = []
    while message["type"] == "http.request":
        pieces.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(pieces)
        message = await receive()
    raise ClientDisconnect


def parse(kind: type[Model], raw: bytes) -> tuple[Model, str | None]:
    """The body as a model, and the value for the header that names ignored fields; raises InvalidRequest."""
    value = load(raw)
    parsed = check(kind, value)
    unknown = value.keys() - kind.model_fields.keys()
    return parsed, listed(unknown) if unknown else None


def load(raw: bytes) -> JsonObject:
    """The body as a JSON object; raises InvalidRequest."""
    try:
        value = jsontext.loads(raw)
        # Only what has so many brackets can be so deep, and then asking the writer is quicker than looking.
        if raw.count(b"[") + raw.count(b"{") > DEPTH:
            jsontext.dump_bytes(reduce(lambda inner, _: [inner], range(_WRITER_DEPTH - DEPTH), value))
    except InvalidJson as error:
        msg = f"The body is not JSON, or is nested more than {DEPTH} levels deep."
        raise InvalidRequest.at("body", msg=msg, type="json_invalid", error=str(error)) from None
    if not isinstance(value, dict):
        raise InvalidRequest.at(
            "body", msg="The body should be a JSON object.", type="dict_type", input=problems.shown(value)
        )
    return value


def check(kind: type[Model], value: JsonObject) -> Model:
    """A body's object as a model; raises InvalidRequest."""
    try:
        return kind.model_validate(value, strict=True)
    except ValidationError as error:
        raise problems.from_pydantic(error.errors(include_url=False), "body") from None


def listed(names: Iterable[str]) -> str:
    """The names in a form that a header can carry: what is not plain text is escaped."""
    text = ", ".join(sorted(name.encode("unicode_escape").decode("ascii") for name in names))
    return text if len(text) <= _IGNORED_BYTES else text[:_IGNORED_BYTES] + "..."
