"""(a) Overhead: a warm echo, one worker, held requests, everything stored, alternating with LitServe in one run."""

from __future__ import annotations

import statistics
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks import load, servers
from benchmarks.load import Load

CONNECTIONS = (1, 16, 64)
ECHO = Path(__file__).parent / "models" / "echo.py"


@dataclass(frozen=True)
class Row:
    """The medians of one server at one number of connections, and its ratio to LitServe."""

    server: str
    connections: int
    rate: float
    p50: float
    p99: float
    errors: int
    ratio: float


def run(rounds: int = 3, seconds: int = 5, sync: str = "full") -> list[Row]:
    """Measure both in turn, `rounds` times, and return medians."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with servers.augury(home / "data", sqlite_sync=sync) as ours, servers.litserve(home) as theirs:
            ours.push(ECHO, "echo")
            body = {"model": "owner/echo", "input": {"text": "hello"}, "stream": False}
            headers = ours.headers(Prefer="wait=10")
            _warm(f"{ours.url}/v1/predictions", body, headers)
            _warm(theirs, {"input": {"text": "hello"}}, {})
            seen: dict[tuple[str, int], list[Load]] = defaultdict(list)
            for _ in range(rounds):
                for connections in CONNECTIONS:
                    seen["LitServe", connections].append(
                        load.post(theirs, {"input": {"text": "hello"}}, {}, connections=connections, seconds=seconds)
                    )
                    seen["Augury", connections].append(
                        load.post(f"{ours.url}/v1/predictions", body, headers, connections=connections, seconds=seconds)
                    )
            _check_stored(ours, headers)
    return [_row(server, connections, seen) for connections in CONNECTIONS for server in ("LitServe", "Augury")]


def _row(server: str, connections: int, seen: dict[tuple[str, int], list[Load]]) -> Row:
    loads = seen[server, connections]
    rate = statistics.median(one.rate for one in loads)
    base = statistics.median(one.rate for one in seen["LitServe", connections])
    return Row(
        server,
        connections,
        rate,
        statistics.median(one.p50 for one in loads),
        statistics.median(one.p99 for one in loads),
        sum(one.errors for one in loads),
        rate / base,
    )


def _warm(url: str, body: object, headers: dict[str, str]) -> None:
    answer = httpx.post(url, json=body, headers=headers, timeout=30)
    if answer.status_code != 200 or answer.json()["output"] != "hello":
        raise RuntimeError(f"the echo does not answer: {answer.text}")


def _check_stored(ours: servers.Augury, headers: dict[str, str]) -> None:
    """What was counted was predicted: the newest predictions are there, succeeded and right."""
    page = httpx.get(f"{ours.url}/v1/predictions?page_size=100", headers=headers).json()["items"]
    if len(page) < 100 or any(one["status"] != "succeeded" for one in page):
        raise RuntimeError("not every measured prediction was stored as succeeded")
