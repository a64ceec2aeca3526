"""Whatever is killed, whenever: what was accepted ends exactly once, and nothing stays behind."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.support.publishing import Client, Json
from tests.support.server import Server, descendants, running
from tests.support.signals import until

COUNTING = """
import os, time
class Predictor:
    async def predict(self, n: int, seconds: float, journal: str) -> int:
        import asyncio
        with open(journal, "a") as file:
            file.write(f"{n}\\n")
        await asyncio.sleep(seconds)
        return n
"""

GATED = """
import asyncio, os
async def predict(opened: str) -> None:
    while not os.path.exists(opened):
        await asyncio.sleep(0.02)
"""


def test_a_killed_server_loses_nothing_and_runs_nothing_twice_that_it_does_not_say(
    own_server: Server, own_client: Client, tmp_path: Path
) -> None:
    journal = tmp_path / "journal"
    journal.touch()
    model = own_client.publish("counting", COUNTING, "concurrency = 2")
    accepted = [own_client.create(model, n=n, seconds=0.5 if n < 2 else 0.01, journal=str(journal)) for n in range(52)]
    for one in accepted[:2]:
        own_client.reaches(one["id"], "started")
    own_server.restart(signal.SIGKILL)
    ended = [own_client.ended(one["id"], deadline=25) for one in accepted]
    assert [one["status"] for one in ended] == ["succeeded"] * 52
    assert [one["output"] for one in ended] == list(range(52))
    runs = [int(line) for line in journal.read_text().split()]
    twice = {n for n in runs if runs.count(n) > 1}
    assert twice <= {0, 1}, "only what was running when the server was killed was run again"
    assert all(runs.count(n) == 2 for n in twice)
    assert "given back" in own_server.log
    _nothing_left(own_server)


def test_what_was_queued_when_the_server_died_runs_after_the_restart_from_where_it_was(
    own_server: Server, own_client: Client, tmp_path: Path
) -> None:
    journal = tmp_path / "journal"
    journal.touch()
    model = own_client.publish("counting", COUNTING)
    accepted = [own_client.create(model, n=n, seconds=0.03, journal=str(journal)) for n in range(50)]
    until(lambda: own_client.get(accepted[10]["id"])["status"] == "succeeded", "ten are done")
    own_server.restart(signal.SIGKILL)
    assert [own_client.ended(one["id"])["output"] for one in accepted] == list(range(50))


def test_a_prediction_that_goes_down_with_the_server_three_times_is_abandoned(
    own_server: Server, own_client: Client, tmp_path: Path
) -> None:
    model = own_client.publish("endless", "import time\ndef predict() -> None:\n    time.sleep(600)")
    unlucky = own_client.create(model)
    for _ in range(3):
        own_client.reaches(unlucky["id"], "started")
        own_server.restart(signal.SIGKILL)
    ended = own_client.ended(unlucky["id"])
    assert (ended["status"], ended["error"]["source"]) == ("abandoned", "internal")
    assert "given back 2 times" in ended["error"]["message"]


def test_a_cancel_that_the_server_did_not_live_to_carry_out_is_carried_out_by_the_next(
    own_server: Server, own_client: Client
) -> None:
    model = own_client.publish(
        "unstoppable",
        """
        import time
        def predict() -> None:
            end = time.monotonic() + 60
            while time.monotonic() < end:
                try:
                    time.sleep(1)
                except BaseException:
                    pass
        """,
    )
    one = own_client.create(model)
    own_client.reaches(one["id"], "started")
    assert own_client.cancel(one["id"]) == 202
    own_server.restart(signal.SIGKILL)
    assert own_client.ended(one["id"], deadline=5)["status"] == "cancelled"


def test_workers_die_with_a_killed_server_even_while_c_code_holds_them_up(
    own_server: Server, own_client: Client
) -> None:
    model = own_client.publish(
        "frozen", "import ctypes\ndef predict() -> None:\n    ctypes.PyDLL(None).sleep(600)", "run_timeout = 600"
    )
    own_client.reaches(own_client.create(model)["id"], "started")
    assert descendants(own_server.pid)
    own_server.stop(signal.SIGKILL)  # which fails if a process of the server stays


def test_sigterm_lets_what_runs_finish_and_exits_with_zero(own_server: Server, own_client: Client) -> None:
    model = own_client.publish(
        "three",
        "import asyncio\nasync def predict(n: int) -> int:\n    await asyncio.sleep(1.5)\n    return n",
        "concurrency = 3",
    )
    accepted = [own_client.create(model, n=n) for n in range(5)]
    for one in accepted[:3]:
        own_client.reaches(one["id"], "started")
    assert own_server.stop(signal.SIGTERM) == 0
    own_server.start()
    first = [own_client.get(one["id"]) for one in accepted[:3]]
    assert [one["status"] for one in first] == ["succeeded"] * 3
    assert [own_client.ended(one["id"])["output"] for one in accepted] == list(range(5))
    _nothing_left(own_server)


def test_what_does_not_finish_within_the_grace_period_is_given_back_and_not_lost(tmp_path: Path) -> None:
    with (
        running(tmp_path, grace_period="0.5", cancel_grace="0.5") as server,
        closing(Client(server, tmp_path)) as client,
    ):
        model = client.publish(
            "slow",
            "import asyncio\nasync def predict(n: int) -> int:\n    await asyncio.sleep(3)\n    return n",
            "concurrency = 3",
        )
        accepted = [client.create(model, n=n) for n in range(3)]
        for one in accepted:
            client.reaches(one["id"], "started")
        began = time.monotonic()
        assert server.stop(signal.SIGTERM) == 0
        assert time.monotonic() - began < 6
        server.start()
        assert [client.ended(one["id"])["output"] for one in accepted] == [0, 1, 2]
        _nothing_left(server)


def test_a_request_that_is_held_answers_when_the_server_stops(tmp_path: Path) -> None:
    with (
        running(tmp_path, grace_period="0.3", cancel_grace="0.3") as server,
        closing(Client(server, tmp_path)) as client,
        ThreadPoolExecutor(1) as pool,
    ):
        model = client.publish("sleeper", "import time\ndef predict() -> None:\n    time.sleep(60)")
        client.create(model, wait=1)
        held = pool.submit(client.create, model, 30)
        until(lambda: client.http.get("/predictions").json()["items"][1:], "the second is stored")
        assert server.stop(signal.SIGTERM) == 0
        assert held.result(10)["status"] not in ("succeeded", "failed")


def test_five_hundred_creates_at_once_are_all_accepted_and_run_in_order(own_client: Client, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    model = own_client.publish(
        "orderly",
        """
        import time
        def predict(n: int, journal: str) -> int:
            with open(journal, "a") as file:
                file.write(f"{n}\\n")
            time.sleep(0.002)
            return n
        """,
    )

    def create(n: int) -> Json:
        return own_client.create(model, n=n, journal=str(journal))

    with ThreadPoolExecutor(32) as pool:
        accepted = list(pool.map(create, range(500)))
    order = [int(one["input"]["n"]) for one in sorted(accepted, key=lambda one: one["id"])]
    assert [own_client.ended(one["id"])["output"] for one in accepted] == list(range(500))
    assert [int(line) for line in journal.read_text().split()] == order


def test_ready_and_alive_are_two_things(own_server: Server, own_client: Client) -> None:
    assert httpx.get(f"{own_server.url}/livez").status_code == 200
    assert httpx.get(f"{own_server.url}/readyz").status_code == 200


@pytest.mark.parametrize("same_port", [False, True])
def test_a_second_server_on_the_same_folder_exits_with_3_and_names_the_first(
    own_server: Server, same_port: bool
) -> None:
    port = str(own_server.port) if same_port else "0"
    second = subprocess.run(
        [sys.executable, "-m", "augury", "serve", "--port", port, "--data", str(own_server.data)],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert second.returncode == 3
    assert str(own_server.pid) in second.stderr


def _nothing_left(server: Server) -> None:
    """Once nothing runs, a worker's folder holds no run of before."""
    homes = server.data / "engine" / "workers"
    until(
        lambda: (
            not [entry for home in homes.iterdir() for entry in (home / "scratch").glob("*") if any(entry.iterdir())]
        ),
        "no scratch folder is left",
    )


def test_a_store_that_fails_after_a_create_makes_no_error_of_it_that_would_be_created_again(
    own_server: Server, own_client: Client, tmp_path: Path
) -> None:
    opened = tmp_path / "open"
    model = own_client.publish("gated", GATED)
    with ThreadPoolExecutor() as threads:
        held = threads.submit(own_client.create, model, 3, opened=str(opened))
        until(lambda: own_client.http.get("/predictions").json()["items"], "the prediction is stored")
        with closing(sqlite3.connect(own_server.data / "augury.db", timeout=10, isolation_level=None)) as other:
            other.execute("ALTER TABLE predictions RENAME TO elsewhere")
            # Which fails for any answer but 200 and 202: an error would make the client create it again.
            told = held.result(timeout=15)
            other.execute("ALTER TABLE elsewhere RENAME TO predictions")
    opened.touch()
    assert own_client.ended(told["id"])["status"] == "succeeded"
    assert len(own_client.http.get("/predictions").json()["items"]) == 1
