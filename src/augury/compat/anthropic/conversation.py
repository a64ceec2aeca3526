"""A request's system prompt and messages, checked, as turns of plain roles and texts.

    system, messages -> [Turn("system", ...), Turn("user", ...), ...]

What was said one after the other by the same side is one turn. Uses of tools become what models that take messages
know: `tool_calls`, and turns of the role tool. Knows nothing about how a model is given them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, cast

from pydantic import BaseModel

from augury.compat.texts import Turn
from augury.domain import jsontext
from augury.domain.errors import InvalidRequest
from augury.domain.jsontext import JsonObject, JsonValue
from augury.http import problems

BETWEEN = "\n\n"
"""What is between two texts that are put together."""
_PASSED_OVER = frozenset(("thinking", "redacted_thinking"))
"""What a model has thought before is not said again."""
Place = tuple[str | int, ...]


class MessageBody(BaseModel):
    """One message; its content is checked here, where its place can be named as clients write it."""

    role: Literal["user", "assistant", "system"]
    content: Any


def turns(system: Any, messages: Sequence[MessageBody], *, tools: bool) -> list[Turn]:
    """The conversation; raises InvalidRequest for what is no text, and for uses of tools unless `tools` can be."""
    said: list[Turn] = []
    if system is not None:
        said.append(Turn("system", _text(system, ("body", "system"))))
    for number, message in enumerate(messages):
        for turn in _of_message(message, ("body", "messages", number, "content"), tools):
            last = said[-1] if said else None
            if last is not None and last.role == turn.role and not last.extra and not turn.extra:
                said[-1] = Turn(turn.role, BETWEEN.join(one for one in (last.text, turn.text) if one))
            else:
                said.append(turn)
    return said


def characters(said: Sequence[Turn]) -> int:
    """How long the texts are together."""
    return sum(len(one.text) for one in said)


def _of_message(message: MessageBody, place: Place, tools: bool) -> Iterator[Turn]:
    """A message's turns, in its order: results of tools are turns of their own."""
    texts: list[str] = []
    calls: list[JsonValue] = []
    for one, block, kind in _blocks(message.content, place):
        if kind == "text":
            texts.append(_text_of(block, one))
        elif kind == "tool_use" and tools and message.role == "assistant":
            calls.append(_call(block, one))
        elif kind == "tool_result" and tools and message.role == "user":
            if texts:
                yield Turn(message.role, BETWEEN.join(texts))
                texts = []
            yield Turn("tool", _text(block.get("content", ""), (*one, "content")), _answered(block, one))
        elif kind not in _PASSED_OVER:
            raise _no_text(kind, one)
    if texts or calls or not message.content:
        extra: JsonObject = {"tool_calls": calls} if calls else {}
        yield Turn(message.role, BETWEEN.join(texts), extra)


def _text(content: Any, place: Place) -> str:
    """The text of what may be texts only."""
    texts: list[str] = []
    for one, block, kind in _blocks(content, place):
        if kind != "text":
            raise _no_text(kind, one)
        texts.append(_text_of(block, one))
    return BETWEEN.join(texts)


def _blocks(content: Any, place: Place) -> Iterator[tuple[Place, JsonObject, str]]:
    """Each block of a content with its place and its type; a plain text is a block of it."""
    if isinstance(content, str):
        yield place, {"text": content}, "text"
        return
    if not isinstance(content, list):
        raise _wrong(place, "Input should be a text or a list of blocks", "list_type", content)
    for number, block in enumerate(cast("list[JsonValue]", content)):
        one = (*place, number)
        if not isinstance(block, dict):
            raise _wrong(one, "Input should be a block", "dict_type", block)
        kind = block.get("type")
        if not isinstance(kind, str):
            raise _wrong((*one, "type"), "Input should be the type of a block", "string_type", kind)
        yield one, block, kind


def _text_of(block: JsonObject, place: Place) -> str:
    return _string(block, "text", place)


def _string(block: JsonObject, name: str, place: Place) -> str:
    value = block.get(name)
    if not isinstance(value, str):
        raise _wrong((*place, name), "Input should be a text", "string_type", value)
    return value


def _call(block: JsonObject, place: Place) -> JsonObject:
    given = block.get("input")
    if not isinstance(given, dict):
        raise _wrong((*place, "input"), "Input should be an object", "dict_type", given)
    function: JsonObject = {"name": _string(block, "name", place), "arguments": jsontext.dumps(given)}
    return {"id": _string(block, "id", place), "type": "function", "function": function}


def _answered(block: JsonObject, place: Place) -> JsonObject:
    return {"tool_call_id": _string(block, "tool_use_id", place)}


def _no_text(kind: str, place: Place) -> InvalidRequest:
    msg = f"This model takes text only, and no blocks of type {kind[:64]}"
    return InvalidRequest.at(*place, msg=msg, type="unsupported_content", input=kind[:64])


def _wrong(place: Place, msg: str, type: str, found: Any) -> InvalidRequest:
    return InvalidRequest.at(*place, msg=msg, type=type, input=problems.shown(found))
