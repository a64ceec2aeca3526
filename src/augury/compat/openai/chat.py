"""POST /chat/completions: a conversation put to a model, its answer as a completion or as a stream of chunks.

    body -> the model's version -> native: as it is | adapted: turns and options -> predictions -> choices

Each choice is a prediction. Knows nothing about how a model is given a conversation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from augury.compat import native, requests, streaming
from augury.compat.answers import Answer
from augury.compat.calls import Calls
from augury.compat.listening import Heard, listen, worth_it
from augury.compat.openai import several
from augury.compat.openai.chunks import ChoiceFrames, Whole, usage_json
from augury.compat.openai.conversation import ChatRequest, options, turns
from augury.compat.openai.native import NativeFrames, completion
from augury.compat.openai.places import Place, free, operation
from augury.compat.stops import cut
from augury.compat.texts import Plans, TextPlan, joined
from augury.compat.translating import translated
from augury.compat.usage import Usage, output_tokens, total, usage
from augury.domain import jsontext
from augury.domain.account import Caller
from augury.domain.errors import InvalidRequest
from augury.domain.jsontext import JsonObject, JsonValue
from augury.domain.prediction import Prediction
from augury.service.models import RunnableVersion

ENDPOINT = "openai_chat_completions"


def places(calls: Calls, plans: Plans) -> list[Place]:
    """Where it is."""
    said = operation(
        "create_chat_completion", "A model's answer to a conversation.", body=free("model", "messages"), streams=True
    )
    return [Place("POST", "/chat/completions", Chat(calls, plans), said)]


@dataclass(frozen=True, slots=True)
class Chat:
    """The endpoint."""

    calls: Calls
    plans: Plans

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        caller = await self.calls.caller(dict(scope["headers"]))
        body = await requests.read(receive)
        model = requests.model(body)
        version = await self.calls.version(caller, model, ENDPOINT)
        plan = self.plans.of(version)
        if plan is None:
            answer = await self._native(caller, model, version, body, receive)
        else:
            answer = await self._adapted(caller, version, plan, body, receive)
        await answer(scope, receive, send)

    async def _native(
        self, caller: Caller, model: str, version: RunnableVersion, body: JsonObject, receive: Receive
    ) -> ASGIApp:
        given = native.input(version, body)
        try:
            if body.get("stream") is True:
                follower = await self.calls.follow(caller, model, given, receive)
                headers = requests.headers([follower.prediction])
                return streaming.answer(self.calls, caller, follower, NativeFrames(), headers)
            prediction = await self.calls.run(caller, model, given, receive)
        except InvalidRequest as error:
            raise translated(error, None, {}) from None
        return Answer(completion(native.answers(prediction.output)), requests.headers([prediction]))

    async def _adapted(
        self, caller: Caller, version: RunnableVersion, plan: TextPlan, body: JsonObject, receive: Receive
    ) -> ASGIApp:
        asked = _Asked(requests.check(ChatRequest, body), plan)
        inputs = asked.inputs()
        ignored = requests.ignored(body, ChatRequest.model_fields, *asked.ignored)
        try:
            if asked.request.stream:
                return await self._streamed(caller, asked, inputs, ignored, receive)
            heard = await self._heard(caller, version, asked, inputs, receive)
        except InvalidRequest as error:
            raise translated(error, plan, {}) from None
        return Answer(asked.completion(heard), requests.headers([one.prediction for one in heard], ignored))

    async def _heard(
        self, caller: Caller, version: RunnableVersion, asked: _Asked, inputs: Sequence[JsonObject], receive: Receive
    ) -> list[Heard]:
        model = asked.request.model
        if worth_it(version, asked.stops):
            return await listen(self.calls, caller, model, inputs, asked.stops, receive)
        made = await self.calls.run_all(caller, model, inputs, receive)
        return [Heard(one, *cut(joined(one.output), asked.stops)) for one in made]

    async def _streamed(
        self,
        caller: Caller,
        asked: _Asked,
        inputs: Sequence[JsonObject],
        ignored: Sequence[str],
        receive: Receive,
    ) -> ASGIApp:
        followers = await self.calls.follow_all(caller, asked.request.model, inputs, receive)
        made = [one.prediction for one in followers]
        headers = requests.headers(made, ignored)
        whole = asked.whole(made)
        frames = [ChoiceFrames(whole, index, asked.stops) for index in range(len(made))]
        if len(made) == 1:
            return streaming.answer(self.calls, caller, followers[0], frames[0], headers)
        return several.answer(self.calls, caller, followers, frames, headers)


class _Asked:
    """One request to an adapted model."""

    def __init__(self, request: ChatRequest, plan: TextPlan) -> None:
        self.request = request
        self._plan = plan
        self._turns = turns(request.messages)
        self._options = options(request, plan)
        self.stops = request.stops
        if (stop := plan.stop(self.stops)) is not None:
            self._options["stop"] = stop
            self.stops = ()
        self.ignored: tuple[str, ...] = ()

    def inputs(self) -> list[JsonObject]:
        """The input of each choice; where they have a seed, each its own."""
        first, self.ignored = self._plan.input(self._turns, self._options)
        made = [first]
        seed = self._plan.takes("seed")
        for number in range(1, self.request.n or 1):
            own: JsonValue = None if self.request.seed is None else self.request.seed + number
            made.append(first if seed is None or own is None else {**first, seed: own})
        return made

    def whole(self, made: Sequence[Prediction]) -> Whole:
        """What the chunks of a stream have in common."""
        characters = sum(len(one.text) for one in self._turns)
        return Whole(_about(made[0]), characters, self.request.with_usage, len(made), self._reason)

    def completion(self, heard: Sequence[Heard]) -> bytes:
        """The whole answer."""
        choices: list[JsonValue] = []
        usages: list[Usage] = []
        characters = sum(len(one.text) for one in self._turns)
        for index, one in enumerate(heard):
            reason = self._reason(one.prediction) if one.stop is None else "stop"
            message: JsonObject = {"role": "assistant", "content": one.text, "refusal": None}
            choices.append({"index": index, "message": message, "logprobs": None, "finish_reason": reason})
            usages.append(usage(one.prediction, characters, len(one.text)))
        return jsontext.dump_bytes(
            {
                **_about(heard[0].prediction),
                "object": "chat.completion",
                "choices": choices,
                "usage": usage_json(total(usages)),
            }
        )

    def _reason(self, prediction: Prediction) -> str:
        """Why a model ended that ended by itself."""
        most = self.request.most_tokens
        if most is None or self._plan.takes("max_tokens") is None:
            return "stop"
        counted = output_tokens(prediction)
        return "length" if counted is not None and counted >= most else "stop"


def _about(prediction: Prediction) -> JsonObject:
    ref = prediction.model
    return {
        "id": f"chatcmpl-{prediction.id}",
        "created": prediction.created_at // 1_000_000,
        "model": f"{ref.owner}/{ref.name}:{ref.version_number}",
    }
