"""(h) Recovery: how soon a server that was killed with a long queue serves again."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks import load, servers
from benchmarks.overhead import ECHO

SLOW = servers.HERE / "models" / "slow.py"
QUEUED = 10_000


@dataclass(frozen=True)
class Recovery:
    """Seconds from the start of the new process."""

    ready: float
    first_ended: float
    new_answered: float


def run() -> Recovery:
    """Queue, kill, start again."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        with servers.augury(data) as ours:
            ours.push(ECHO, "echo")
            ours.push(SLOW, "slow")
            headers = ours.headers()
            _fill(ours, headers)
            os.kill(ours.pid, signal.SIGKILL)
        began = time.perf_counter()
        with servers.augury(data) as ours, httpx.Client(headers=headers, timeout=60) as client:
            body = {"model": "owner/echo", "input": {"text": "hello"}}
            answered = client.post(f"{ours.url}/v1/predictions", json=body, headers={"Prefer": "wait=30"})
            answered.raise_for_status()
            new_answered = time.perf_counter() - began
            while not client.get(f"{ours.url}/v1/predictions?statuses=succeeded&page_size=100").json()["items"][1:]:
                time.sleep(0.01)
            return Recovery(ours.started_in, time.perf_counter() - began, new_answered)


def _fill(ours: servers.Augury, headers: dict[str, str]) -> None:
    """Queue at least so many behind one that takes long."""
    with httpx.Client(headers=headers, timeout=60) as client:
        made = client.post(f"{ours.url}/v1/predictions", json={"model": "owner/slow", "input": {"seconds": 600}})
        made.raise_for_status()
        count = 0
        body = {"model": "owner/slow", "input": {"seconds": 0.01}}
        while count < QUEUED:
            seen = load.post(f"{ours.url}/v1/predictions", body, headers, connections=16, seconds=1)
            count += int(seen.rate)
        # The one that takes long would be run again first.
        client.post(f"{ours.url}/v1/predictions/{made.json()['id']}/cancel").raise_for_status()
