"""(b) Cold: how long until the first answer of a version without dependencies, and until the server is ready.

Beside it what a held request waits for after its prediction has ended.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks import servers
from benchmarks.overhead import ECHO

STAMP = servers.HERE / "models" / "stamp.py"
HELD = 300
HELD_SECONDS = 0.03


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
    end_p50: float
    """From the end of predict() to the answer of the held request, of predictions that last a while."""
    end_p99: float


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
                ours.push(STAMP, "stamp")
                ends = sorted(_after_end(client, ours.url) for _ in range(HELD))
            return Cold(
                first_start=first_start,
                later_start=ours.started_in,
                push=statistics.median(pushes),
                first_answer=statistics.median(firsts),
                worker_ready=statistics.median(setups),
                second_answer=statistics.median(seconds),
                end_p50=ends[HELD // 2],
                end_p99=ends[HELD * 99 // 100],
            )


def _after_end(client: httpx.Client, url: str) -> float:
    body = {"model": "owner/stamp", "input": {"seconds": HELD_SECONDS}}
    answer = client.post(f"{url}/v1/predictions", json=body)
    return time.time() - answer.json()["output"]


def _answer(client: httpx.Client, url: str, model: str) -> tuple[float, dict[str, dict[str, float]]]:
    began = time.perf_counter()
    answer = client.post(f"{url}/v1/predictions", json={"model": model, "input": {"text": "hello"}})
    took = time.perf_counter() - began
    if answer.status_code != 200 or answer.json()["status"] != "succeeded":
        raise RuntimeError(f"the cold prediction did not succeed: {answer.text}")
    return took, answer.json()
