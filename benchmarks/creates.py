"""(d) Creating without waiting: how many predictions a second are accepted and stored, and run in the end."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks import load, servers
from benchmarks.load import Load
from benchmarks.overhead import ECHO


@dataclass(frozen=True)
class Creates:
    """The load, and how many seconds after it the last of them had ended."""

    load: Load
    caught_up_after: float


def run(connections: int = 16, seconds: int = 5) -> Creates:
    """Create as fast as it goes, then wait until the queue is empty."""
    with tempfile.TemporaryDirectory() as folder, servers.augury(Path(folder) / "data") as ours:
        ours.push(ECHO, "echo")
        body = {"model": "owner/echo", "input": {"text": "hello"}}
        seen = load.post(f"{ours.url}/v1/predictions", body, ours.headers(), connections=connections, seconds=seconds)
        began = time.perf_counter()
        active = "&".join(f"statuses={one}" for one in ("pending", "starting", "started"))
        with httpx.Client(headers=ours.headers(), timeout=30) as client:
            while client.get(f"{ours.url}/v1/predictions?{active}").json()["items"]:
                time.sleep(0.01)
        return Creates(seen, time.perf_counter() - began)
