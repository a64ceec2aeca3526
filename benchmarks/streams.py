"""(f) Streams: items a second through one connection beside LitServe's, the way of the first item, many at once.

Every item of ours is stored before its reader gets it.
"""

from __future__ import annotations

import re
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import anyio

from benchmarks import servers, wire

COUNTER = servers.HERE / "models" / "counter.py"
TICKER = servers.HERE / "models" / "ticker.py"
ITEMS = 1_000
MANY = 100
RATE = 50
SECONDS = 10
_OURS = re.compile(rb"^event: output", re.MULTILINE)
_THEIRS = re.compile(rb'"output"')
_VALUE = re.compile(rb"^event: output\r?\ndata: ([0-9.]+)", re.MULTILINE)


@dataclass(frozen=True)
class Streams:
    """Rates are items a second, times are seconds."""

    theirs: float
    ours: float
    first_p50: float
    """From the yield to the reader."""
    first_p99: float
    many_rate: float
    """Of what was to come, how much came in time."""
    many_p50: float
    many_p99: float


def run(rounds: int = 15) -> Streams:
    """Measure both in turn, then ours with many readers."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with servers.augury(home / "data") as ours, servers.litserve(home, "litserve_stream.py") as theirs:
            ours.push(COUNTER, "counter")
            ours.push(TICKER, "ticker")
            counted = {"items": ITEMS}
            sent = _created("counter", counted)
            rates: tuple[list[float], list[float]] = ([], [])
            for turn in range(rounds + 1):
                both = (
                    rate(theirs, {"input": counted}, {}, _THEIRS),
                    rate(f"{ours.url}/v1/predictions", sent, ours.headers(Prefer="wait=30"), _OURS),
                )
                if turn:  # The first one is to warm them.
                    for found, seen in zip(rates, both, strict=True):
                        found.append(seen)
            firsts = sorted(_first(ours) for _ in range(100))
            came, lags = anyio.run(_many, ours, backend_options={"use_uvloop": True})
    return Streams(
        theirs=statistics.median(rates[0]),
        ours=statistics.median(rates[1]),
        first_p50=firsts[50],
        first_p99=firsts[98],
        many_rate=came,
        many_p50=lags[len(lags) // 2],
        many_p99=lags[len(lags) * 99 // 100],
    )


def _created(model: str, inputs: object) -> dict[str, object]:
    return {"model": f"owner/{model}", "input": inputs, "stream": True}


def rate(url: str, body: object, headers: dict[str, str], item: re.Pattern[bytes]) -> float:
    """Items a second of one stream of ITEMS, through one connection."""
    began = time.perf_counter()
    whole = b"".join(wire.answer(url, body, headers))
    took = time.perf_counter() - began
    if len(item.findall(whole)) != ITEMS:
        raise RuntimeError(f"{len(item.findall(whole))} items came of {ITEMS}: {whole[:300]!r}")
    return ITEMS / took


def _first(ours: servers.Augury) -> float:
    seen = b""
    body = _created("ticker", {"rate": 1000, "seconds": 0.001})
    for piece in wire.answer(f"{ours.url}/v1/predictions", body, ours.headers(Prefer="wait=30")):
        now = time.time()
        seen += piece
        if found := _VALUE.search(seen):
            return now - float(found[1])
    raise RuntimeError(f"no item came: {seen[:300]!r}")


async def _many(ours: servers.Augury) -> tuple[float, list[float]]:
    """How much of what was to come did, and how late each item was."""
    lags: list[float] = []
    request = wire.request(
        f"{ours.url}/v1/predictions",
        _created("ticker", {"rate": RATE, "seconds": SECONDS}),
        ours.headers(Prefer="wait=30"),
    )
    ends: list[float] = []

    async def one() -> None:
        rest = b""
        async with await anyio.connect_tcp(*wire.address(ours.url)) as stream:
            await stream.send(request)
            while b"event: done" not in rest:
                rest += await stream.receive()
                now = time.time()
                lags.extend(now - float(found[1]) for found in _VALUE.finditer(rest))
                *_, rest = rest.rpartition(b"\n\n") if b"event: done" not in rest else (rest,)
            ends.append(time.perf_counter())

    began = time.perf_counter()
    async with anyio.create_task_group() as tasks:
        for _ in range(MANY):
            tasks.start_soon(one)
    took = statistics.median(ends) - began
    return len(lags) / took / (MANY * RATE), sorted(lags)
