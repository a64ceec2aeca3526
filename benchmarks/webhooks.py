"""(g) Webhooks: how soon the first attempt comes, beside a receiver that hangs too, and what queued deliveries cost."""

from __future__ import annotations

import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks import load, servers
from benchmarks.overhead import ECHO

PREDICTIONS = 150
SECONDS = 5
OTHERS = 10
PAUSE = 0.020
"""Connections that create what is not measured, and the seconds each rests: over 330 a second, with three deliveries
each."""


@dataclass(frozen=True)
class Webhooks:
    """Times in seconds, rates a second."""

    first_p50: float
    first_p99: float
    beside_p50: float
    beside_p99: float
    plain: float
    """Creates with nothing else going on."""
    beside_plain: float
    """Creates while other predictions run beside them."""
    beside_queue: float
    """Creates while the same other predictions queue deliveries."""
    queued: float


def run() -> Webhooks:
    """Measure one after the other on one server."""
    with (
        tempfile.TemporaryDirectory() as folder,
        servers.augury(Path(folder) / "data") as ours,
        servers.receiver(Path(folder)) as quick,
        servers.receiver(Path(folder)) as hanging,
    ):
        ours.push(ECHO, "echo")
        with httpx.Client(headers=ours.headers(), timeout=30) as client:
            first = _deliver(client, ours.url, quick, None)
            beside = _deliver(client, ours.url, quick, f"{hanging}/hang")
        headers = ours.headers()
        plain = _creates(ours, headers)
        # In turn, for what else goes on in the machine changes with time.
        turns = [(_beside(ours, None), _beside(ours, f"{hanging}/hang")) for _ in range(5)]
        beside_plain = statistics.median(without[0] for without, _ in turns)
        beside_queue = statistics.median(queueing[0] for _, queueing in turns)
        queued = statistics.median(queueing[1] for _, queueing in turns) * 3
    return Webhooks(*_ends(first), *_ends(beside), plain, beside_plain, beside_queue, queued)


def _deliver(client: httpx.Client, url: str, quick: str, hanging: str | None) -> list[float]:
    """How late each delivery came to the quick receiver."""
    for _ in range(PREDICTIONS):
        for target in (hanging, quick):
            if target is not None:
                body = {"model": "owner/echo", "input": {"text": "hello"}, "webhook": {"url": target}}
                client.post(f"{url}/v1/predictions", json=body, headers={"Prefer": "wait=10"}).raise_for_status()
        time.sleep(0.01)
    time.sleep(1)
    late = httpx.get(f"{quick}/seen").json()
    if len(late) < PREDICTIONS:
        raise RuntimeError(f"{len(late)} deliveries came of at least {PREDICTIONS}")
    return sorted(late)


def _ends(late: list[float]) -> tuple[float, float]:
    return late[len(late) // 2], late[len(late) * 99 // 100]


def _creates(ours: servers.Augury, headers: dict[str, str]) -> float:
    body = {"model": "owner/echo", "input": {"text": "hello"}}
    return load.post(f"{ours.url}/v1/predictions", body, headers, connections=16, seconds=SECONDS).rate


def _beside(ours: servers.Augury, webhook: str | None) -> tuple[float, float]:
    """Creates a second while more connections create others; and how many of those a second."""
    body: dict[str, object] = {"model": "owner/echo", "input": {"text": "other"}}
    if webhook is not None:
        body["webhook"] = {"url": webhook}
    with ThreadPoolExecutor(1) as pool:
        url, headers = f"{ours.url}/v1/predictions", ours.headers()
        others = pool.submit(load.post, url, body, headers, connections=OTHERS, seconds=SECONDS, pause=PAUSE)
        rate = _creates(ours, headers)
        return rate, others.result().rate
