"""A stream is what its prediction has put out, whatever dies on the way: in order, once, with one end."""

from __future__ import annotations

import json
import signal
import sqlite3
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.publishing import Client, Json
from tests.support.server import Server, running
from tests.support.signals import until

COUNTER = """
import os, random, time
from typing import Iterator

def predict(
    count: int, gate: str = "", at: int = -1, then: str = "", size: int = 0, wild: bool = False, journal: str = ""
) -> Iterator[str]:
    for n in range(count):
        while n == at and gate and not os.path.exists(gate):
            time.sleep(0.005)
        if n == at and then == "exit":
            os._exit(3)
        if n == at and then == "kill":
            os.kill(os.getpid(), 9)
        if n == at and then == "raise":
            raise ValueError("as asked")
        if journal and n % 10 == 0:
            with open(journal, "a") as file:
                file.write("x")
        yield (f"{random.random()}" if wild else f"{n}").ljust(size, "x")
"""
TELLER = """
import augury
from typing import Any, Iterator

class Predictor:
    def predict(self, pieces: list[str]) -> augury.TextStream:
        yield from pieces
"""
ECHO = """
def predict(text: str) -> str:
    if not text:
        raise ValueError("nothing to say")
    return text
"""
ANYTHING = """
from typing import Any, Iterator
def predict(items: list[Any]) -> Iterator[Any]:
    yield from items
"""
NUMBERS = """
from typing import Any, Iterator
def predict(items: list[Any]) -> Iterator[int]:
    yield from items
"""
AWKWARD: list[Any] = ["a\u2028b", "\x85", "\r", "", None, {"a": [1, {"b": None}]}, 1e300, True, [], "\U0001f600", "\0"]
Event = tuple[int, str, Any]


@pytest.fixture(scope="module")
def caller(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Generator[Client]:
    """A caller of the shared server, with the counter published."""
    with closing(Client(server, tmp_path_factory.mktemp("caller"))) as made:
        made.publish("counter", COUNTER)
        yield made


def test_the_final_output_is_all_that_was_streamed(caller: Client) -> None:
    events = _streamed(caller, caller.publish("anything", ANYTHING), items=AWKWARD)
    assert [data for _, kind, data in events if kind == "output"] == AWKWARD
    assert caller.get(_id(events))["output"] == AWKWARD

    pieces = ["Once", " upon\n", "", " a \u2028", "time"]
    events = _streamed(caller, caller.publish("teller", TELLER), pieces=pieces)
    assert [data for _, kind, data in events if kind == "output"] == pieces
    assert caller.get(_id(events))["output"] == "".join(pieces)

    events = _streamed(caller, "owner/counter", count=0)
    assert [kind for _, kind, _ in events] == ["init", "done"]
    assert caller.get(_id(events))["output"] == []


def test_a_version_that_cannot_stream_gives_its_output_in_one(caller: Client) -> None:
    echo = caller.publish("echo", ECHO)
    events = _streamed(caller, echo, text="whole")
    assert [(number, kind) for number, kind, _ in events] == [(1, "init"), (2, "output"), (3, "done")]
    assert events[1][2] == "whole" == caller.get(_id(events))["output"]

    events = _streamed(caller, echo, text="")
    assert [kind for _, kind, _ in events] == ["init", "error"]


def test_an_item_that_does_not_fit_fails_with_its_place_and_the_earlier_ones_stay(caller: Client) -> None:
    events = _streamed(caller, caller.publish("numbers", NUMBERS), items=[1, 2, "three", 4])
    prediction = caller.ended(_id(events))
    assert [kind for _, kind, _ in events] == ["init", "output", "output", "error"]
    assert [data for _, kind, data in events if kind == "output"] == [1, 2]
    assert prediction["status"] == "failed"
    assert prediction["error"] == events[-1][2]
    assert prediction["error"]["source"] == "external"
    assert prediction["error"]["detail"]["type"] == "output_mismatch"
    assert prediction["error"]["detail"]["problems"][0]["loc"] == ["output", 2]


def test_items_before_an_exception_stay(caller: Client) -> None:
    events = _streamed(caller, "owner/counter", count=5, at=3, then="raise")
    assert [(number, kind) for number, kind, _ in events] == [
        (1, "init"),
        (2, "output"),
        (3, "output"),
        (4, "output"),
        (5, "error"),
    ]
    assert events[-1][2]["message"] == "as asked"


@pytest.mark.parametrize("how", ["exit", "kill"])
def test_items_of_a_worker_that_dies_are_kept_and_the_error_is_the_last_event(
    caller: Client, tmp_path: Path, how: str
) -> None:
    gate = tmp_path / "gate"
    one = _create(caller, "owner/counter", count=9, at=4, gate=str(gate), then=how)
    events = _read(caller, one, until_number=5)
    gate.touch()
    events += _read(caller, one, after=5)
    assert [number for number, _, _ in events] == [1, 2, 3, 4, 5, 6]
    assert [data for _, kind, data in events if kind == "output"] == ["0", "1", "2", "3"]
    assert events[-1][1] == "error"
    assert events[-1][2] == caller.ended(one)["error"]


def test_a_cancelled_stream_keeps_its_items_and_ends_with_done(caller: Client, tmp_path: Path) -> None:
    one = _create(caller, "owner/counter", count=9, at=4, gate=str(tmp_path / "never"))
    events = _read(caller, one, until_number=5)
    assert caller.cancel(one) == 202
    events += _read(caller, one, after=5)
    assert [number for number, _, _ in events] == [1, 2, 3, 4, 5, 6]
    assert events[-1][1:] == ("done", {"id": one, "status": "cancelled"})
    assert caller.get(one)["status"] == "cancelled"


def test_get_the_last_event_and_the_list_are_one_truth(caller: Client) -> None:
    kinds: list[Json] = [
        {"count": 3},
        {"count": 3, "at": 1, "then": "raise"},
        {"count": "many"},
        {"count": 0},
        {"count": 40, "size": 2000},
    ]

    def live(n: int) -> tuple[str, list[Event]]:
        one = _create(caller, "owner/counter", **kinds[n % len(kinds)])
        if n % 7 == 0:
            caller.cancel(one)
        return one, _read(caller, one)

    with ThreadPoolExecutor(8) as pool:
        lives = list(pool.map(live, range(200)))
    listed = {one["id"]: one for one in _listed(caller, 200)}
    seen: set[str] = set()
    for one, events in lives:
        got = caller.get(one)
        number, kind, data = events[-1]
        assert [n for n, _, _ in events] == list(range(1, number + 1))
        assert [k for _, k, _ in events[1:-1]] == ["output"] * (number - 2)
        if got["status"] == "failed":
            assert (kind, data) == ("error", got["error"])
        else:
            assert (kind, data) == ("done", {"id": one, "status": got["status"]})
        if got["status"] == "succeeded":
            assert got["output"] == [item for _, _, item in events[1:-1]]
        assert listed[one] == {key: got[key] for key in listed[one]}
        seen.add(got["status"])
    assert seen == {"succeeded", "failed", "cancelled"}


def test_a_stream_goes_on_after_its_server_was_killed_without_a_gap_or_a_double(
    own_server: Server, own_client: Client, tmp_path: Path
) -> None:
    own_client.publish("counter", COUNTER)
    gate = tmp_path / "gate"
    one = _create(own_client, "owner/counter", count=2000, at=1500, gate=str(gate))
    events = _read(own_client, one, until_number=700)
    own_server.restart(signal.SIGKILL)
    events += _read(own_client, one, after=events[-1][0], until_number=1400)
    gate.touch()
    events += _read(own_client, one, after=events[-1][0])
    assert [number for number, _, _ in events] == list(range(1, 2003))
    assert [data for _, kind, data in events if kind == "output"] == [str(n) for n in range(2000)]
    assert events == _read(own_client, one)
    assert own_client.get(one)["output"] == [str(n) for n in range(2000)]


def test_a_stream_that_would_go_on_otherwise_than_it_began_fails_and_says_so(
    own_server: Server, own_client: Client, tmp_path: Path
) -> None:
    own_client.publish("counter", COUNTER)
    one = _create(own_client, "owner/counter", count=9, at=4, gate=str(tmp_path / "never"), wild=True)
    events = _read(own_client, one, until_number=5)
    own_server.restart(signal.SIGKILL)
    events += _read(own_client, one, after=5)
    assert [number for number, _, _ in events] == [1, 2, 3, 4, 5, 6]
    ended = own_client.ended(one)
    assert (ended["status"], ended["error"]["source"]) == ("failed", "internal")
    assert ended["error"]["detail"]["type"] == "stream_diverged"
    assert events[-1] == (6, "error", ended["error"])
    assert events == _read(own_client, one)


def test_a_store_that_does_not_keep_up_slows_the_model_and_costs_neither_memory_nor_items(tmp_path: Path) -> None:
    with running(tmp_path, max_output="100MiB") as server, closing(Client(server, tmp_path)) as client:
        client.publish("counter", COUNTER)
        _streamed(client, "owner/counter", count=20, size=65_536)
        before, journal, gate = _memory(server), tmp_path / "journal", tmp_path / "gate"
        with closing(sqlite3.connect(server.data / "augury.db", isolation_level=None)) as other:
            one = _create(client, "owner/counter", count=900, size=65_536, journal=str(journal), at=1, gate=str(gate))
            _read(client, one, until_number=2)
            other.execute("BEGIN IMMEDIATE")
            gate.touch()
            until(lambda: journal.exists() and _stands(journal), "the model waits")
            grown = _memory(server) - before
            assert journal.stat().st_size < 60, "the model waits for the store"
            assert grown < 40 << 20
            other.execute("ROLLBACK")
        events = _read(client, one)
        assert [data for _, kind, data in events if kind == "output"] == [f"{n}".ljust(65_536, "x") for n in range(900)]
        assert events[-1][1] == "done"


def test_a_store_that_takes_nothing_for_a_while_loses_nothing_and_one_that_never_does_fails_it(
    own_server: Server, own_client: Client, tmp_path: Path
) -> None:
    own_client.publish("counter", COUNTER)
    journal, gate = tmp_path / "journal", tmp_path / "gate"
    with closing(sqlite3.connect(own_server.data / "augury.db", isolation_level=None)) as other:
        other.execute("CREATE TRIGGER refusing BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'no more'); END")
        one = _create(own_client, "owner/counter", count=9, at=4, gate=str(gate), journal=str(journal))
        until(journal.exists, "it has begun to yield")
        other.execute("DROP TRIGGER refusing")
        gate.touch()
        assert [number for number, _, _ in _read(own_client, one)] == list(range(1, 12))

        other.execute("CREATE TRIGGER refusing BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'no more'); END")
        one = _create(own_client, "owner/counter", count=9, at=4, gate=str(tmp_path / "never"))
        events = _read(own_client, one)
        assert [kind for _, kind, _ in events] == ["init", "error"]
        assert events[-1][2]["source"] == "internal"
        assert events[-1][2]["detail"]["type"] == "storage"
        other.execute("DROP TRIGGER refusing")
    assert len(_streamed(own_client, "owner/counter", count=3)) == 5


def _create(client: Client, model: str, **inputs: Any) -> str:
    answer = client.http.post("/predictions", json={"model": model, "input": inputs, "stream": True})
    assert answer.status_code == 202, answer.text
    return answer.json()["id"]


def _streamed(client: Client, model: str, **inputs: Any) -> list[Event]:
    """All events of a new prediction, from one request."""
    body = {"model": model, "input": inputs, "stream": True}
    answer = client.http.post("/predictions", json=body, headers={"Prefer": "wait=20"})
    assert answer.status_code == 200, answer.text
    return [_event(frame) for frame in answer.text.split("\n\n") if frame and not frame.startswith(":")]


def _read(client: Client, one: str, *, after: int = 0, until_number: int | None = None) -> list[Event]:
    """The events that follow one, to the end or up to a number, as they come."""
    found: list[Event] = []
    rest = ""
    with client.http.stream("GET", f"/predictions/{one}/stream", params={"after_id": after}) as answer:
        assert answer.status_code == 200
        for piece in answer.iter_text():
            *frames, rest = (rest + piece).split("\n\n")
            for frame in frames:
                if not frame.startswith(":"):
                    found.append(_event(frame))
                    if found[-1][0] == until_number:
                        return found
    assert until_number is None, f"the stream ended after {found[-1:]}"
    return found


def _event(frame: str) -> Event:
    fields = dict(line.split(": ", 1) for line in frame.split("\n"))
    return int(fields["id"]), fields["event"], json.loads(fields["data"])


def _id(events: list[Event]) -> str:
    return events[0][2]["id"]


def _listed(client: Client, count: int) -> list[Json]:
    found: list[Json] = []
    cursor: str | None = None
    while len(found) < count:
        params: dict[str, Any] = {"page_size": 100} | ({"cursor": cursor} if cursor else {})
        page: httpx.Response = client.http.get("/predictions", params=params)
        found += page.json()["items"]
        cursor = page.json()["next_cursor"]
    return found


def _memory(server: Server) -> int:
    """Bytes that the server's process has in memory."""
    (line,) = (one for one in Path(f"/proc/{server.pid}/status").read_text().splitlines() if one.startswith("VmRSS:"))
    return int(line.split()[1]) << 10


def _stands(journal: Path) -> bool:
    """Whether a file has not grown for as long as a generator needs for hundreds of items."""
    looks, last = 0, -1

    def same() -> bool:
        nonlocal looks, last
        size = journal.stat().st_size
        looks, last = (looks + 1, last) if size == last else (0, size)
        return looks >= 200

    return until(same, "nothing more is yielded", deadline=20)
