"""POST /embeddings: vectors of texts.

    body -> texts -> a prediction for each, or for as many as the model takes at once -> vectors in the order of texts

A model of one text runs once for each, a few at a time; hanging up ends them all. Knows nothing about what they mean.
"""

from __future__ import annotations

import base64
import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, cast

import anyio.to_thread
from pydantic import BaseModel, Field
from starlette.types import ASGIApp, Receive, Scope, Send

from augury.compat import batches, inputs, requests
from augury.compat.answers import Answer
from augury.compat.calls import Calls
from augury.compat.failures import ModelFailed, Unsupported
from augury.compat.openai import passing
from augury.compat.openai.places import Place, free, operation
from augury.compat.usage import estimate, input_tokens
from augury.domain import jsontext, offering
from augury.domain.account import Caller
from augury.domain.errors import InvalidRequest
from augury.domain.jsontext import JsonObject, JsonValue
from augury.domain.prediction import Prediction
from augury.http import problems
from augury.service.models import RunnableVersion

ENDPOINT = "openai_embeddings"
MOST_TEXTS = 2_048
_QUICK = 32
"""Texts whose vectors are written without leaving the event loop, and predictions that a header names."""


def places(calls: Calls) -> list[Place]:
    """Where it is."""
    said = operation("create_embeddings", "Vectors of texts.", body=free("model", "input"))
    return [Place("POST", "/embeddings", Embeddings(calls), said)]


class EmbeddingsRequest(BaseModel):
    """What of a body matters; other fields go to the model where it takes them."""

    model: str
    input: Any = None
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: Annotated[int, Field(ge=1)] | None = None
    user: str | None = None

    @property
    def texts(self) -> list[str]:
        """What is to be embedded; raises InvalidRequest, and Unsupported for tokens."""
        if isinstance(self.input, str):
            return [_text(self.input)]
        if not isinstance(self.input, list):
            kind = "invalid_type" if self.input is not None else "missing"
            raise _wrong("Input should be a text, or a list of texts", kind, self.input)
        found = cast("list[object]", self.input)
        if not found:
            raise _wrong("Input should be a text, or a list of at least one text", "too_short", found)
        if len(found) > MOST_TEXTS:
            raise _wrong(f"Input should be at most {MOST_TEXTS} texts, and these are {len(found)}", "too_long", None)
        if all(isinstance(one, int | list) and not isinstance(one, bool) for one in found):
            raise Unsupported("input", "This model takes texts, and no tokens.", "Send the text itself.")
        return [_text(one, place) for place, one in enumerate(found)]


@dataclass(frozen=True, slots=True)
class Embeddings:
    """The endpoint."""

    calls: Calls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        caller = await self.calls.caller(dict(scope["headers"]))
        body = await requests.read(receive)
        version = await self.calls.version(caller, requests.model(body), ENDPOINT)
        field = offering.vector_field(version.schemas.described)
        if field is None:
            answer = await passing.whole(self.calls, caller, version, body, receive)
        else:
            answer = await self._adapted(caller, _Asked(version, field, body), receive)
        await answer(scope, receive, send)

    async def _adapted(self, caller: Caller, asked: _Asked, receive: Receive) -> ASGIApp:
        made = await batches.run_each(self.calls, caller, asked.version, asked.inputs(), receive, asked.placed)
        if len(asked.texts) <= _QUICK:
            content = asked.answer(made)
        else:
            content = await anyio.to_thread.run_sync(asked.answer, made)
        return Answer(content, requests.headers(made[:_QUICK], asked.ignored))


class _Asked:
    """One request to an adapted model."""

    def __init__(self, version: RunnableVersion, field: offering.Field, body: JsonObject) -> None:
        self.version = version
        self.request = requests.check(EmbeddingsRequest, body)
        self.texts = self.request.texts
        self._field = field
        self._dimensions = inputs.taken(version, ("dimensions",))
        own = {*EmbeddingsRequest.model_fields, field.name}
        self._beside, self.ignored = inputs.passed(version, body, own)
        most = offering.most(version.schemas.described, field.name) or MOST_TEXTS
        self._step = most if field.many else 1

    def inputs(self) -> list[JsonObject]:
        """The input of each prediction."""
        beside = {**self._beside, **inputs.given(self.request.dimensions, self._dimensions)}
        made: list[JsonObject] = []
        for start in range(0, len(self.texts), self._step):
            some: list[JsonValue] = [*self.texts[start : start + self._step]]
            made.append({**beside, self._field.name: some if self._field.many else some[0]})
        return made

    def placed(self, error: InvalidRequest, place: int) -> InvalidRequest:
        """What the model finds wrong, said of the texts as they came."""
        start = place * self._step
        if self._field.many:
            error = inputs.moved(error, start)
            return inputs.placed(error, {self._field.name: ("input",)})
        alone = isinstance(self.request.input, str)
        return inputs.placed(error, {self._field.name: ("input",) if alone else ("input", start)})

    def answer(self, made: Sequence[Prediction]) -> bytes:
        """The whole answer; raises ModelFailed, and Unsupported for a number of dimensions that it has not."""
        vectors = [vector for place, one in enumerate(made) for vector in self._vectors(one, place)]
        packed = self.request.encoding_format == "base64"
        data: list[JsonValue] = [
            {"object": "embedding", "index": index, "embedding": _packed(vector) if packed else vector}
            for index, vector in enumerate(vectors)
        ]
        usage = self._usage(made)
        return jsontext.dump_bytes({"object": "list", "data": data, "model": self.request.model, "usage": usage})

    def _vectors(self, prediction: Prediction, place: int) -> list[list[JsonValue]]:
        output = jsontext.loads(prediction.output or "null")
        found = cast("list[list[JsonValue]]", output if self._field.many else [output])
        expected = len(self.texts[place * self._step : (place + 1) * self._step])
        if len(found) != expected:
            said = f"Prediction {prediction.id} was given {expected} texts and gave {len(found)} vectors."
            raise ModelFailed(said, code="not_an_answer")
        wanted = self.request.dimensions
        for vector in found:
            if wanted is not None and len(vector) != wanted:
                raise Unsupported("dimensions", f"The vectors of this model have {len(vector)} dimensions.")
        return found

    def _usage(self, made: Sequence[Prediction]) -> JsonObject:
        counts = [input_tokens(one) for one in made]
        known = [one for one in counts if one is not None]
        whole = len(known) == len(counts)
        tokens = sum(known) if whole else sum(estimate(len(one)) for one in self.texts)
        return {"prompt_tokens": tokens, "total_tokens": tokens, **({} if whole else {"estimated": True})}


def _packed(vector: Sequence[JsonValue]) -> str:
    """32-bit floats, the low byte first, in base64."""
    try:
        numbers = array("f", cast("Sequence[float]", vector))
    except OverflowError:
        raise ModelFailed("The model gave a number that is too big for a vector.", code="not_an_answer") from None
    if sys.byteorder == "big":
        numbers.byteswap()
    return base64.b64encode(numbers.tobytes()).decode("ascii")


def _text(value: object, *loc: int) -> str:
    if not isinstance(value, str):
        raise _wrong("Input should be a text", "string_type", value, *loc)
    if not value:
        raise _wrong("Input should not be an empty text", "string_too_short", value, *loc)
    return value


def _wrong(msg: str, kind: str, found: object, *loc: int) -> InvalidRequest:
    return InvalidRequest.at("body", "input", *loc, msg=msg, type=kind, input=problems.shown(found))
