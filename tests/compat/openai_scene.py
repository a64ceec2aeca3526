"""A server with models that OpenAI's clients call, and the official Python client for it.

    with scene(folder) as there: there.client(), there.names["script"], there.stranger()

`script` does what its prompt says, as JSON: `steps` write one. Knows no endpoint.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Generator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import openai

from tests.support.publishing import Client as Owner
from tests.support.server import Server, running
from tests.support.signals import until

Json = dict[str, Any]

SCRIPT = """
import json, os, threading
from augury import TextStream, metric


def predict(prompt: str) -> TextStream:
    never = threading.Event()
    for step in json.loads(prompt):
        if isinstance(step, str):
            yield step
            continue
        (word, value), = step.items()
        if word == "fail":
            raise RuntimeError(value)
        if word == "metric":
            metric(*value)
        while word == "wait" and not os.path.exists(value):
            never.wait(0.005)
"""
"""A stream of text that its prompt tells: pieces, and what is done between them."""

WHOLE = """
def predict(prompt: str, system_prompt: str = "") -> str:
    return f"[{system_prompt}] {prompt}" if system_prompt else prompt
"""
"""Gives back its prompt, in one piece."""

TALK = """
import json
from typing import Any, Optional


def predict(
    messages: list[dict],
    max_tokens: int = 100,
    temperature: float = 1.0,
    top_p: float = 1.0,
    seed: Optional[int] = None,
    stop: Optional[list[str]] = None,
    frequency_penalty: float = 0.0,
    presence_penalty: float = 0.0,
    tools: Optional[list[dict]] = None,
    tool_choice: Any = None,
    response_format: Optional[dict] = None,
) -> str:
    return json.dumps({name: value for name, value in locals().items()})
"""
"""Says which input it got."""

CHUNKS = """
from typing import Any, Iterator


def predict(messages: list, stream: bool = False, tools: Any = None) -> Iterator[dict]:
    same = {"id": "chatcmpl-own", "object": "chat.completion.chunk", "created": 1, "model": "own"}
    for number, piece in enumerate(("native ", messages[-1]["content"])):
        delta = {"content": piece} if number else {"role": "assistant", "content": piece}
        yield {**same, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    yield {**same, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
"""
"""A native model that streams."""

ANSWER = """
def predict(messages: list, n: int = 1) -> dict:
    message = {"role": "assistant", "content": "whole " + messages[-1]["content"]}
    choices = [{"index": i, "message": message, "finish_reason": "stop", "logprobs": None} for i in range(n)]
    return {
        "id": "chatcmpl-own",
        "object": "chat.completion",
        "created": 1,
        "model": "own",
        "choices": choices,
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
    }
"""
"""A native model that answers in one piece."""

ADD = """
def predict(a: int, b: int) -> int:
    return a + b
"""
"""Offers none of the endpoints."""

COUNTING = """
from augury import TextStream, metric


def predict(prompt: str, max_tokens: int = 5) -> TextStream:
    for number in range(min(max_tokens, 5)):
        yield f"{number} "
    metric("output_tokens", min(max_tokens, 5))
"""
"""Says up to five numbers, each a token."""

_NATIVE = "compatibilities = { openai_chat_completions = true }"
MODELS = {
    "script": SCRIPT,
    "whole": WHOLE,
    "talk": TALK,
    "chunks": CHUNKS,
    "answer": ANSWER,
    "add": ADD,
    "counting": COUNTING,
}
NATIVE: dict[str, str] = dict.fromkeys(("chunks", "answer"), _NATIVE)


@dataclass(frozen=True)
class Scene:
    """The server, who owns its models, and what their versions are called."""

    server: Server
    owner: Owner
    names: dict[str, str] = field(default_factory=dict[str, str])
    """By model, owner/name:N."""
    _numbers: Any = field(default_factory=itertools.count)

    def base(self, second: bool = False) -> str:
        """What a client is given instead of OpenAI's address."""
        return f"{self.server.url}/openai/v1" if second else f"{self.server.url}/v1"

    def client(self, token: str | None = None, second: bool = False, **options: Any) -> openai.OpenAI:
        """The official client, with the owner's token where none is given; what fails is not tried again."""
        given: Json = {"max_retries": 0, "timeout": 25, **options}
        return openai.OpenAI(base_url=self.base(second), api_key=token or self.server.token, **given)

    def async_client(self, token: str | None = None, **options: Any) -> openai.AsyncOpenAI:
        """The same, async."""
        given: Json = {"max_retries": 0, "timeout": 25, **options}
        return openai.AsyncOpenAI(base_url=self.base(), api_key=token or self.server.token, **given)

    def stranger(self, *scopes: str) -> str:
        """The token of somebody else."""
        name = f"stranger{next(self._numbers)}"
        made = self.owner.http.post("/users", json={"name": name})
        assert made.is_success, made.text
        new = {"name": name, "account": name, "scopes": list(scopes or ("predict",))}
        token = self.owner.http.post("/tokens", json=new)
        assert token.is_success, token.text
        return token.json()["token"]

    def newest(self) -> Json:
        """The owner's prediction that was created last."""
        items = self.owner.http.get("/predictions", params={"page_size": 1}).json()["items"]
        return self.owner.get(items[0]["id"])

    def count(self) -> int:
        """How many predictions the script's model has had."""
        return self.owner.http.get("/models/owner/script").json()["predictions_count"]

    def ends(self, status: str, prediction_id: str | None = None, deadline: float = 5) -> Json:
        """The prediction, or the newest one, once it is in this state."""

        def look() -> Json | None:
            found = self.newest() if prediction_id is None else self.owner.get(prediction_id)
            return found if found["status"] == status else None

        found = until(look, f"it is {status}", deadline=deadline)
        assert found is not None
        return found


AnyScene = TypeVar("AnyScene", bound=Scene)


def steps(*said: str | Json) -> str:
    """A prompt for `script`: pieces of text, {"wait": path}, {"fail": words}, {"metric": [name, value]}."""
    return json.dumps(said)


def asked(*said: str | Json) -> list[Any]:
    """Messages whose only one is such a prompt."""
    return [{"role": "user", "content": steps(*said)}]


@contextmanager
def serving(
    kind: Callable[[Server, Owner], AnyScene],
    folder: Path,
    models: Mapping[str, str],
    natives: Mapping[str, str],
    settings: Mapping[str, str],
) -> Generator[AnyScene]:
    """A server with these models, whose workers stay warm; `natives` are lines of options by model."""
    given: dict[str, str] = {"max_workers": "8", "cancel_grace": "1", **settings}
    with running(folder, **given) as server, closing(Owner(server, folder)) as owner:
        there = kind(server, owner)
        for name, source in models.items():
            options = "\n".join(["idle_timeout = 600", natives.get(name, "")])
            there.names[name] = owner.publish(name, source, options)
        yield there


@contextmanager
def scene(folder: Path, *names: str, **settings: str) -> Generator[Scene]:
    """A server on which the models of these names are published, or all of them."""
    with serving(Scene, folder, {name: MODELS[name] for name in names or MODELS}, NATIVE, settings) as there:
        yield there
