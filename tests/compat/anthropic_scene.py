"""A server with models that Anthropic's clients call, and the official Python client for it.

    with scene(folder) as there: there.client().messages.create(model="owner/script", ...)

Models that give text are those of openai_scene; natives speak Anthropic's own language. Knows no endpoint.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anthropic

from tests.compat.openai_scene import ADD, SCRIPT, TALK, WHOLE, Json, serving, steps
from tests.compat.openai_scene import Scene as Base

THINK = """
import json
from typing import Optional


def predict(messages: list[dict], thinking: Optional[dict] = None, top_k: int = 0) -> str:
    return json.dumps([thinking, top_k])
"""
"""Takes thinking, and says so."""

EVENTS = """
import json
from typing import Any, Iterator, Optional


def predict(
    messages: list, max_tokens: int, system: Any = None, stream: bool = False, tools: Any = None,
    temperature: Optional[float] = None
) -> Iterator[dict]:
    message = {"id": "msg_own", "type": "message", "role": "assistant", "model": "own", "content": []}
    used = {"input_tokens": 5, "output_tokens": 1}
    yield {"type": "message_start", "message": {**message, "stop_reason": None, "stop_sequence": None, "usage": used}}
    yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    for piece in ("native ", messages[-1]["content"]):
        if piece == "stop":
            raise ValueError("it stopped")
        yield {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
    yield {"type": "content_block_stop", "index": 0}
    use = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}
    yield {"type": "content_block_start", "index": 1, "content_block": use}
    for piece in ('{"at": ', '"sea"}'):
        delta = {"type": "input_json_delta", "partial_json": piece}
        yield {"type": "content_block_delta", "index": 1, "delta": delta}
    yield {"type": "content_block_stop", "index": 1}
    delta = {"stop_reason": "tool_use", "stop_sequence": None}
    yield {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 7}}
    yield {"type": "message_stop"}
"""
"""A native model that streams."""

MESSAGE = """
def predict(messages: list, max_tokens: int) -> dict:
    said = messages[-1]["content"]
    if said == "nonsense":
        return {"nothing": "of the kind"}
    use = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"at": "sea"}}
    return {
        "id": "msg_own",
        "type": "message",
        "role": "assistant",
        "model": "own",
        "content": [{"type": "text", "text": "whole " + said}, use],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {"input_tokens": 5, "output_tokens": 7},
    }
"""
"""A native model that answers in one piece."""

_NATIVE = "compatibilities = { anthropic_messages = true }"
MODELS = {
    "script": SCRIPT,
    "whole": WHOLE,
    "talk": TALK,
    "think": THINK,
    "add": ADD,
    "events": EVENTS,
    "message": MESSAGE,
}
NATIVE: dict[str, str] = dict.fromkeys(("events", "message"), _NATIVE)
OPTIONS: Json = {"max_retries": 0, "timeout": 25}


@dataclass(frozen=True)
class Scene(Base):
    """The server, who owns its models, and clients; what fails is not tried again."""

    # What is asked for is a dictionary, from which no signature of the clients' methods can be told: hence Any.

    def anthropic(self, token: str | None = None, **options: Any) -> Any:
        """The official client, with the owner's token where none is given."""
        given: Json = {**OPTIONS, "api_key": token or self.server.token, **options}
        return anthropic.Anthropic(base_url=self.server.url, **given)

    def async_anthropic(self) -> Any:
        """The same, async."""
        return anthropic.AsyncAnthropic(base_url=self.server.url, api_key=self.server.token, **OPTIONS)


def asked(*said: str | Json, model: str = "owner/script", **more: Any) -> Json:
    """What a message of the model `script` is asked for with, by steps of openai_scene."""
    return {"model": model, "max_tokens": 100, "messages": [{"role": "user", "content": steps(*said)}], **more}


def talk(*content: Any, model: str = "owner/talk", **more: Any) -> Json:
    """What another model's message is asked for with: one from the user, or these."""
    messages: list[Any] = [one if isinstance(one, dict) else {"role": "user", "content": one} for one in content]
    return {"model": model, "max_tokens": 100, "messages": messages, **more}


@contextmanager
def scene(folder: Path, *names: str, **settings: str) -> Generator[Scene]:
    """A server on which the models of these names are published, or all of them."""
    with serving(Scene, folder, {name: MODELS[name] for name in names or MODELS}, NATIVE, settings) as there:
        yield there
