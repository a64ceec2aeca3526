"""Clients of OpenAI's that hang up: what they asked for is cancelled at once, and the worker is free (D33)."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import anyio
import openai
import pytest

from tests.compat.openai_scene import Json, Scene, asked, scene
from tests.support.signals import until, until_async

FREE_SECONDS = 2.0
"""How soon a worker is another's after its client has gone."""
PIECES = ("one ", "two ", "three")


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Generator[Scene]:
    with scene(tmp_path_factory.mktemp("hanging-up"), "script", "chunks") as made:
        yield made


@pytest.fixture(scope="module")
def client(there: Scene) -> Generator[openai.OpenAI]:
    with there.client() as made:
        made.chat.completions.create(model="owner/script", messages=asked("warm"))
        yield made


def send(there: Scene, body: Json) -> socket.socket:
    """A connection on which a call was sent, and nothing read."""
    content = json.dumps({"model": "owner/script", **body}).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {there.server.token}\r\n"
    connection = socket.create_connection(("127.0.0.1", there.server.port), timeout=20)
    connection.sendall(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
    return connection


def free_soon(there: Scene, client: openai.OpenAI) -> None:
    """The only worker takes the next call at once, and what it did before is cancelled."""
    left = there.newest()["id"]
    began = time.monotonic()
    answer = client.chat.completions.create(model="owner/script", messages=asked("next"))
    assert time.monotonic() - began < FREE_SECONDS
    assert answer.choices[0].message.content == "next"
    assert there.owner.get(left)["status"] == "cancelled"


@pytest.mark.parametrize("events", range(len(PIECES) + 1))
def test_a_stream_that_is_cut_after_each_of_its_events_is_cancelled(
    there: Scene, client: openai.OpenAI, events: int
) -> None:
    messages = asked(*PIECES, {"wait": "/nowhere/never"})
    with client.chat.completions.create(model="owner/script", messages=messages, stream=True) as stream:
        for _ in range(events):
            next(stream)
    free_soon(there, client)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("n", [1, 3])
def test_a_call_that_is_left_before_its_answer_is_cancelled(
    there: Scene, client: openai.OpenAI, stream: bool, n: int
) -> None:
    before = there.count()
    body = {"stream": stream, "n": n, "messages": asked({"wait": "/nowhere/never"})}
    with send(there, body):
        until(lambda: there.count() == before + n, "all are there")
        until(lambda: len(running(there)) == 1, "one runs")
        waiting = active(there)
    assert len(waiting) == n
    free_soon(there, client)
    assert {there.owner.get(one)["status"] for one in waiting} == {"cancelled"}


def test_a_client_whose_patience_ends_is_one_that_hangs_up(there: Scene, client: openai.OpenAI) -> None:
    with pytest.raises(openai.APITimeoutError):
        client.with_options(timeout=1).chat.completions.create(
            model="owner/script", messages=asked({"wait": "/nowhere/never"})
        )
    free_soon(there, client)


@pytest.mark.parametrize("events", [0, 1, 2])
def test_several_choices_that_are_cut_are_all_cancelled(there: Scene, client: openai.OpenAI, events: int) -> None:
    messages = asked(*PIECES, {"wait": "/nowhere/never"})
    with client.chat.completions.create(model="owner/script", messages=messages, stream=True, n=3) as stream:
        for _ in range(events):
            next(stream)
        waiting = active(there)
    assert len(waiting) == 3
    free_soon(there, client)
    assert {there.owner.get(one)["status"] for one in waiting} == {"cancelled"}


@pytest.mark.anyio
async def test_a_task_that_is_cancelled_cancels_its_call(there: Scene, client: openai.OpenAI) -> None:
    async with there.async_client() as asynchronous, anyio.create_task_group() as tasks:

        async def call() -> None:
            await asynchronous.chat.completions.create(model="owner/script", messages=asked({"wait": "/nowhere/never"}))

        tasks.start_soon(call)
        await until_async(lambda: bool(running(there)), "it runs")
        tasks.cancel_scope.cancel()
    free_soon(there, client)


def test_a_reader_that_takes_nothing_is_cancelled_when_it_goes(there: Scene, client: openai.OpenAI) -> None:
    piece = "x" * 60_000
    with send(there, {"stream": True, "messages": asked(*[piece] * 200, {"wait": "/nowhere/never"})}):
        until(lambda: bool(running(there)), "it runs")
    free_soon(there, client)


def test_a_hundred_calls_that_are_left_leave_nothing_behind(there: Scene, client: openai.OpenAI) -> None:
    with contextlib.ExitStack() as connections:
        for number in range(100):
            body = {"stream": bool(number % 2), "messages": asked({"wait": "/nowhere/never"})}
            connections.enter_context(send(there, body))
        until(lambda: len(active(there)) >= 99, "they wait")
    until(lambda: not active(there), "all are cancelled")
    until(lambda: "\naugury_streams_open 0" in there.owner.http.get(f"{there.server.url}/metrics").text, "nobody reads")
    answer = client.chat.completions.create(model="owner/script", messages=asked("next"))
    assert answer.choices[0].message.content == "next"


def test_a_stop_ends_the_work_for_it(there: Scene, client: openai.OpenAI) -> None:
    messages = asked("one st", "op two", {"wait": "/nowhere/never"})
    stream = client.chat.completions.create(model="owner/script", messages=messages, stream=True, stop="stop")
    choices = [one.choices[0] for one in stream]
    assert "".join(one.delta.content or "" for one in choices) == "one "
    assert choices[-1].finish_reason == "stop"
    free_soon(there, client)


def test_two_who_ask_at_once_do_not_cancel_each_other(there: Scene, client: openai.OpenAI, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    heard: list[Any] = []
    patient = threading.Thread(
        target=lambda: heard.append(
            client.chat.completions.create(model="owner/script", messages=asked({"wait": str(gate)}, "patient"))
        )
    )
    patient.start()
    try:
        until(lambda: bool(running(there)), "the first runs")
        with send(there, {"messages": asked({"wait": "/nowhere/never"})}):
            until(lambda: len(active(there)) == 2, "the second waits")
        until(lambda: len(active(there)) == 1, "the second is cancelled")
    finally:
        gate.touch()
        patient.join(15)
    assert heard[0].choices[0].message.content == "patient"


def test_where_the_operator_says_so_what_was_asked_for_goes_on(tmp_path: Path) -> None:
    with scene(tmp_path, "script", compat_cancel="false") as keeping, keeping.client() as client:
        gates = [tmp_path / "first", tmp_path / "second"]
        with client.chat.completions.create(
            model="owner/script", messages=asked("one", {"wait": str(gates[0])}, "two"), stream=True
        ) as stream:
            next(stream)
        first = keeping.newest()["id"]
        with send(keeping, {"messages": asked({"wait": str(gates[1])}, "three")}):
            until(lambda: len(active(keeping)) == 2, "both are there")
        second = keeping.newest()["id"]
        for gate in gates:
            gate.touch()
        assert keeping.owner.ended(first)["output"] == "onetwo"
        assert keeping.owner.ended(second)["output"] == "three"


def running(there: Scene) -> list[str]:
    return _ids(there, "started")


def active(there: Scene) -> list[str]:
    return _ids(there, "started", "starting", "pending")


def _ids(there: Scene, *statuses: str) -> list[str]:
    found = there.owner.http.get("/predictions", params={"page_size": 100, "statuses": list(statuses)})
    assert found.status_code == 200, found.text
    return [one["id"] for one in found.json()["items"]]
