"""The body of a request for a message: its fields, and the options that a model may take of them.

    body -> MessagesBody -> options by the names that `texts` knows;    tools -> as functions, as models know them

Knows nothing about answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, cast

from pydantic import BaseModel, Field, StringConstraints

from augury.compat.anthropic.conversation import MessageBody
from augury.compat.failures import Unsupported
from augury.compat.stops import LONGEST
from augury.compat.texts import TextPlan
from augury.domain.errors import InvalidRequest
from augury.domain.jsontext import JsonObject, JsonValue
from augury.http import problems

HONOURED = frozenset(
    ("model", "messages", "system", "max_tokens", "stop_sequences", "stream", "temperature", "top_p", "top_k")
) | frozenset(("tools", "tool_choice", "thinking", "output_config"))
"""The fields that mean something here; of the others it is said that they were ignored."""
REFUSED = ("container", "mcp_servers")
"""Fields without which the answer would not be what was asked for, and that nothing here can honour."""
_NEEDED = {"thinking": "thinking", "tools": "tools", "tool_choice": "tool_choice", "response_format": "output_config"}
MOST_STOPS = 100
_CHOICES = {"auto": "auto", "any": "required", "none": "none"}


Stop = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST)]


class CountBody(BaseModel):
    """A conversation whose tokens are counted."""

    model: str
    messages: list[MessageBody] = Field(min_length=1)
    system: Any = None
    tools: list[dict[str, Any]] | None = None


class MessagesBody(CountBody):
    """What a message is asked for with."""

    max_tokens: int = Field(ge=1)
    stop_sequences: list[Stop] | None = Field(default=None, max_length=MOST_STOPS)
    stream: bool | None = None
    temperature: float | None = Field(default=None, ge=0)
    top_p: float | None = Field(default=None, ge=0, le=1)
    top_k: int | None = Field(default=None, ge=0)
    tool_choice: dict[str, Any] | None = None
    thinking: dict[str, Any] | None = None
    output_config: dict[str, Any] | None = None


def options(body: MessagesBody, given: JsonObject, plan: TextPlan) -> Mapping[str, JsonValue]:
    """What a model is given besides the conversation; raises InvalidRequest, and Unsupported for what it has no input.

    `given` is the body as it was sent.
    """
    for name in REFUSED:
        if given.get(name):
            raise Unsupported(name, "Nothing here can honour it.")
    found: dict[str, JsonValue] = {
        "max_tokens": body.max_tokens,
        "temperature": body.temperature,
        "top_p": body.top_p,
        "top_k": body.top_k,
        "stop": plan.stop(body.stop_sequences or ()),
        "thinking": None if (body.thinking or {}).get("type") == "disabled" else body.thinking,
        "tools": [_tool(one, number) for number, one in enumerate(body.tools)] if body.tools else None,
        "tool_choice": _choice(body.tool_choice) if body.tools else None,
        "response_format": _format(body.output_config),
    }
    if found["tool_choice"] == "none" and plan.takes("tools") is None:
        # Tools that are not to be used are none.
        found["tools"] = found["tool_choice"] = None
    for name, field in _NEEDED.items():
        if found[name] is not None and plan.takes(name) is None:
            raise Unsupported(field, f"This model has no input for {name}.")
    return found


def _tool(tool: dict[str, Any], number: int) -> JsonObject:
    place = ("body", "tools", number)
    kind = tool.get("type")
    if kind not in (None, "custom"):
        raise Unsupported(f"tools.{number}", f"There are no tools of type {str(kind)[:64]} here.")
    name, schema = tool.get("name"), tool.get("input_schema")
    if not isinstance(name, str):
        raise _wrong(*place, "name", msg="Input should be a text", type="string_type", found=name)
    if not isinstance(schema, dict):
        raise _wrong(*place, "input_schema", msg="Input should be an object", type="dict_type", found=schema)
    function: JsonObject = {"name": name, "parameters": cast("JsonObject", schema)}
    if isinstance(description := tool.get("description"), str):
        function["description"] = description
    return {"type": "function", "function": function}


def _choice(choice: dict[str, Any] | None) -> JsonValue:
    if choice is None:
        return None
    kind, name = choice.get("type"), choice.get("name")
    if kind == "tool" and isinstance(name, str):
        return {"type": "function", "function": {"name": name}}
    if kind not in _CHOICES:
        msg = "Input should be auto, any, none, or tool with a name"
        raise _wrong("body", "tool_choice", "type", msg=msg, type="enum", found=kind)
    return _CHOICES[kind]


def _format(config: dict[str, Any] | None) -> JsonValue:
    wanted = (config or {}).get("format")
    if wanted is None:
        return None
    form = cast("JsonObject", wanted) if isinstance(wanted, dict) else {}
    if form.get("type") != "json_schema" or not isinstance(form.get("schema"), dict):
        msg = "Input should be a json_schema with its schema"
        raise _wrong("body", "output_config", "format", msg=msg, type="enum", found=wanted)
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": form["schema"]}}


def _wrong(*place: str | int, msg: str, type: str, found: Any) -> InvalidRequest:
    return InvalidRequest.at(*place, msg=msg, type=type, input=problems.shown(found))
