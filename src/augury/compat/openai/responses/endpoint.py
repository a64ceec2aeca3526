"""Responses: asked for, whole, streamed or in the background; looked at, cancelled and deleted later.

    body -> the model's version, what was said before -> a prediction -> a response;  an id -> the same

Knows nothing about how responses look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from augury.compat import native, requests, streaming
from augury.compat.answers import Answer
from augury.compat.calls import Calls
from augury.compat.failures import Unsupported
from augury.compat.openai.places import READING, Place, free, operation
from augury.compat.openai.responses import asking, chain, frames, showing
from augury.compat.openai.responses.asking import NAMES, USED, ResponseRequest
from augury.compat.openai.responses.showing import About
from augury.compat.texts import Plans, TextPlan, is_text
from augury.compat.translating import translated
from augury.domain import jsontext
from augury.domain.account import Caller
from augury.domain.errors import CallerError, InvalidRequest
from augury.domain.jsontext import JsonObject
from augury.domain.prediction import Prediction, Status
from augury.http import auth
from augury.service.predictions import NewPrediction
from augury.service.removal import Removal

ENDPOINT = "openai_responses"
CANCEL_SECONDS = 5.0
"""How long the answer to a cancel waits for the end."""


def places(calls: Calls, plans: Plans, removal: Removal) -> list[Place]:
    """Where they are."""
    create = operation(
        "create_response", "A model's answer, which can be continued.", body=free("model", "input"), streams=True
    )
    kept = Kept(calls, plans, removal)
    look = operation("get_response", "A response as it is now, or its events.", streams=True, errors=READING)
    delete = operation("delete_response", "Delete a response.", errors=(*READING, "409"))
    cancel = operation("cancel_response", "Cancel a response.", errors=(*READING, "409"))
    return [
        Place("POST", "/responses", Create(calls, plans), create),
        Place("GET", "/responses/{response_id}", kept.get, look),
        Place("DELETE", "/responses/{response_id}", kept.delete, delete),
        Place("POST", "/responses/{response_id}/cancel", kept.cancel, cancel),
    ]


@dataclass(frozen=True, slots=True)
class _Call:
    """One request, and what its model is given."""

    caller: Caller
    request: ResponseRequest
    plan: TextPlan | None
    given: JsonObject
    ignored: Sequence[str]
    receive: Receive

    def about(self, prediction: Prediction) -> About:
        if self.plan is None:
            return About(chain.response_id(prediction, instructed=False), None, 0, None)
        return showing.asked(self.request, self.plan, self.given, prediction)

    def headers(self, prediction: Prediction) -> requests.Headers:
        return requests.headers([prediction], self.ignored)


@dataclass(frozen=True, slots=True)
class Create:
    """POST /responses."""

    calls: Calls
    plans: Plans

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        caller = await self.calls.caller(dict(scope["headers"]))
        body = await requests.read(receive)
        version = await self.calls.version(caller, requests.model(body), ENDPOINT)
        plan = self.plans.of(version)
        request = requests.check(ResponseRequest, body)
        if plan is None:
            if request.previous_response_id is not None:
                message = "A model that makes responses itself does not know what was said before."
                raise Unsupported("previous_response_id", message, "Send the conversation as input.")
            given = {name: value for name, value in native.input(version, body).items() if name != "background"}
            call = _Call(caller, request, None, given, (), receive)
        else:
            call = await self._adapted(caller, request, plan, body, receive)
        try:
            answer = await self._answer(call)
        except InvalidRequest as error:
            raise translated(error, plan, NAMES) from None
        await answer(scope, receive, send)

    async def _adapted(
        self, caller: Caller, request: ResponseRequest, plan: TextPlan, body: JsonObject, receive: Receive
    ) -> _Call:
        previous = request.previous_response_id
        before = () if previous is None else await chain.before(self.calls, caller, previous)
        said = asking.turns(request, plan, before)
        try:
            given, vain = plan.input(said, asking.options(request, plan))
        except Unsupported as error:
            raise Unsupported(NAMES.get(error.param, error.param), error.message, error.hint) from None
        used = USED if request.store is False else USED | {"store"}
        ignored = requests.ignored(body, used, *(NAMES.get(name, name) for name in vain))
        return _Call(caller, request, plan, given, ignored, receive)

    async def _answer(self, call: _Call) -> ASGIApp:
        calls, request = self.calls, call.request
        if request.background:
            new = NewPrediction(request.model, call.given, stream=request.stream is True, validate=True)
            prediction = await calls.predictions.create(call.caller, new)
            if request.stream:
                follower = calls.streams.follow(prediction)
                shown = _frames(call.about(prediction), prediction)
                return streaming.answer(calls, call.caller, follower, shown, call.headers(prediction), keeps=True)
            return _answered(call.about(prediction).response(prediction), call.headers(prediction))
        if request.stream:
            follower = await calls.follow(call.caller, request.model, call.given, call.receive)
            prediction = follower.prediction
            shown = _frames(call.about(prediction), prediction)
            return streaming.answer(calls, call.caller, follower, shown, call.headers(prediction))
        prediction = await calls.run(call.caller, request.model, call.given, call.receive)
        return _answered(_response(call.about(prediction), prediction), call.headers(prediction))


@dataclass(frozen=True, slots=True)
class Kept:
    """What can be done with a response later."""

    calls: Calls
    plans: Plans
    removal: Removal

    async def get(self, request: Request) -> ASGIApp:
        """GET /responses/{id}, as it is or as a stream."""
        caller, name, prediction = await self._found(request, "read")
        about = await self._about(caller, name, prediction)
        headers = requests.headers([prediction])
        if about.plan is None and prediction.status is Status.SUCCEEDED and not frames.is_answer(prediction.output):
            raise chain.missing(name)
        if request.query_params.get("stream") == "true":
            shown = _frames(about, prediction, _after(request.query_params.get("starting_after")))
            follower = self.calls.streams.follow(prediction)
            return streaming.answer(self.calls, caller, follower, shown, headers, keeps=True)
        return _answered(_response(about, prediction), headers)

    async def delete(self, request: Request) -> ASGIApp:
        """DELETE /responses/{id}."""
        caller, name, prediction = await self._found(request, "predict")
        await self.removal.remove(caller, prediction.id)
        return _answered({"id": name, "object": "response", "deleted": True}, requests.headers([prediction]))

    async def cancel(self, request: Request) -> ASGIApp:
        """POST /responses/{id}/cancel; again is no error."""
        caller, name, prediction = await self._found(request, "predict")
        if prediction.status is not Status.CANCELLED:
            await self.calls.predictions.cancel(caller, prediction.id)
            prediction = await self.calls.predictions.wait(prediction, CANCEL_SECONDS)
        about = await self._about(caller, name, prediction)
        return _answered(_response(about, prediction), requests.headers([prediction]))

    async def _found(self, request: Request, right: str) -> tuple[Caller, str, Prediction]:
        headers: list[tuple[bytes, bytes]] = request.scope["headers"]
        caller = await auth.identify(self.calls.access, dict(headers).get(b"authorization"))
        if right != "read":
            caller.demand("predict")
        name: str = request.path_params["response_id"]
        return caller, name, await chain.find(self.calls, caller, name)

    async def _about(self, caller: Caller, name: str, prediction: Prediction) -> About:
        ref = prediction.model
        try:
            version = await self.calls.version(caller, f"{ref.owner}/{ref.name}:{ref.version_number}", ENDPOINT)
        except CallerError:
            # It is gone or offers nothing any more; what it said is still there.
            return About(name, None, 0, None)
        plan = self.plans.of(version)
        return About(name, None, 0, None) if plan is None else showing.stored(name, plan, prediction)


def _frames(about: About, prediction: Prediction, after: int = -1) -> streaming.Frames:
    kind = frames.NativeFrames if about.plan is None else frames.TextFrames
    return kind(about, prediction, after)


def _response(about: About, prediction: Prediction) -> JsonObject:
    # The version of a text that is looked at may be gone; of what is no text, it made a response itself.
    if about.plan is not None or prediction.status is not Status.SUCCEEDED or is_text(prediction.output):
        return about.response(prediction)
    return frames.whole(prediction.output, about.id)


def _answered(content: JsonObject, headers: requests.Headers) -> Answer:
    return Answer(jsontext.dump_bytes(content), headers)


def _after(text: str | None) -> int:
    if text is None:
        return -1
    if not text.isascii() or not text.isdigit():
        msg = "Input should be the number of an event"
        raise InvalidRequest.at("query", "starting_after", msg=msg, type="int_parsing")
    return int(text[:18])
