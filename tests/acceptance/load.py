"""Callers that never give up: each knows what it has asked for, what it was promised, and what it has seen.

A create carries an Idempotency-Key and is repeated until it is answered, so that what was accepted is known exactly.
Everything that is seen of a prediction is kept, to be compared with what becomes of it.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.acceptance.scene import Scene

Json = dict[str, Any]

_NEVER = threading.Event()
PATIENCE = 90.0
"""Seconds that a caller goes on trying; a server is never away for so long."""


@dataclass
class Asked:
    """One prediction, from its caller's side."""

    token: str
    body: Json
    key: str
    id: str | None = None
    cancelled: bool = False
    seen: list[Json] = field(default_factory=list[Json])
    events: list[tuple[int, str, Any]] = field(default_factory=list[tuple[int, str, Any]])


@dataclass
class Load:
    """The callers; `asked` is complete once they have stopped."""

    scene: Scene
    seed: int
    webhook: str
    asked: list[Asked] = field(default_factory=list[Asked])
    troubles: list[str] = field(default_factory=list[str])
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list[threading.Thread])

    def start(self, callers: int = 6) -> None:
        """Begin to call."""
        for number in range(callers):
            thread = threading.Thread(target=self._call, args=(number,), name=f"caller-{number}")
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Begin nothing new, and wait until everything that was begun is known."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _call(self, number: int) -> None:
        dice = random.Random(self.seed * 1000 + number)
        server = self.scene.server
        headers = {"Authorization": f"Bearer {server.token}"}
        with httpx.Client(base_url=server.api, headers=headers, timeout=30) as http:
            turn = 0
            while not self._stop.is_set():
                turn += 1
                one = _random_request(dice, f"t{self.seed}-{number}-{turn}", self.webhook)
                self.asked.append(one)
                try:
                    _ACTS[dice.choices(list(_ACTS), [4, 4, 3, 3])[0]](http, one, dice)
                except Exception as error:  # noqa: BLE001 - told at the end, with everything else that is wrong
                    self.troubles.append(f"{one.token}: {type(error).__name__}: {error}")
                self._stop.wait(dice.uniform(0, 0.05))


def _random_request(dice: random.Random, token: str, webhook: str) -> Asked:
    model = dice.choices(["echo", "slow", "speaker", "together", "fragile"], [4, 3, 3, 3, 1])[0]
    inputs: Json = {"token": token}
    if model in ("slow", "together"):
        inputs["seconds"] = round(dice.uniform(0, 0.3), 3)
    if model == "speaker":
        inputs |= {"count": dice.randint(0, 40), "pause": dice.choice([0, 0, 0.01])}
    if model == "fragile":
        inputs["how"] = dice.choices(["return", "raise", "exit", "segfault"], [6, 2, 1, 1])[0]
    body: Json = {"model": f"owner/{model}", "input": inputs}
    if dice.random() < 0.3:
        body["webhook"] = {"url": webhook, "secret": "hush"}
    return Asked(token, body, key=f"key-{token}")


def _plain(http: httpx.Client, one: Asked, _dice: random.Random) -> None:
    _create(http, one, {})


def _held(http: httpx.Client, one: Asked, dice: random.Random) -> None:
    _create(http, one, {"Prefer": f"wait={dice.choice([0.2, 2, 10])}"})


def _cancelling(http: httpx.Client, one: Asked, dice: random.Random) -> None:
    _create(http, one, {})
    _NEVER.wait(dice.uniform(0, 0.1))
    one.cancelled = True
    answer = _insist(lambda: http.post(f"/predictions/{one.id}/cancel"))
    assert answer.status_code in (202, 409), f"cancel was answered {answer.status_code}"
    one.seen.append(_insist(lambda: http.get(f"/predictions/{one.id}")).json())


def _streaming(http: httpx.Client, one: Asked, dice: random.Random) -> None:
    one.body["stream"] = True
    if dice.random() < 0.5:
        _create(http, one, {})
    ends = time.monotonic() + PATIENCE
    while not (one.events and one.events[-1][1] in ("done", "error")):
        assert time.monotonic() < ends, "the stream did not end"
        try:
            _read(http, one)
        except httpx.TransportError:
            _NEVER.wait(0.1)


def _read(http: httpx.Client, one: Asked) -> None:
    if one.id is None:
        headers = {"Idempotency-Key": one.key, "Prefer": "wait=5"}
        request = http.stream("POST", "/predictions", json=one.body, headers=headers)
    else:
        after = {"after_id": one.events[-1][0]} if one.events else {}
        request = http.stream("GET", f"/predictions/{one.id}/stream", params=after, headers={"Prefer": "wait=5"})
    with request as answer:
        if answer.status_code == 503:
            raise httpx.TransportError("stopping")
        assert answer.status_code == 200, f"a stream was answered {answer.status_code}: {answer.read()!r}"
        if one.id is None:
            one.id = answer.headers["location"].rpartition("/")[2]
            # From the beginning, whoever read it before the answer was lost.
            one.events.clear()
        for event in frames(answer.iter_bytes()):
            one.events.append(event)


_ACTS: dict[str, Callable[[httpx.Client, Asked, random.Random], None]] = {
    "plain": _plain,
    "held": _held,
    "cancelling": _cancelling,
    "streaming": _streaming,
}


def _create(http: httpx.Client, one: Asked, headers: dict[str, str]) -> None:
    answer = _insist(lambda: http.post("/predictions", json=one.body, headers={**headers, "Idempotency-Key": one.key}))
    assert answer.status_code in (200, 202), f"a create was answered {answer.status_code}: {answer.text}"
    one.id = answer.json()["id"]
    one.seen.append(answer.json())


def _insist(ask: Callable[[], httpx.Response]) -> httpx.Response:
    """Ask until there is an answer: a server that is away or stopping has none."""
    ends = time.monotonic() + PATIENCE
    while True:
        try:
            answer = ask()
        except httpx.TransportError:
            if time.monotonic() > ends:
                raise
        else:
            if answer.status_code < 500:
                return answer
            assert answer.status_code == 503, f"answered {answer.status_code}: {answer.text}"
            assert time.monotonic() < ends, "503 for too long"
        _NEVER.wait(0.1)


def frames(pieces: Iterator[bytes]) -> Iterator[tuple[int, str, Any]]:
    """Number, event and data of each whole frame."""
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n\n")
        for frame in whole:
            if frame and not frame.startswith(b":"):
                fields = dict(line.split(b": ", 1) for line in frame.split(b"\n"))
                yield int(fields[b"id"]), fields[b"event"].decode(), json.loads(fields[b"data"])
