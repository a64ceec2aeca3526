"""A call to a model that speaks an endpoint's own language: it is given the body, and what it gives is the answer's.

Of endpoints whose answers come whole. Knows none of them.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Receive

from augury.compat import batches, native, requests
from augury.compat.answers import Answer
from augury.compat.calls import Calls
from augury.compat.failures import ModelFailed, Unsupported
from augury.compat.translating import translated
from augury.domain import jsontext
from augury.domain.account import Caller
from augury.domain.errors import InvalidRequest
from augury.domain.jsontext import JsonObject
from augury.service.models import RunnableVersion


async def whole(calls: Calls, caller: Caller, version: RunnableVersion, body: JsonObject, receive: Receive) -> ASGIApp:
    """The answer; raises as Calls.run does, and ModelFailed for an output that is no answer."""
    if body.get("stream") is True:
        raise Unsupported("stream", "This endpoint streams for no model.")
    try:
        prediction = await calls.run(caller, batches.reference(version), native.input(version, body), receive)
    except InvalidRequest as error:
        raise translated(error, None, {}) from None
    answers = native.answers(prediction.output)
    if len(answers) != 1:
        raise ModelFailed("The model gave several answers, and this endpoint has one.", code="not_an_answer")
    return Answer(jsontext.dump_bytes(answers[0]), requests.headers([prediction]))
