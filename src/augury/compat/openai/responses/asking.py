"""What a response is asked for with: its items as turns, its parameters as options.

    body -> ResponseRequest -> turns(), options();  what cannot be honoured is refused by name

Models meet one shape of tools and formats, whatever the endpoint: that of chat completions. Knows nothing about
answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, Field

from augury.compat.failures import Unsupported
from augury.compat.texts import TextPlan, Turn
from augury.domain.errors import InvalidRequest
from augury.domain.jsontext import JsonObject, JsonValue
from augury.http import problems

NAMES = {"messages": "input", "max_tokens": "max_output_tokens", "response_format": "text.format"}
"""What options are called here that are called otherwise elsewhere."""
MOST_ITEMS = 10_000
_ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
_TEXTS = {"input_text": "text", "output_text": "text", "text": "text", "refusal": "refusal"}
"""The kinds of parts that are text, and the field that it is in."""
_PASSED_OVER = "reasoning"
"""What a model has thought before is not said again."""


class ResponseRequest(BaseModel):
    """What of a body matters; other fields are ignored."""

    model: str
    input: Any
    instructions: str | None = None
    max_output_tokens: Annotated[int, Field(ge=1)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    stream: bool | None = None
    background: bool | None = None
    store: bool | None = None
    previous_response_id: str | None = None
    text: dict[str, Any] | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: Any = None
    parallel_tool_calls: bool | None = None
    metadata: Annotated[dict[str, str], Field(max_length=16)] | None = None
    truncation: Literal["auto", "disabled"] | None = None
    # What changes an answer into one that text models do not give.
    reasoning: dict[str, Any] | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    conversation: Any = None
    prompt: Any = None

    @property
    def format(self) -> JsonObject | None:
        """How the text is to be; None: freely. Raises InvalidRequest."""
        found: JsonValue = (self.text or {}).get("format")
        if found is None or (isinstance(found, dict) and found.get("type") == "text"):
            return None
        if not isinstance(found, dict) or found.get("type") not in ("json_object", "json_schema"):
            raise _wrong(
                "Input should be a format of the type text, json_object or json_schema", found, "text", "format"
            )
        return found


USED = frozenset(ResponseRequest.model_fields) - {"truncation", "metadata", "parallel_tool_calls", "store"}
"""The fields that change what happens, where the model knows them."""


def turns(request: ResponseRequest, plan: TextPlan, before: Sequence[Turn] = ()) -> list[Turn]:
    """The whole conversation: `before` is what was said until the previous response.

    Raises InvalidRequest, and Unsupported for what the model cannot take.
    """
    made = [Turn("system", request.instructions)] if request.instructions is not None else []
    made.extend(before)
    if isinstance(request.input, str):
        made.append(Turn("user", request.input))
        return made
    items: JsonValue = request.input
    if not isinstance(items, list) or not 1 <= len(items) <= MOST_ITEMS:
        raise _wrong(f"Input should be text, or a list of 1 to {MOST_ITEMS} items", items, "input")
    with_tools = plan.field.many and plan.takes("tools") is not None
    for place, item in enumerate(items):
        turn = _turn(item, place, with_tools=with_tools)
        if turn is None:
            continue
        calls = turn.extra.get("tool_calls")
        if calls is not None and made and isinstance(so_far := made[-1].extra.get("tool_calls"), list):
            # What a model calls at once is one turn of it.
            made[-1] = Turn("assistant", made[-1].text, {"tool_calls": [*so_far, *cast("list[JsonValue]", calls)]})
        else:
            made.append(turn)
    return made


def options(request: ResponseRequest, plan: TextPlan) -> dict[str, JsonValue]:
    """The parameters for a model, by the names of texts.NAMES; raises InvalidRequest and Unsupported."""
    _refuse(request)
    made: dict[str, JsonValue] = {
        "max_tokens": request.max_output_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "response_format": _format(request.format),
    }
    if request.tools and (request.tool_choice != "none" or plan.takes("tools") is not None):
        made["tools"] = [_tool(one, place) for place, one in enumerate(request.tools)]
        made["tool_choice"] = _choice(request.tool_choice)
    return made


def _refuse(request: ResponseRequest) -> None:
    """What nobody can make of a text."""
    asked = {
        "reasoning": any(value is not None for value in (request.reasoning or {}).values()),
        "top_logprobs": bool(request.top_logprobs),
        "conversation": request.conversation is not None,
        "prompt": request.prompt is not None,
    }
    for name, unwanted in asked.items():
        if unwanted:
            hint = "Use previous_response_id." if name == "conversation" else None
            raise Unsupported(name, f"A model that answers with text cannot honour {name}.", hint)


def _turn(item: JsonValue, place: int, *, with_tools: bool) -> Turn | None:
    """One item; None where there is nothing to be said."""
    if not isinstance(item, dict):
        raise _wrong("Input should be an item: an object", item, "input", place)
    kind = item.get("type", "message")
    if kind == "message":
        role = item.get("role")
        if not isinstance(role, str) or role not in _ROLES:
            raise _wrong("Input should be user, assistant, system or developer", role, "input", place, "role")
        return Turn(_ROLES[role], _content(item.get("content"), ("input", place, "content")))
    if kind == _PASSED_OVER:
        return None
    if with_tools and kind == "function_call":
        function: JsonObject = {name: _field(item, name, place) for name in ("name", "arguments")}
        call: JsonObject = {"id": _field(item, "call_id", place), "type": "function", "function": function}
        return Turn("assistant", "", {"tool_calls": [call]})
    if with_tools and kind == "function_call_output":
        said = _content(item.get("output"), ("input", place, "output"))
        return Turn("tool", said, {"tool_call_id": _field(item, "call_id", place)})
    raise Unsupported(f"input[{place}]", f"This model takes messages of text, and no items of the type {kind}.")


def _content(content: JsonValue, place: tuple[str | int, ...]) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise _wrong("Input should be text, or a list of parts", content, *place)
    found: list[str] = []
    for number, part in enumerate(content):
        kind = part.get("type") if isinstance(part, dict) else None
        if not isinstance(part, dict) or not isinstance(kind, str):
            raise _wrong("Input should be a part: an object with a type", part, *place, number)
        if kind not in _TEXTS:
            param = f"{place[0]}[{place[1]}].{place[2]}[{number}]"
            raise Unsupported(param, f"This model takes text, and no parts of the type {kind[:64]}.")
        text = part.get(_TEXTS[kind])
        if not isinstance(text, str):
            raise _wrong("Input should be text", text, *place, number, _TEXTS[kind])
        found.append(text)
    return "\n".join(found)


def _field(item: Mapping[str, JsonValue], name: str, place: int) -> str:
    value = item.get(name)
    if not isinstance(value, str):
        raise _wrong("Input should be text", value, "input", place, name)
    return value


def _tool(tool: Mapping[str, JsonValue], place: int) -> JsonObject:
    if tool.get("type") != "function":
        kind = str(tool.get("type"))[:64]
        raise Unsupported(f"tools[{place}]", f"There are functions here, and no tools of the type {kind}.")
    if not isinstance(tool.get("name"), str):
        raise _wrong("Input should be text", tool.get("name"), "tools", place, "name")
    function: JsonObject = {
        name: tool[name] for name in ("name", "description", "parameters", "strict") if tool.get(name) is not None
    }
    return {"type": "function", "function": function}


def _choice(choice: JsonValue) -> JsonValue:
    if choice is None or choice in ("auto", "none", "required"):
        return choice
    if not isinstance(choice, dict) or choice.get("type") != "function" or not isinstance(choice.get("name"), str):
        msg = "Input should be auto, none, required, or a function by its name"
        raise _wrong(msg, choice, "tool_choice")
    return {"type": "function", "function": {"name": choice["name"]}}


def _format(wanted: JsonObject | None) -> JsonValue:
    if wanted is None or wanted["type"] == "json_object":
        return wanted
    schema: JsonObject = {name: wanted[name] for name in ("name", "schema", "strict", "description") if name in wanted}
    return {"type": "json_schema", "json_schema": schema}


def _wrong(msg: str, found: Any, *loc: str | int) -> InvalidRequest:
    return InvalidRequest.at("body", *loc, msg=msg, type="invalid_type", input=problems.shown(found))
