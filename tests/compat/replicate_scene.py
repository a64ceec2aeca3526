"""A server with models that Replicate's clients call, and the official Python client for it.

with scene(folder) as there: there.client(), there.ids["tell"], there.stranger()
"""

from __future__ import annotations

import itertools
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
from replicate.client import Client

from tests.support.publishing import Client as Owner
from tests.support.server import Server, running

SHOUT = """
from typing import Literal, Optional
from augury import Input


def predict(
    text: str = Input(description="What is shouted."),
    mood: Literal["calm", "wild"] = "calm",
    times: Optional[int] = Input(default=None, ge=1, lt=10),
) -> str:
    print("shouting", text)
    print("50%|#####     | 5/10 [00:01<00:01]")
    return text.upper() * (times or 1) + ("!" if mood == "wild" else "")
"""
TELL = """
from augury import TextStream


def predict(prompt: str) -> TextStream:
    for word in prompt.split(" "):
        yield word + " "
    if prompt.endswith("stop"):
        raise ValueError("it stopped")
"""
COUNT = """
from typing import Iterator


def predict(to: int) -> Iterator[int]:
    yield from range(to)
"""
DRAW = """
from pathlib import Path


def predict(text: str) -> Path:
    Path("drawn.txt").write_text("drawn " + text)
    return Path("drawn.txt")
"""
WEIGH = """
from typing import List
from augury import File


def predict(page: File, pages: List[File] = []) -> list:
    return [len(one.read_bytes()) for one in (page, *pages)]
"""
FAIL = """
def predict(why: str) -> str:
    print("about to fail")
    raise RuntimeError(why)
"""
LATCH = """
import os, threading


def predict(path: str) -> str:
    never = threading.Event()
    while not os.path.exists(path):
        never.wait(0.005)
    return "opened"
"""
DRIP = """
import os, threading
from typing import Iterator


def predict(path: str) -> Iterator[str]:
    yield "first"
    never = threading.Event()
    while not os.path.exists(path):
        never.wait(0.005)
    yield "second"
"""
MODELS = {
    "shout": SHOUT,
    "tell": TELL,
    "count": COUNT,
    "draw": DRAW,
    "weigh": WEIGH,
    "fail": FAIL,
    "latch": LATCH,
    "drip": DRIP,
}


@dataclass(frozen=True)
class Scene:
    """The server, who owns its models, and what their versions are called."""

    server: Server
    owner: Owner
    ids: dict[str, str] = field(default_factory=dict[str, str])
    """By model, the id of its version."""
    _made: list[Any] = field(default_factory=list[Any])
    _names: Any = field(default_factory=itertools.count)

    @property
    def base(self) -> str:
        """What a client is given instead of Replicate's address."""
        return f"{self.server.url}/replicate"

    def client(self, token: str | None = None, **options: Any) -> Client:
        """The official client, with the owner's token where none is given; it looks again after 10 ms."""
        client = Client(token or self.server.token, base_url=self.base, **options)
        client.poll_interval = 0.01
        self._made.append(client)
        return client

    async def close(self) -> None:
        """Let go of the connections of every client that was made, which cannot do that themselves."""
        for client in self._made:
            await client._async_client.aclose()
            client._client.close()
        self._made.clear()

    def stranger(self, scope: str = "admin") -> str:
        """The token of somebody else."""
        name = f"stranger{next(self._names)}"
        made = self.owner.http.post("/users", json={"name": name})
        assert made.is_success, made.text
        token = self.owner.http.post("/tokens", json={"name": name, "account": name, "scopes": [scope]})
        assert token.is_success, token.text
        return token.json()["token"]


@contextmanager
def scene(folder: Path, *names: str, **settings: str) -> Generator[Scene]:
    """A server on which the models of these names are published, or all of them; one worker each is kept warm."""
    with (
        running(folder, max_workers="8", cancel_grace="1", **settings) as server,
        closing(Owner(server, folder)) as owner,
    ):
        there = Scene(server, owner)
        for name in names or MODELS:
            owner.publish(name, MODELS[name], "idle_timeout = 600")
        client = there.client()
        for name in names or MODELS:
            found: Any = client.models.get(f"owner/{name}")
            there.ids[name] = found.latest_version.id
        anyio.run(there.close)
        yield there
