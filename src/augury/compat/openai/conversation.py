"""What a chat completion asks of a model that is adapted: its messages as turns, its parameters as options.

    body -> ChatRequest -> turns(), options();  what cannot be honoured is refused by name

Knows nothing about models and answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, Field

from augury.compat.failures import Unsupported
from augury.compat.stops import LONGEST
from augury.compat.texts import TextPlan, Turn
from augury.domain.errors import InvalidRequest
from augury.domain.jsontext import JsonValue
from augury.http import problems

MOST_CHOICES = 128
MOST_STOPS = 4
_ROLES: Mapping[str, str] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}
_TEXTS = {"text": "text", "refusal": "refusal"}
"""The kinds of parts that are text, and the field that it is in."""
_BESIDE = ("name", "tool_calls", "tool_call_id")
_Penalty = Annotated[float, Field(ge=-2, le=2)]
_Tokens = Annotated[int, Field(ge=1)]


class Message(BaseModel):
    """One message; what its content may be is looked at in `turns`."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Any = None
    name: str | None = None
    tool_calls: list[dict[str, Any]] | None = None
    tool_call_id: str | None = None


class StreamOptions(BaseModel):
    """How a stream is to be."""

    include_usage: bool | None = None
    include_obfuscation: bool | None = None


class ChatRequest(BaseModel):
    """What of a body matters; other fields are ignored."""

    model: str
    messages: Annotated[list[Message], Field(min_length=1)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: Annotated[int, Field(ge=1, le=MOST_CHOICES)] | None = None
    max_tokens: _Tokens | None = None
    max_completion_tokens: _Tokens | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    presence_penalty: _Penalty | None = None
    frequency_penalty: _Penalty | None = None
    seed: int | None = None
    stop: Any = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: Any = None
    response_format: dict[str, Any] | None = None
    # What changes an answer into one that text models do not give.
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    logit_bias: dict[str, Any] | None = None
    modalities: list[str] | None = None
    audio: Any = None
    functions: Any = None
    function_call: Any = None
    web_search_options: Any = None

    @property
    def most_tokens(self) -> int | None:
        """How long the answer may be."""
        return self.max_tokens if self.max_completion_tokens is None else self.max_completion_tokens

    @property
    def stops(self) -> tuple[str, ...]:
        """Where the answer ends; raises InvalidRequest."""
        found: Sequence[object] = [self.stop] if isinstance(self.stop, str) else _listed(self.stop)
        if len(found) > MOST_STOPS:
            msg = f"List should have at most {MOST_STOPS} items"
            raise InvalidRequest.at("body", "stop", msg=msg, type="too_long", max_length=MOST_STOPS)
        for one in found:
            if not isinstance(one, str) or not one:
                raise _wrong("Input should be text, or a list of texts, that are not empty", "stop", one)
            if len(one) > LONGEST:
                msg = f"A stop should have at most {LONGEST} characters"
                raise InvalidRequest.at("body", "stop", msg=msg, type="too_long", max_length=LONGEST)
        return tuple(str(one) for one in found)

    @property
    def with_usage(self) -> bool:
        """Whether the stream ends with the usage."""
        return self.stream_options is not None and self.stream_options.include_usage is True


def turns(messages: Sequence[Message]) -> list[Turn]:
    """The messages for a model; raises InvalidRequest, and Unsupported for parts that are no text."""
    return [_turn(place, one) for place, one in enumerate(messages)]


def options(request: ChatRequest, plan: TextPlan) -> dict[str, JsonValue]:
    """The parameters for a model, by the names of texts.NAMES; raises Unsupported."""
    _refuse(request)
    made: dict[str, JsonValue] = {
        "max_tokens": request.most_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "presence_penalty": request.presence_penalty,
        "frequency_penalty": request.frequency_penalty,
        "seed": request.seed,
        "tools": cast("JsonValue", request.tools),
        "tool_choice": request.tool_choice,
        "response_format": request.response_format,
    }
    idle = request.tool_choice == "none" or not request.tools
    for name, harmless in (
        ("tools", idle),
        ("tool_choice", idle and request.tool_choice in (None, "none", "auto")),
        ("response_format", (request.response_format or {}).get("type") == "text"),
    ):
        if harmless and plan.takes(name) is None:
            del made[name]
    return made


def _refuse(request: ChatRequest) -> None:
    """What nobody can make of a text."""
    asked: dict[str, bool] = {
        "logprobs": request.logprobs is True,
        "top_logprobs": bool(request.top_logprobs),
        "logit_bias": bool(request.logit_bias),
        "modalities": bool(set(request.modalities or ()) - {"text"}),
        "audio": request.audio is not None,
        "functions": bool(request.functions),
        "function_call": request.function_call not in (None, "none", "auto"),
        "web_search_options": request.web_search_options is not None,
    }
    for name, unwanted in asked.items():
        if unwanted:
            hint = "Use tools." if name.startswith("function") else None
            raise Unsupported(name, f"A model that answers with text cannot honour {name}.", hint)


def _turn(place: int, message: Message) -> Turn:
    content = message.content
    if isinstance(content, str):
        text = content
    elif content is None and message.role == "assistant":
        text = ""
    elif isinstance(content, list):
        parts = cast("list[object]", content)
        text = "\n".join(_part(part, place, number) for number, part in enumerate(parts))
    else:
        raise _wrong("Input should be text, or a list of parts", "messages", content, place, "content")
    beside: dict[str, JsonValue] = {}
    for name in _BESIDE:
        if (value := getattr(message, name)) is not None:
            beside[name] = value
    return Turn(_ROLES[message.role], text, beside)


def _part(part: object, place: int, number: int) -> str:
    where = (place, "content", number)
    found = cast("dict[str, object]", part if isinstance(part, dict) else {})
    kind = found.get("type")
    if not isinstance(kind, str):
        raise _wrong("Input should be a part: an object with a type", "messages", cast("object", part), *where)
    if kind not in _TEXTS:
        param = f"messages[{place}].content[{number}]"
        raise Unsupported(param, f"This model takes text, and no parts of the type {kind[:64]}.")
    text = found.get(_TEXTS[kind])
    if not isinstance(text, str):
        raise _wrong("Input should be text", "messages", text, *where, _TEXTS[kind])
    return text


def _listed(value: object) -> Sequence[object]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise _wrong("Input should be text, or a list of texts", "stop", value)
    return cast("list[object]", value)


def _wrong(msg: str, field: str, found: object, *loc: str | int) -> InvalidRequest:
    return InvalidRequest.at("body", field, *loc, msg=msg, type="invalid_type", input=problems.shown(found))
