"""(c) Memory and holds: an idle server, an idle worker, and what 2,000 open holds cost and how they answer."""

from __future__ import annotations

import json
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
        others, late, with_holds = anyio.run(_hold, ours, backend_options={"use_uvloop": True})
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
    request = _raw(ours, "POST", "/v1/predictions", {"model": "owner/slow", "input": {"seconds": 0}})
    look = _raw(ours, "GET", "/v1/user", None)

    async def one() -> None:
        status, took = await _exchange(ours, request)
        if status != 202:
            raise RuntimeError(f"a hold ended with {status}")
        late.append(took - HOLD_SECONDS)

    async with anyio.create_task_group() as tasks:
        for _ in range(HOLDS):
            tasks.start_soon(one)
            await anyio.sleep(0.002)
        await anyio.sleep(2)
        for _ in range(300):
            others.append((await _exchange(ours, look))[1])
            await anyio.sleep(0.005)
        memory = _resident(ours.pid)
    return others, late, memory


def _raw(ours: servers.Augury, method: str, path: str, body: object) -> bytes:
    """A whole request: a client library with thousands of connections would be what is measured."""
    content = b"" if body is None else json.dumps(body).encode()
    head = [
        f"{method} {path} HTTP/1.1",
        "Host: localhost",
        "Connection: close",
        f"Authorization: Bearer {ours.token}",
        f"Prefer: wait={HOLD_SECONDS:g}",
        "Content-Type: application/json",
        f"Content-Length: {len(content)}",
    ]
    return ("\r\n".join(head) + "\r\n\r\n").encode() + content


async def _exchange(ours: servers.Augury, request: bytes) -> tuple[int, float]:
    """The status of the answer, and the seconds from the request's last byte to the answer's first."""
    port = int(ours.url.rpartition(":")[2])
    async with await anyio.connect_tcp("127.0.0.1", port) as stream:
        await stream.send(request)
        began = time.perf_counter()
        answer = await stream.receive()
        return int(answer.split(None, 2)[1]), time.perf_counter() - began


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
