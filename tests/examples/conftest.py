"""One server for all the example models, and a way to publish one and ask it, as a user would."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from wriftai import Client
from wriftai.predictions import PredictionWithDetails

from tests.support.signals import until

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


@dataclass
class Examples:
    """The example models on a running server; each is published when it is first asked."""

    url: str
    token: str
    references: dict[str, str] = field(default_factory=dict[str, str])

    def ask(self, path: str, **values: Any) -> PredictionWithDetails:
        """The finished prediction of the example at `path` (in examples/) on these inputs."""
        client = Client(access_token=self.token, api_base_url=f"{self.url}/v1", max_retries=0)
        return client.predictions.create(model=self.reference(path), input=values, wait=True)

    def answer(self, path: str, **values: Any) -> Any:
        """Its output; fails where it did not succeed."""
        prediction = self.ask(path, **values)
        assert prediction["status"] == "succeeded", prediction["error"]
        return prediction["output"]

    def reference(self, path: str) -> str:
        if path not in self.references:
            self.references[path] = self.augury("push", f"examples/{path}", Path(path).stem).strip()
        return self.references[path]

    def augury(self, *arguments: str) -> str:
        """What a command prints on stdout; fails with what it says on stderr."""
        done = subprocess.run(
            [BIN / "augury", *arguments], cwd=ROOT, env=self.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @property
    def environment(self) -> dict[str, str]:
        return clean_environment() | {"AUGURY_URL": self.url, "AUGURY_TOKEN": self.token}


@pytest.fixture(scope="session")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Generator[Examples]:
    """A server of its own, on a new data folder."""
    folder = tmp_path_factory.mktemp("examples")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [BIN / "augury", "serve", "--host", "127.0.0.1", "--port", str(port), "--data", folder / "data"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=clean_environment())
    try:
        until(lambda: process.poll() is not None or is_ready(url), "the server is ready")
        assert process.poll() is None, (folder / "log").read_text()
        yield Examples(url, (folder / "data" / "token").read_text().strip())
    finally:
        process.terminate()
        process.wait(40)
    assert process.returncode == 0, (folder / "log").read_text()


@pytest.fixture(scope="session")
def ask(examples: Examples) -> Callable[..., PredictionWithDetails]:
    return examples.ask


@pytest.fixture(scope="session")
def answer(examples: Examples) -> Callable[..., Any]:
    return examples.answer


def is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz").status_code == 200
    except httpx.TransportError:
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("AUGURY_")}
