"""(b) Cold: how long until the first answer of a version without dependencies, and until the server is ready."""

from __future__ import annotations

import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks import servers
from benchmarks.overhead import ECHO


@dataclass(frozen=True)
class Cold:
    """Medians in seconds."""

    first_start: float
    """Server process to ready, on an empty folder."""
    later_start: float
    """The same on its folder of before."""
    push: float
    """`augury push`, its own process included."""
    first_answer: float
    """A held create of a version that no worker has yet."""
    worker_ready: float
    """Of that, until setup() was done."""
    second_answer: float


def run(rounds: int = 5) -> Cold:
    """Measure `rounds` cold versions on one server."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        with servers.augury(data) as ours:
            first_start = ours.started_in
        with servers.augury(data) as ours:
            pushes: list[float] = []
            firsts: list[float] = []
            setups: list[float] = []
            seconds: list[float] = []
            with httpx.Client(headers=ours.headers(Prefer="wait=30"), timeout=40) as client:
                for number in range(rounds):
                    pushes.append(ours.push(ECHO, f"echo-{number}"))
                    took, made = _answer(client, ours.url, f"owner/echo-{number}")
                    firsts.append(took)
                    setups.append(made["metrics"]["setup_time"])
                    seconds.append(_answer(client, ours.url, f"owner/echo-{number}")[0])
            return Cold(
                first_start, ours.started_in, *(statistics.median(one) for one in (pushes, firsts, setups, seconds))
            )


def _answer(client: httpx.Client, url: str, model: str) -> tuple[float, dict[str, dict[str, float]]]:
    began = time.perf_counter()
    answer = client.post(f"{url}/v1/predictions", json={"model": model, "input": {"text": "hello"}})
    took = time.perf_counter() - began
    if answer.status_code != 200 or answer.json()["status"] != "succeeded":
        raise RuntimeError(f"the cold prediction did not succeed: {answer.text}")
    return took, answer.json()
