"""A prediction as a response: at its beginning, at its end, or as it is when it is looked at.

    About: what was asked, or what of it the stored input says -> response()

Knows how responses look, and nothing about requests and streams.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from augury.compat import failures
from augury.compat.openai.responses.asking import ResponseRequest
from augury.compat.openai.responses.chain import is_instructed, response_id
from augury.compat.texts import SYSTEM, TextPlan, joined
from augury.compat.usage import output_tokens, usage
from augury.domain import jsontext
from augury.domain.jsontext import JsonObject, JsonValue
from augury.domain.prediction import Prediction, Status

_STATUS: Mapping[Status, str] = {
    Status.PENDING: "queued",
    Status.STARTING: "queued",
    Status.STARTED: "in_progress",
    Status.SUCCEEDED: "completed",
    Status.FAILED: "failed",
    Status.ABANDONED: "failed",
    Status.CANCELLED: "cancelled",
}
FULL: JsonObject = {"reason": "max_output_tokens"}


@dataclass(frozen=True, slots=True)
class About:
    """What a response says of its question."""

    id: str
    plan: TextPlan | None
    characters: int
    """Of all texts that the model was given."""
    limit: int | None
    """The tokens that its answer may have, where the model heeds that."""
    echoed: JsonObject = field(default_factory=dict[str, JsonValue])
    """The parameters that are shown back."""

    def response(self, prediction: Prediction, text: str | None = None) -> JsonObject:
        """The response of a prediction as it is; of one that has succeeded with `text`, or what is stored."""
        status = _STATUS[prediction.status]
        made = self.frame(prediction, status)
        if prediction.status is Status.SUCCEEDED:
            said = joined(prediction.output) if text is None else text
            full = self.is_full(prediction)
            if full:
                made["status"], made["incomplete_details"] = "incomplete", FULL
            made["output"] = [item(prediction, said, str(made["status"]))]
            made["usage"] = _usage(prediction, self.characters, len(said))
        elif status == "failed":
            made["error"] = {"code": "server_error", "message": failures.failed(prediction).message}
        if prediction.finished_at is not None and made["status"] == "completed":
            made["completed_at"] = prediction.finished_at // 1_000_000
        return made

    def frame(self, prediction: Prediction, status: str) -> JsonObject:
        """A response before anything is in it."""
        ref = prediction.model
        return {
            "id": self.id,
            "object": "response",
            "created_at": prediction.created_at // 1_000_000,
            "status": status,
            "background": False,
            "error": None,
            "incomplete_details": None,
            "instructions": None,
            "max_output_tokens": None,
            "metadata": {},
            "model": f"{ref.owner}/{ref.name}:{ref.version_number}",
            "output": [],
            "parallel_tool_calls": True,
            "previous_response_id": None,
            "store": True,
            "temperature": None,
            "text": {"format": {"type": "text"}},
            "tool_choice": "auto",
            "tools": [],
            "top_p": None,
            "truncation": "disabled",
            "usage": None,
            **self.echoed,
        }

    def is_full(self, prediction: Prediction) -> bool:
        """Whether the answer ended because it was as long as it may be: known where the model counts its tokens."""
        made = output_tokens(prediction)
        return self.limit is not None and made is not None and made >= self.limit


def asked(request: ResponseRequest, plan: TextPlan, given: JsonObject, prediction: Prediction) -> About:
    """What the response to a request says of it."""
    echoed: JsonObject = {
        "background": request.background is True,
        "instructions": request.instructions,
        "max_output_tokens": request.max_output_tokens,
        "metadata": {**(request.metadata or {})},
        "previous_response_id": request.previous_response_id,
        "temperature": request.temperature,
        "tools": [*(request.tools or [])],
        "top_p": request.top_p,
    }
    if request.text is not None:
        echoed["text"] = {"format": {"type": "text"}, **request.text}
    if request.tool_choice is not None:
        echoed["tool_choice"] = request.tool_choice
    limit = request.max_output_tokens if plan.takes("max_tokens") is not None else None
    name = response_id(prediction, instructed=request.instructions is not None)
    return About(name, plan, _characters(given, plan), limit, echoed)


def stored(response: str, plan: TextPlan, prediction: Prediction) -> About:
    """What a response that is looked at says of what was asked: what its input tells."""
    found = jsontext.loads(prediction.input or "null")
    given = found if isinstance(found, dict) else {}
    echoed: JsonObject = {}
    for option, name in (("max_tokens", "max_output_tokens"), ("temperature", "temperature"), ("top_p", "top_p")):
        taken = plan.takes(option)
        if taken is not None and isinstance(value := given.get(taken), (int, float)):
            echoed[name] = value
    messages = given.get("messages")
    if is_instructed(response) and isinstance(messages, list) and messages and isinstance(messages[0], dict):
        echoed["instructions"] = messages[0].get("content")
    limit = echoed.get("max_output_tokens")
    return About(response, plan, _characters(given, plan), limit if isinstance(limit, int) else None, echoed)


def item(prediction: Prediction, text: str, status: str) -> JsonObject:
    """The message that a text is."""
    return {**opened(prediction), "status": status, "content": [part(text)]}


def opened(prediction: Prediction) -> JsonObject:
    """A message before anything is in it."""
    return {
        "id": f"msg_{prediction.id}",
        "type": "message",
        "role": "assistant",
        "status": "in_progress",
        "content": [],
    }


def part(text: str) -> JsonObject:
    """A text as the part of a message."""
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _usage(prediction: Prediction, asked: int, answered: int) -> JsonObject:
    used = usage(prediction, asked, answered)
    return {
        "input_tokens": used.input_tokens,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": used.output_tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": used.total,
        **used.mark,
    }


def _characters(given: JsonObject, plan: TextPlan) -> int:
    """How many there are in the texts that a model was given."""
    texts: list[JsonValue] = [given.get(name) for name in (plan.field.name, *SYSTEM)]
    messages = texts[0] if isinstance(texts[0], list) else []
    texts.extend(one.get("content") for one in messages if isinstance(one, dict))
    return sum(len(one) for one in texts if isinstance(one, str))
