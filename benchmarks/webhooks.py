"""(g) Webhooks: how soon the first attempt comes, beside a receiver that hangs too, and what queued deliveries cost."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks import load, servers
from benchmarks.overhead import ECHO

PREDICTIONS = 150
BESIDE = 340
"""Predictions a second that queue their deliveries beside what is measured: about three each."""


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
        with _others(ours, None):
            beside_plain = _creates(ours, headers)
        with _others(ours, f"{hanging}/hang") as made:
            began = time.perf_counter()
            beside_queue = _creates(ours, headers)
            queued = made[0] * 3 / (time.perf_counter() - began)
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
    return load.post(f"{ours.url}/v1/predictions", body, headers, connections=16, seconds=6).rate


@contextmanager
def _others(ours: servers.Augury, webhook: str | None) -> Generator[list[int]]:
    """Create predictions beside what goes on inside, at a steady rate; gives how many so far."""
    stop = threading.Event()
    made = [0]
    body = {"model": "owner/echo", "input": {"text": "other"}}
    if webhook is not None:
        body["webhook"] = {"url": webhook}

    def create() -> None:
        with httpx.Client(headers=ours.headers(), timeout=30) as client:
            began = time.perf_counter()
            while not stop.is_set():
                client.post(f"{ours.url}/v1/predictions", json=body).raise_for_status()
                made[0] += 1
                time.sleep(max(0.0, began + made[0] / BESIDE - time.perf_counter()))

    thread = threading.Thread(target=create)
    thread.start()
    try:
        yield made
    finally:
        stop.set()
        thread.join()
