"""(i) Chat: OpenAI's endpoint beside LitServe's and beside our own, of the same warm echo; and the rate of a stream.

Every call of ours is a stored prediction. What the adapter costs is the difference to one under /v1/predictions.
"""

from __future__ import annotations

import re
import statistics
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx

from benchmarks import load, servers, streams
from benchmarks.load import Load

One = TypeVar("One")

CONNECTIONS = (1, 16, 64)
ITEMS = 1_000
REPLY = servers.HERE / "models" / "reply.py"
CHAT = servers.HERE / "models" / "chat.py"
_CHUNK = re.compile(rb'"content": ?"item')
_EVENT = re.compile(rb"^event: output", re.MULTILINE)


@dataclass(frozen=True)
class Row:
    """The medians of one endpoint at one number of connections."""

    endpoint: str
    connections: int
    rate: float
    p50: float
    errors: int
    ratio: float
    """To LitServe's."""


@dataclass(frozen=True)
class Chat:
    """Items of a stream a second, and rows of calls."""

    rows: list[Row]
    theirs: float
    adapted: float
    native: float


def run(rounds: int = 5, seconds: int = 4) -> Chat:
    """Measure all in turn, `rounds` times, and return medians."""
    seen: dict[tuple[str, int], list[Load]] = defaultdict(list)
    rates: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with servers.augury(home / "data") as ours, servers.litserve(home, "litserve_chat.py") as theirs:
            ours.push(REPLY, "reply")
            ours.push(CHAT, "chat")
            endpoints = _calls(ours, theirs)
            streamed = _streams(ours, theirs)
            for _, url, body, headers in endpoints:
                _warm(url, body, headers)
            for turn in range(rounds):
                for connections in CONNECTIONS:
                    for name, url, body, headers in _turned(endpoints, turn):
                        found = load.post(url, body, headers, connections=connections, seconds=seconds)
                        seen[name, connections].append(found)
                for again in range(6):
                    for name, url, body, headers, item in _turned(streamed, again):
                        rate = streams.rate(url, body, headers, item)
                        if turn:  # The first ones are to warm them.
                            rates[name].append(rate)
    rows = [_row(name, connections, seen) for connections in CONNECTIONS for name, *_ in endpoints]
    return Chat(rows, *(statistics.median(rates[name]) for name in ("LitServe", "chat", "predictions")))


def _turned(ones: list[One], by: int) -> list[One]:
    """The same in another order: what was measured before leaves its processes busy for a while."""
    return ones[by % len(ones) :] + ones[: by % len(ones)]


def _calls(ours: servers.Augury, theirs: str) -> list[tuple[str, str, object, dict[str, str]]]:
    said = [{"role": "user", "content": "hello"}]
    return [
        ("LitServe", _endpoint(theirs), {"model": "lit", "messages": said}, {}),
        ("chat", f"{ours.url}/v1/chat/completions", {"model": "owner/reply", "messages": said}, ours.headers()),
        (
            "predictions",
            f"{ours.url}/v1/predictions",
            {"model": "owner/reply", "input": {"prompt": "hello"}},
            ours.headers(Prefer="wait=10"),
        ),
    ]


def _streams(ours: servers.Augury, theirs: str) -> list[tuple[str, str, object, dict[str, str], re.Pattern[bytes]]]:
    said = f"items {ITEMS}"
    asked = {"messages": [{"role": "user", "content": said}], "stream": True}
    made = {"model": "owner/chat", "input": {"prompt": said}, "stream": True}
    return [
        ("LitServe", _endpoint(theirs), {"model": "lit", **asked}, {}, _CHUNK),
        ("chat", f"{ours.url}/v1/chat/completions", {"model": "owner/chat", **asked}, ours.headers(), _CHUNK),
        ("predictions", f"{ours.url}/v1/predictions", made, ours.headers(Prefer="wait=30"), _EVENT),
    ]


def _endpoint(theirs: str) -> str:
    return theirs.removesuffix("/predict") + "/v1/chat/completions"


def _row(name: str, connections: int, seen: dict[tuple[str, int], list[Load]]) -> Row:
    loads = seen[name, connections]
    rate = statistics.median(one.rate for one in loads)
    base = statistics.median(one.rate for one in seen["LitServe", connections])
    p50 = statistics.median(one.p50 for one in loads)
    return Row(name, connections, rate, p50, sum(one.errors for one in loads), rate / base)


def _warm(url: str, body: object, headers: dict[str, str]) -> None:
    answer = httpx.post(url, json=body, headers=headers, timeout=30)
    if answer.status_code != 200 or '"hello"' not in answer.text:
        raise RuntimeError(f"the echo does not answer: {answer.text}")
