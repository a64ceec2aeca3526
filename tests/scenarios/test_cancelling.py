"""A cancel always ends its prediction, only its prediction, and leaves the worker usable."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import anyio
import pytest

from augury.domain.ids import PredictionId
from augury.domain.prediction import Status
from augury.store import queue
from augury.store.database import open_database
from tests.support.publishing import Client, Json
from tests.support.server import Server, running
from tests.support.signals import until

SLEEPER = "import time\ndef predict(n: int, seconds: float = 0) -> int:\n    time.sleep(seconds)\n    return n"


def test_a_queued_prediction_is_cancelled_at_once_and_never_runs(client: Client) -> None:
    model = client.publish(
        "one-by-one",
        """
        import pathlib, time
        def predict(mark: str, seconds: float) -> str:
            pathlib.Path(mark).touch()
            time.sleep(seconds)
            return mark
        """,
    )
    busy = client.create(model, mark=str(client.folder / "first"), seconds=1.0)
    client.reaches(busy["id"], "started")
    queued = client.create(model, mark=str(client.folder / "second"), seconds=0)
    assert client.cancel(queued["id"]) == 202
    assert client.get(queued["id"])["status"] == "cancelled"
    assert client.ended(busy["id"])["status"] == "succeeded"
    assert client.create(model, wait=10, mark=str(client.folder / "third"), seconds=0)["status"] == "succeeded"
    assert not (client.folder / "second").exists()


def test_a_model_that_swallows_every_exception_is_cancelled_all_the_same(client: Client) -> None:
    model = client.publish(
        "stubborn",
        """
        import time
        def predict(forever: bool) -> str:
            while forever:
                try:
                    time.sleep(0.1)
                except Exception:
                    pass
            return "over"
        """,
    )
    running = client.create(model, forever=True)
    client.reaches(running["id"], "started")
    assert client.cancel(running["id"]) == 202
    ended = client.ended(running["id"], deadline=2)
    assert (ended["status"], ended["output"], ended["error"]) == ("cancelled", None, None)
    assert ended["execution_time"] is not None
    assert client.create(model, wait=10, forever=False)["output"] == "over"


def test_a_model_that_cannot_be_interrupted_is_killed_after_the_grace_period(client: Client) -> None:
    model = client.publish(
        "deaf",
        """
        import signal, time
        def predict(forever: bool) -> str:
            while forever:
                try:
                    while True:
                        time.sleep(0.05)
                except BaseException:
                    pass
            return "over"
        """,
    )
    running = client.create(model, forever=True)
    client.reaches(running["id"], "started")
    assert client.cancel(running["id"]) == 202
    assert client.ended(running["id"], deadline=8)["status"] == "cancelled"
    assert client.create(model, wait=10, forever=False)["output"] == "over"


SYNC_CLEANUP = """
    import pathlib, time
    import augury
    def predict(mark: str, seconds: float, times: int = 1) -> str:
        try:
            time.sleep(60)
        except augury.Cancelled:
            for _ in range(times):
                with open(mark, "a") as file:
                    file.write("x")
                time.sleep(seconds)
            pathlib.Path(mark + "-done").touch()
            raise
        return "never"
"""
ASYNC_CLEANUP = """
    import asyncio, pathlib
    async def predict(mark: str, seconds: float, times: int = 1) -> str:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            for _ in range(times):
                with open(mark, "a") as file:
                    file.write("x")
                await asyncio.sleep(seconds)
            pathlib.Path(mark + "-done").touch()
            raise
        return "never"
"""


@pytest.mark.parametrize(("name", "source"), [("tidy", SYNC_CLEANUP), ("tidy-async", ASYNC_CLEANUP)])
def test_cleaning_up_is_possible_before_a_cancelled_prediction_ends(client: Client, name: str, source: str) -> None:
    model = client.publish(name, source)
    mark = client.folder / "mark"
    running = client.create(model, mark=str(mark), seconds=0.5)
    client.reaches(running["id"], "started")
    client.cancel(running["id"])
    until(mark.exists, "the model cleans up")
    assert client.get(running["id"])["status"] == "started", "it is not called cancelled before it has stopped"
    ended = client.ended(running["id"])
    assert (ended["status"], ended["error"]) == ("cancelled", None)
    assert (client.folder / "mark-done").exists()


@pytest.mark.parametrize(("name", "source"), [("slow-tidy", SYNC_CLEANUP), ("slow-tidy-async", ASYNC_CLEANUP)])
def test_a_clean_up_longer_than_the_grace_period_is_cut_off_with_its_process(
    client: Client, name: str, source: str
) -> None:
    model = client.publish(name, source)
    mark = client.folder / "mark"
    running = client.create(model, mark=str(mark), seconds=0.05, times=1000)
    client.reaches(running["id"], "started")
    began = time.monotonic()
    client.cancel(running["id"])
    assert client.ended(running["id"])["status"] == "cancelled"
    # The server's grace period is 1 s; the second reminder comes within it, too.
    assert 0.9 < time.monotonic() - began < 2.5
    assert not (client.folder / "mark-done").exists()


def test_with_several_slots_the_one_that_was_named_is_cancelled(client: Client) -> None:
    model = client.publish(
        "side-by-side",
        """
        import asyncio
        async def predict(n: int, seconds: float) -> int:
            await asyncio.sleep(seconds)
            return n
        """,
        "concurrency = 4",
    )
    first, second, third = (client.create(model, n=number, seconds=1.5) for number in (1, 2, 3))
    client.reaches(second["id"], "started")
    client.reaches(third["id"], "started")
    assert client.cancel(second["id"]) == 202
    assert client.ended(second["id"], deadline=1.2)["status"] == "cancelled"
    assert client.ended(first["id"])["output"] == 1
    assert client.ended(third["id"])["output"] == 3


def test_a_worker_killed_for_one_slot_gives_the_others_back_and_they_run_again(client: Client) -> None:
    model = client.publish(
        "neighbours",
        """
        import asyncio, time
        async def predict(n: int, deaf: bool) -> int:
            while deaf:
                try:
                    await asyncio.sleep(60)
                except asyncio.CancelledError:
                    pass
            await asyncio.sleep(2)
            return n
        """,
        "concurrency = 3",
    )
    deaf = client.create(model, n=0, deaf=True)
    others = [client.create(model, n=number, deaf=False) for number in (1, 2)]
    for one in (deaf, *others):
        client.reaches(one["id"], "started")
    assert client.cancel(deaf["id"]) == 202
    assert client.ended(deaf["id"])["status"] == "cancelled"
    assert [client.ended(one["id"])["output"] for one in others] == [1, 2]
    assert client.create(model, wait=10, n=3, deaf=False)["output"] == 3


def test_cancelling_at_once_from_many_sides_is_accepted_each_time_and_done_once(client: Client) -> None:
    model = client.publish("often-cancelled", SYNC_CLEANUP)
    mark = client.folder / "mark"
    running = client.create(model, mark=str(mark), seconds=0.8)
    client.reaches(running["id"], "started")
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(client.cancel, [running["id"]] * 3)) == [202, 202, 202]
    until(mark.exists, "the model cleans up")
    assert client.cancel(running["id"]) == 202, "also while it cleans up"
    assert client.ended(running["id"])["status"] == "cancelled"
    assert mark.read_text() == "x"
    late = client.http.post(f"/predictions/{running['id']}/cancel")
    assert (late.status_code, late.json()["code"]) == (409, "prediction_finished")


def test_the_cancel_of_a_queued_prediction_from_many_sides_ends_it_once(client: Client) -> None:
    model = client.publish("sleeper", SLEEPER)
    busy = client.create(model, n=0, seconds=30)
    client.reaches(busy["id"], "started")
    queued = client.create(model, n=1)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(client.cancel, [queued["id"]] * 8))
    assert answers.count(202) == 1
    assert answers.count(409) == 7
    ended = client.get(queued["id"])
    assert (ended["status"], ended["execution_time"], ended["setup_time"]) == ("cancelled", None, None)
    assert client.cancel(busy["id"]) == 202


def test_what_is_cancelled_leaves_the_queue_and_the_rest_keeps_its_order(client: Client) -> None:
    model = client.publish(
        "orderly",
        """
        import pathlib, time
        def predict(n: int, gate: str) -> int:
            while not pathlib.Path(gate).exists():
                time.sleep(0.005)
            with open(gate, "a") as file:
                file.write(f"{n} ")
            return n
        """,
    )
    gate = client.folder / "gate"
    made = [client.create(model, n=n, gate=str(gate)) for n in range(8)]
    client.reaches(made[0]["id"], "started")
    for n in (1, 4, 7):
        assert client.cancel(made[n]["id"]) == 202
        assert client.get(made[n]["id"])["status"] == "cancelled"
    gate.touch()
    assert [client.ended(made[n]["id"])["output"] for n in (0, 2, 3, 5, 6)] == [0, 2, 3, 5, 6]
    assert gate.read_text().split() == ["0", "2", "3", "5", "6"]


def test_a_held_request_is_answered_as_soon_as_its_prediction_is_cancelled(client: Client) -> None:
    model = client.publish("held", SLEEPER)
    assert client.create(model, wait=15, n=0)["output"] == 0
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(client.create, model, 25, n=1, seconds=60)
        newest = until(lambda: _newest_running(client), "it runs")
        assert newest is not None
        assert client.cancel(newest) == 202
        answer = held.result(3)
    assert (answer["id"], answer["status"]) == (newest, "cancelled")


def test_a_key_of_a_cancelled_prediction_answers_with_it_and_never_runs_it_again(client: Client) -> None:
    model = client.publish("keyed", SLEEPER)
    first = client.create(model, n=1, seconds=60, headers={"Idempotency-Key": "cancelled-1"})
    client.reaches(first["id"], "started")
    assert client.cancel(first["id"]) == 202
    assert client.ended(first["id"])["status"] == "cancelled"
    again = client.create(model, wait=5, n=1, seconds=60, headers={"Idempotency-Key": "cancelled-1"})
    assert (again["id"], again["status"]) == (first["id"], "cancelled")


LIVELY = {
    "sync": """
        import os, time
        def predict(n: int, seconds: float = 0.012) -> list[int]:
            time.sleep(seconds)
            return [n, os.getpid()]
    """,
    "async": """
        import asyncio, os
        inside = 0
        async def predict(n: int, seconds: float = 0.012, together: int = 0) -> list[int]:
            global inside
            inside += 1
            try:
                while inside < together:
                    await asyncio.sleep(0.001)
                await asyncio.sleep(seconds)
            finally:
                if not together:
                    inside -= 1
            return [n, os.getpid()]
    """,
}


@pytest.mark.timeout(90)
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_five_hundred_cancels_at_random_moments_cross_no_outputs_and_leak_no_slot(client: Client, kind: str) -> None:
    slots = 4 if kind == "async" else 1
    model = client.publish(f"lively-{kind}", LIVELY[kind], f"concurrency = {slots}")
    pid = client.create(model, wait=15, n=-1)["output"][1]
    chance = random.Random(20)
    made: dict[str, int] = {}
    answers: set[int] = set()
    for number in range(500):
        one = client.create(model, n=number)
        made[one["id"]] = number
        _at(time.monotonic() + chance.random() * 0.02)
        answers.add(client.cancel(one["id"]))
    assert answers == {202, 409}, "some were in time, some were late"
    ended = {number: client.ended(prediction_id) for prediction_id, number in made.items()}
    for number, one in ended.items():
        assert one["status"] in ("succeeded", "cancelled")
        assert one["output"] == ([number, pid] if one["status"] == "succeeded" else None)
    assert len({one["status"] for one in ended.values()}) == 2
    # Every slot is free, in the same process: nothing had to be killed.
    last = [client.create(model, **_last(kind, 1000 + n, slots)) for n in range(slots)]
    assert [client.ended(one["id"], deadline=1)["output"] for one in last] == [[1000 + n, pid] for n in range(slots)]


@pytest.mark.timeout(90)
def test_cancels_beside_others_that_wait_in_the_same_worker_cross_nothing(client: Client) -> None:
    model = client.publish("crowded", LIVELY["sync"])
    assert client.create(model, wait=15, n=-1)["output"][0] == -1
    chance = random.Random(21)
    with ThreadPoolExecutor(8) as pool:
        lives = [pool.submit(_live, client, model, number, random.Random(chance.random())) for number in range(400)]
        ended = [one.result() for one in lives]
    for number, one in enumerate(ended):
        assert one["status"] in ("succeeded", "cancelled")
        assert one["output"] is None if one["status"] == "cancelled" else one["output"][0] == number
    assert {one["status"] for one in ended} == {"succeeded", "cancelled"}
    assert client.create(model, wait=2, n=1000)["output"][0] == 1000


def _last(kind: str, number: int, slots: int) -> Json:
    return {"n": number, "together": slots} if kind == "async" else {"n": number}


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_a_stream_that_is_cancelled_at_any_moment_keeps_its_items_and_ends_once(client: Client, kind: str) -> None:
    pause = "time.sleep(0.001)" if kind == "def" else "await asyncio.sleep(0.001)"
    iterator = "Iterator" if kind == "def" else "AsyncIterator"
    model = client.publish(
        f"counting-{kind[:3]}",
        f"""
        import asyncio, time
        from typing import AsyncIterator, Iterator
        {kind} predict(most: int) -> {iterator}[int]:
            for n in range(most):
                yield n
                {pause}
        """,
    )
    assert client.create(model, wait=15, most=3)["output"] == [0, 1, 2]
    chance = random.Random(23)
    lengths: set[int] = set()
    for _ in range(60):
        made = client.http.post("/predictions", json={"model": model, "input": {"most": 9999}, "stream": True}).json()
        _at(time.monotonic() + chance.random() * 0.05)
        assert client.cancel(made["id"]) == 202
        # Read while it ends: the events come to an end by themselves.
        events = client.http.get(f"/predictions/{made['id']}/stream").text.strip().split("\n\n")
        parts = [_fields(event) for event in events]
        parts = [part for part in parts if "id" in part]
        assert [int(part["id"]) for part in parts] == list(range(1, len(parts) + 1))
        assert [part["event"] for part in parts] == ["init", *["output"] * (len(parts) - 2), "done"]
        assert [int(part["data"]) for part in parts[1:-1]] == list(range(len(parts) - 2))
        assert json.loads(parts[-1]["data"]) == {"id": made["id"], "status": "cancelled"}
        assert client.get(made["id"])["status"] == "cancelled"
        lengths.add(len(parts))
    assert len(lengths) > 5, "some were cancelled early, some late"
    assert client.create(model, wait=2, most=3)["output"] == [0, 1, 2]


def _fields(event: str) -> dict[str, str]:
    return {name: value for name, _, value in (line.partition(": ") for line in event.splitlines())}


def _live(client: Client, model: str, number: int, chance: random.Random) -> Json:
    one = client.create(model, n=number)
    if chance.random() < 0.6:
        _at(time.monotonic() + chance.random() * 0.02)
        assert client.cancel(one["id"]) in (202, 409)
    return client.ended(one["id"])


def _at(moment: float) -> None:
    until(lambda: time.monotonic() >= moment, "the moment has come")


def _newest_running(client: Client) -> str | None:
    newest = client.http.get("/predictions?page_size=1").json()["items"][0]
    return newest["id"] if newest["status"] == "started" else None


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_a_cancel_ends_the_fetch_of_a_file_that_never_comes_and_other_fetches_go_on(client: Client, kind: str) -> None:
    model = client.publish(
        f"reader-{kind.replace(' ', '-')}",
        f"""
        from augury import File
        {kind} predict(file: File) -> int:
            return len(file.read_bytes())
        """,
        "concurrency = 8" if kind == "async def" else "",
    )
    with socket.create_server(("127.0.0.1", 0)) as silent, ExitStack() as open_for_ever:
        silent.settimeout(10)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/file"
        # More than a pool of threads would have.
        for _ in range(40 if kind == "async def" else 2):
            one = client.create(model, file=url)
            connection, _ = silent.accept()
            open_for_ever.enter_context(closing(connection))
            assert client.cancel(one["id"]) == 202
            assert client.ended(one["id"], deadline=0.9)["status"] == "cancelled"
        good = client.create(model, file=url)
        connection, _ = silent.accept()
        with closing(connection):
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello")
            assert client.ended(good["id"], deadline=5)["output"] == 5


JOURNAL = """
    import os, time
    def predict(journal: str, n: int = 0, seconds: float = 60) -> int:
        with open(journal, "a") as file:
            file.write(f"{n}@{os.getppid()} ")
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                time.sleep(0.05)
            except BaseException:
                pass
        return n
"""


def test_a_cancel_outlives_the_server_that_took_it_and_nothing_runs_again(
    own_server: Server, own_client: Client, tmp_path: Path
) -> None:
    model = own_client.publish("scribe", JOURNAL)
    journal = tmp_path / "journal"
    running = own_client.create(model, journal=str(journal), n=1)
    own_client.reaches(running["id"], "started")
    queued = own_client.create(model, journal=str(journal), n=2)
    kept = own_client.create(model, journal=str(journal), n=3, seconds=0)
    assert (own_client.cancel(running["id"]), own_client.cancel(queued["id"])) == (202, 202)
    own_server.restart(signal.SIGKILL)
    assert own_client.ended(kept["id"])["output"] == 3
    assert [own_client.get(one["id"])["status"] for one in (running, queued)] == ["cancelled", "cancelled"]
    assert _begun(journal) == [1, 3]


def test_a_cancel_written_while_the_server_is_down_is_done_when_it_is_back(
    own_server: Server, own_client: Client, tmp_path: Path
) -> None:
    model = own_client.publish("scribe", JOURNAL)
    journal = tmp_path / "journal"
    running = own_client.create(model, journal=str(journal), n=1)
    own_client.reaches(running["id"], "started")
    queued = own_client.create(model, journal=str(journal), n=2)
    kept = own_client.create(model, journal=str(journal), n=3, seconds=0)
    own_server.stop(signal.SIGKILL)
    anyio.run(_cancel_in_the_store, f"sqlite:///{own_server.data / 'augury.db'}", [running["id"], queued["id"]])
    own_server.start()
    assert own_client.ended(kept["id"])["output"] == 3
    assert [own_client.get(one["id"])["status"] for one in (running, queued)] == ["cancelled", "cancelled"]
    assert _begun(journal) == [1, 3]


async def _cancel_in_the_store(url: str, ids: list[str]) -> None:
    """What another process does that takes a cancel for the same installation."""
    async with open_database(url) as db:
        for one in map(PredictionId, ids):
            now = time.time_ns() // 1000
            await db.write(lambda c, one=one, now=now: queue.request_cancel(c, one, now))
            await db.write(lambda c, one=one, now=now: queue.end_queued(c, one, Status.CANCELLED, now, None))


@pytest.mark.timeout(60)
def test_one_server_cancels_what_another_runs_also_after_that_one_died(tmp_path: Path, postgres_url: str) -> None:
    journal = tmp_path / "journal"
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    assert _migrate(tmp_path / "a" / "data", postgres_url) == 0
    shared = {"database_url": postgres_url, "blobs_url": (tmp_path / "blobs").as_uri(), "lease": "2"}
    with (
        running(tmp_path / "a", **shared, cancel_grace="1") as one,
        running(tmp_path / "b", **shared, cancel_grace="1") as two,
    ):
        (two.data / "token").write_text(one.token)
        with closing(Client(one, tmp_path)) as first, closing(Client(two, tmp_path)) as second:
            model = first.publish("scribe", JOURNAL)
            callers = {one.pid: first, two.pid: second}

            def run(n: int) -> tuple[Json, Client, Client]:
                """A running prediction, a caller of the server that runs it, and one of the other."""
                made = first.create(model, journal=str(journal), n=n)
                first.reaches(made["id"], "started")
                owner = callers[int(journal.read_text().split()[-1].partition("@")[2])]
                return made, owner, second if owner is first else first

            made, owner, other = run(1)
            assert other.cancel(made["id"]) == 202
            assert owner.ended(made["id"], deadline=4)["status"] == "cancelled"
            made, owner, other = run(2)
            owner.server.stop(signal.SIGKILL)
            assert other.cancel(made["id"]) == 202
            assert other.ended(made["id"], deadline=10)["status"] == "cancelled"
            owner.server.start()
            assert other.create(model, wait=15, journal=str(journal), n=3, seconds=0)["output"] == 3
            assert _begun(journal) == [1, 2, 3]


def _begun(journal: Path) -> list[int]:
    """Which predictions were begun, in order."""
    return [int(line.partition("@")[0]) for line in journal.read_text().split()]


def _migrate(data: Path, url: str) -> int:
    environment = {**os.environ, "AUGURY_DATABASE_URL": url, "AUGURY_DATA": str(data)}
    return subprocess.run(
        [sys.executable, "-m", "augury", "migrate"], env=environment, timeout=25, check=False
    ).returncode


def test_each_attempt_has_a_folder_of_its_own_and_the_last_leaves_nothing(
    own_server: Server, own_client: Client, tmp_path: Path
) -> None:
    model = own_client.publish(
        "litter",
        """
        import os, pathlib, tempfile
        def predict(once: str) -> list[str]:
            found = os.listdir(".") + os.listdir(tempfile.gettempdir())
            pathlib.Path("left-over").write_text("x")
            tempfile.mkstemp()
            if not pathlib.Path(once).exists():
                pathlib.Path(once).touch()
                os.kill(os.getpid(), 9)
            return found
        """,
        "retries = 1",
    )
    assert own_client.create(model, wait=15, once=str(tmp_path / "once"))["output"] == []
    workers = own_server.data / "engine" / "workers"
    until(lambda: not list(workers.rglob("left-over")), "nothing is left of either attempt")
