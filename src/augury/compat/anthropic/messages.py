"""Messages: asked for, whole or streamed; and how many tokens a conversation has.

    body -> a version that offers it -> (adapted) turns and options | (native) the body -> a prediction -> a message

Knows no other route.
"""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Response
from starlette.requests import Request

from augury.compat import native, requests, streaming, usage
from augury.compat.answers import Answer
from augury.compat.anthropic import answering
from augury.compat.anthropic import native as own
from augury.compat.anthropic.answering import HEARTBEAT, Asked
from augury.compat.anthropic.asking import HONOURED, CountBody, MessagesBody, options
from augury.compat.anthropic.conversation import characters, turns
from augury.compat.calls import Calls
from augury.compat.listening import Heard, listen, worth_it
from augury.compat.stops import cut
from augury.compat.texts import Plans, TextPlan, joined
from augury.compat.translating import translated
from augury.domain import jsontext
from augury.domain.account import Caller
from augury.domain.errors import InvalidRequest
from augury.domain.jsontext import JsonObject
from augury.domain.prediction import Prediction
from augury.http import problems
from augury.service.models import RunnableVersion

ENDPOINT = "anthropic_messages"
NAMES = {"stop": "stop_sequences", "response_format": "output_config"}
"""What options are called here that are called otherwise elsewhere."""


@dataclass(frozen=True, slots=True)
class MessageRoutes:
    """The routes of messages."""

    calls: Calls
    plans: Plans

    async def create(self, request: Request) -> Response | Answer:
        """POST /messages."""
        caller = await self.calls.caller(dict(request.scope["headers"]))
        given = await requests.read(request.receive)
        version = await self.calls.version(caller, requests.model(given), ENDPOINT)
        plan = self.plans.of(version)
        try:
            if plan is None:
                return await self._native(request, caller, version, given)
            return await self._adapted(request, caller, version, plan, given)
        except InvalidRequest as error:
            raise translated(error, plan, NAMES) from None

    async def count(self, request: Request) -> Answer:
        """POST /messages/count_tokens: an estimate, as no model is asked."""
        caller = await self.calls.caller(dict(request.scope["headers"]))
        given = await requests.read(request.receive)
        body = requests.check(CountBody, given)
        plan = self.plans.of(await self.calls.version(caller, body.model, ENDPOINT))
        if plan is None:
            # Whatever such a model takes: the texts are most of it.
            length = sum(len(jsontext.dumps(given.get(name))) for name in ("system", "messages") if given.get(name))
        else:
            length = characters(turns(body.system, body.messages, tools=plan.field.many))
        if body.tools:
            length += len(jsontext.dumps(body.tools))
        content: JsonObject = {"input_tokens": usage.estimate(length), "estimated": True}
        return Answer(jsontext.dump_bytes(content), ((b"request-id", _request_id(request).encode()),))

    async def _adapted(
        self, request: Request, caller: Caller, version: RunnableVersion, plan: TextPlan, given: JsonObject
    ) -> Response | Answer:
        body = requests.check(MessagesBody, given)
        said = turns(body.system, body.messages, tools=plan.field.many)
        input, unused = plan.input(said, options(body, given, plan))
        ignored = requests.ignored(given, HONOURED, *unused)
        most = None if plan.takes("max_tokens") is None else body.max_tokens
        asked = Asked(characters(said), most, tuple(body.stop_sequences or ()), _request_id(request))
        if body.stream:
            follower = await self.calls.follow(caller, body.model, input, request.receive)
            frames = answering.Frames(asked, follower.prediction)
            headers = _headers(request, follower.prediction, ignored)
            return streaming.answer(self.calls, caller, follower, frames, headers, HEARTBEAT)
        if worth_it(version, asked.stops):
            (heard,) = await listen(self.calls, caller, body.model, [input], asked.stops, request.receive)
        else:
            prediction = await self.calls.run(caller, body.model, input, request.receive)
            heard = Heard(prediction, *cut(joined(prediction.output), asked.stops))
        return _whole(request, heard.prediction, answering.message(asked, heard), ignored)

    async def _native(
        self, request: Request, caller: Caller, version: RunnableVersion, given: JsonObject
    ) -> Response | Answer:
        input = native.input(version, given)
        model = requests.model(given)
        if given.get("stream") is True:
            follower = await self.calls.follow(caller, model, input, request.receive)
            frames = own.Frames(follower.prediction, _request_id(request))
            headers = _headers(request, follower.prediction)
            return streaming.answer(self.calls, caller, follower, frames, headers, HEARTBEAT)
        prediction = await self.calls.run(caller, model, input, request.receive)
        return _whole(request, prediction, own.message(prediction))


def _whole(
    request: Request, prediction: Prediction, message: JsonObject, ignored: tuple[str, ...] = ()
) -> Response | Answer:
    return Answer(jsontext.dump_bytes(message), _headers(request, prediction, ignored))


def _headers(request: Request, prediction: Prediction, ignored: tuple[str, ...] = ()) -> requests.Headers:
    return [*requests.headers([prediction], ignored), (b"request-id", _request_id(request).encode())]


def _request_id(request: Request) -> str:
    found: str = request.scope.get(problems.REQUEST_ID, "")
    return found
