"""(c) Memory and holds: an idle server, an idle worker, and what 2,000 open holds cost and how they answer."""

from __future__ import annotations

import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import anyio
import httpx

from benchmarks import servers
from benchmarks.overhead import ECHO

HOLDS = 2000
HOLD_SECONDS = 20.0
SLOW = Path(__file__).parent / "models" / "slow.py"
MIB = 2**20


@dataclass(frozen=True)
class Memory:
    """Resident MiB; latencies in milliseconds."""

    idle_server: float
    idle_worker: float
    with_holds: float
    per_thousand_holds: float
    others_p50: float
    """Of other requests while the holds are open."""
    others_p99: float
    late_p99: float
    """How long after the end of its hold a request was answered (negative: before)."""
    late_max: float


def run() -> Memory:
    """Open the holds against one slow worker, look, and let them end."""
    with tempfile.TemporaryDirectory() as folder, servers.augury(Path(folder) / "data", max_wait="60") as ours:
        ours.push(SLOW, "slow")
        ours.push(ECHO, "echo")
        idle_server = _resident(ours.pid)
        _create(ours, "owner/echo", {"text": "hello"}, wait=20)
        idle_worker = max(_resident(pid) for pid in _children(ours.pid))
        _create(ours, "owner/slow", {"seconds": HOLD_SECONDS * 3})
        others, late, with_holds = anyio.run(_hold, ours)
        quantiles = statistics.quantiles(others, n=100)
        return Memory(
            idle_server=idle_server,
            idle_worker=idle_worker,
            with_holds=with_holds,
            per_thousand_holds=(with_holds - idle_server) / HOLDS * 1000,
            others_p50=statistics.median(others) * 1000,
            others_p99=quantiles[98] * 1000,
            late_p99=statistics.quantiles(late, n=100)[98] * 1000,
            late_max=max(late) * 1000,
        )


async def _hold(ours: servers.Augury) -> tuple[list[float], list[float], float]:
    late: list[float] = []
    others: list[float] = []
    memory = 0.0
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(headers=ours.headers(), timeout=90, limits=limits) as client:

        async def one() -> None:
            began = time.perf_counter()
            answer = await client.post(
                f"{ours.url}/v1/predictions",
                json={"model": "owner/slow", "input": {"seconds": 0}},
                headers={"Prefer": f"wait={HOLD_SECONDS:g}"},
            )
            if answer.status_code != 202:
                raise RuntimeError(f"a hold ended with {answer.status_code}: {answer.text}")
            late.append(time.perf_counter() - began - HOLD_SECONDS)

        async with anyio.create_task_group() as tasks:
            for _ in range(HOLDS):
                tasks.start_soon(one)
                await anyio.sleep(0.001)
            await anyio.sleep(2)
            for _ in range(300):
                began = time.perf_counter()
                await client.get(f"{ours.url}/v1/user")
                others.append(time.perf_counter() - began)
                await anyio.sleep(0.005)
            memory = _resident(ours.pid)
    return others, late, memory


def _create(ours: servers.Augury, model: str, inputs: dict[str, object], wait: float | None = None) -> None:
    headers = ours.headers() if wait is None else ours.headers(Prefer=f"wait={wait:g}")
    body = {"model": model, "input": inputs}
    httpx.post(f"{ours.url}/v1/predictions", json=body, headers=headers, timeout=60).raise_for_status()


def _resident(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / MIB
    raise RuntimeError(f"process {pid} has no resident memory")


def _children(pid: int) -> list[int]:
    out = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout
    return [int(line) for line in out.split()]
