"""What the chaos happens to: a server with models, and where each run of a model leaves its mark.

Every input carries a token of its own, so that an output that belongs to another input is seen.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.support import publishing
from tests.support.server import Server

MARK = """
import os
def mark(token: str) -> None:
    # One write of a short line: never torn, whatever is killed.
    with open({runs!r}, "ab", buffering=0) as runs:
        runs.write(token.encode() + b"\\n")
"""
ECHO = """
def predict(token: str) -> str:
    mark(token)
    print("echo", token)
    return token
"""
SLOW = """
import time
def predict(token: str, seconds: float) -> str:
    mark(token)
    time.sleep(seconds)
    return token
"""
SPEAKER = """
import time
from typing import Iterator
def predict(token: str, count: int, pause: float) -> Iterator[str]:
    mark(token)
    for number in range(count):
        yield f"{token} {number}"
        time.sleep(pause)
"""
TOGETHER = """
import asyncio
async def predict(token: str, seconds: float) -> str:
    mark(token)
    await asyncio.sleep(seconds)
    print("together", token)
    return token
"""
FRAGILE = """
import os, signal
def predict(token: str, how: str) -> str:
    mark(token)
    if how == "raise":
        raise ValueError(token)
    if how == "exit":
        os._exit(3)
    if how == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    return token
"""


@dataclass
class Scene:
    """A server, its models, and the file that each run appends its token to."""

    server: Server
    folder: Path

    @property
    def runs_path(self) -> Path:
        """Where each run leaves its token."""
        return self.folder / "runs"

    def publish(self) -> None:
        """Publish all models."""
        mark = MARK.format(runs=str(self.runs_path))
        client = publishing.Client(self.server, self.folder)
        client.publish("echo", mark + ECHO)
        client.publish("slow", mark + SLOW, "workers = {min = 0, max = 2}")
        client.publish("speaker", mark + SPEAKER)
        client.publish("together", mark + TOGETHER, "concurrency = 4")
        client.publish("fragile", mark + FRAGILE)
        client.close()

    def runs(self) -> Counter[str]:
        """How often each token was run."""
        return Counter(self.runs_path.read_text().split()) if self.runs_path.exists() else Counter()
