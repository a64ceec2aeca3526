"""The example models on a server of their own, published and asked as a user would: by the command line and the client.

Knows nothing about what the models answer.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
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
    client: Client
    data: Path
    references: dict[str, str] = field(default_factory=dict[str, str])

    def ask(self, path: str, **values: Any) -> PredictionWithDetails:
        """The finished prediction of the example at `path` (in examples/) on these inputs."""
        return self.client.predictions.create(model=self.reference(path), input=values, wait=True)

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

    def shell(self, line: str) -> str:
        """What a line prints in a shell where `augury` is the installed command."""
        path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
        command = ["bash", "-euo", "pipefail", "-c", line]
        done = subprocess.run(command, cwd=ROOT, env=self.environment | {"PATH": path}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @property
    def owner(self) -> str:
        """The account that the token belongs to."""
        return self.client.authenticated_user.get()["name"]

    @property
    def environment(self) -> dict[str, str]:
        # With the server's folder, what a push checks in is what the server then runs in, and nothing is left at home.
        ours = {"AUGURY_URL": self.url, "AUGURY_TOKEN": self.token, "AUGURY_DATA": str(self.data)}
        return clean_environment() | ours


@contextmanager
def running(folder: Path) -> Generator[Examples]:
    """A server with its data and its log in `folder`; it has to stop in order when told to."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [BIN / "augury", "serve", "--host", "127.0.0.1", "--port", str(port), "--data", folder / "data"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=clean_environment())
    try:
        with httpx.Client(timeout=120) as http:
            until(lambda: process.poll() is not None or is_ready(http, url), "the server is ready", deadline=30)
            assert process.poll() is None, (folder / "log").read_text()
            token = (folder / "data" / "token").read_text().strip()
            yield Examples(url, token, Client(token, f"{url}/v1", http_client=http, max_retries=0), folder / "data")
    finally:
        process.terminate()
        process.wait(40)
    assert process.returncode == 0, (folder / "log").read_text()


def is_ready(http: httpx.Client, url: str) -> bool:
    try:
        return http.get(f"{url}/readyz").status_code == 200
    except httpx.TransportError:
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("AUGURY_")}
