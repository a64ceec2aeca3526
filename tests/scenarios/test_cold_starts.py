"""Workers come when they are needed, stay while anything runs in them, and go with all that they started."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.support.publishing import Client
from tests.support.server import descendants, running
from tests.support.signals import until

SETTING_UP = """
    import os, signal, subprocess, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    class Predictor:
        def setup(self) -> None:
            with open({pids!r}, "a") as file:
                child = subprocess.Popen(["sleep", "300"])
                alone = subprocess.Popen(["sleep", "300"], start_new_session=True)
                file.write(f"{{os.getpid()}} {{child.pid}} {{alone.pid}} ")
            while True:
                try:
                    time.sleep(60)
                except BaseException:
                    pass
        def predict(self, n: int = 0) -> int:
            return n
"""


@pytest.fixture
def lonely(tmp_path: Path) -> Generator[Client]:
    """A caller of a server of this test alone, which stops workers soon."""
    with (
        running(tmp_path, cancel_grace="1", grace_period="5", idle_timeout="0.2") as server,
        closing(Client(server, tmp_path)) as client,
    ):
        yield client


@pytest.mark.parametrize("how", ["cancel", "Cancel-After", "start limit"])
def test_a_setup_that_nobody_waits_for_any_more_is_ended_with_all_its_children(client: Client, how: str) -> None:
    pids = client.folder / "pids"
    limit = "start_timeout = 2" if how == "start limit" else ""
    model = client.publish(f"unwanted-{how[:3].lower()}", SETTING_UP.format(pids=str(pids)), limit)
    headers = {"Cancel-After": "2"} if how == "Cancel-After" else {}
    waiting = [client.create(model, headers=headers) for _ in range(2)]
    until(pids.exists, "its worker is being set up")
    family = until(lambda: _numbers(pids, 3), "it has children")
    if how == "cancel":
        assert client.cancel(waiting[0]["id"]) == 202
        assert client.reaches(waiting[1]["id"], "starting")
        assert all(map(_runs, family)), "one still waits"
        assert client.cancel(waiting[1]["id"]) == 202
    for one in waiting:
        assert client.ended(one["id"], deadline=4)["status"] == ("cancelled" if how == "cancel" else "abandoned")
    until(lambda: not any(map(_runs, family)), "the whole family is gone", deadline=3)


def test_after_an_aborted_cold_start_the_next_prediction_gets_a_worker_at_once(client: Client) -> None:
    flag = client.folder / "flag"
    model = client.publish(
        "hesitant",
        f"""
        import pathlib, time
        class Predictor:
            def setup(self) -> None:
                while not pathlib.Path({str(flag)!r}).exists():
                    time.sleep(0.01)
            def predict(self, n: int) -> int:
                return n
        """,
    )
    for n in range(5):
        waiting = client.create(model, n=n)
        client.reaches(waiting["id"], "starting")
        assert client.cancel(waiting["id"]) == 202
    flag.touch()
    began = time.monotonic()
    ended = client.create(model, wait=10, n=7)
    assert (ended["output"], ended["status"]) == (7, "succeeded")
    assert time.monotonic() - began < 3, "aborted starts are no failures to back off from"


def test_calls_around_the_moment_in_which_an_idle_worker_is_stopped_all_succeed(lonely: Client) -> None:
    model = lonely.publish("napper", "import os\ndef predict() -> int:\n    return os.getpid()")
    chance = random.Random(103)
    pids: list[int] = []
    for _ in range(25):
        answer = lonely.create(model, wait=15)
        assert answer["status"] == "succeeded"
        pids.append(answer["output"])
        moment = time.monotonic() + 0.19 + chance.random() * 0.04
        until(lambda moment=moment: time.monotonic() >= moment, "about the time when it is stopped")
    assert 1 < len(set(pids)) < 25, "some came before the worker was stopped, some after"


@pytest.mark.parametrize("kind", ["silent", "pausing generator", "one slot of four"])
def test_a_worker_is_not_idle_while_anything_runs_in_it(lonely: Client, kind: str) -> None:
    sources = {
        "silent": "import time\ndef predict(n: int) -> list[int]:\n    time.sleep(1.5)\n    return [n]",
        "pausing generator": (
            "import time\nfrom typing import Iterator\ndef predict(n: int) -> Iterator[int]:\n"
            "    yield n\n    time.sleep(0.8)\n    yield n\n    time.sleep(0.8)"
        ),
        "one slot of four": "import asyncio\nasync def predict(n: int) -> list[int]:\n"
        "    await asyncio.sleep(1.5)\n    return [n]",
    }
    model = lonely.publish(f"kept-{kind[:3]}", sources[kind], "concurrency = 4" if kind.startswith("one") else "")
    ended = lonely.create(model, wait=15, n=5)
    assert ended["output"] == ([5, 5] if kind.startswith("pausing") else [5])


HOOKED = """
    import pathlib, time
    class Predictor:
        def predict(self, n: int = 0) -> int:
            return n
        {kind} teardown(self) -> None:
            {sleeper}
            pathlib.Path({mark!r}).touch()
            {rest}
"""


@pytest.mark.parametrize("kind", ["def", "async def"])
@pytest.mark.parametrize("when", ["idle", "server stops"])
def test_teardown_runs_when_a_worker_is_idle_or_its_server_stops(lonely: Client, kind: str, when: str) -> None:
    mark = lonely.folder / "mark"
    source = HOOKED.format(kind=kind, sleeper="time.sleep(0.3)", mark=str(mark), rest="return None")
    model = lonely.publish("hooked", source, "idle_timeout = 600" if when != "idle" else "")
    assert lonely.create(model, wait=15, n=1)["output"] == 1
    if when == "idle":
        until(mark.exists, "it is taken down")
        assert lonely.create(model, wait=15, n=2)["output"] == 2
    else:
        assert lonely.server.stop() == 0
        assert mark.exists()


@pytest.mark.parametrize("sleeper", ["time.sleep(300)", "raise SystemExit(4)", "import os; os.kill(os.getpid(), 9)"])
def test_a_teardown_that_never_ends_or_goes_wrong_holds_up_nothing(lonely: Client, sleeper: str) -> None:
    mark = lonely.folder / "mark"
    source = HOOKED.format(kind="def", sleeper=sleeper, mark=str(mark), rest="return None")
    model = lonely.publish("clinging", source)
    for n in range(2):
        assert lonely.create(model, wait=15, n=n)["output"] == n
        until(lambda: not descendants(lonely.server.pid), "its time is over, and it goes", deadline=4)
    assert lonely.create(model, wait=15, n=3)["output"] == 3
    began = time.monotonic()
    assert lonely.server.stop() == 0
    assert time.monotonic() - began < 4
    assert not mark.exists()


FAMILY = """
    import os, subprocess, sys, time
    def predict(pids: str, end: str) -> int:
        plain = subprocess.Popen(["sleep", "300"])
        alone = subprocess.Popen(["sleep", "300"], start_new_session=True)
        # A daemon: its parent is gone, and it has a session of its own.
        daemon = "import os, time\\nif os.fork(): os._exit(0)\\nos.setsid()\\nif os.fork(): os._exit(0)\\n"
        daemon += "open(os.environ['PIDS'], 'w').write(f'{os.getpid()} ')\\ntime.sleep(300)"
        subprocess.run([sys.executable, "-c", daemon], env={**os.environ, "PIDS": pids + ".daemon"})
        while not os.path.exists(pids + ".daemon"):
            time.sleep(0.01)
        with open(pids, "w") as file:
            file.write(f"{os.getpid()} {plain.pid} {alone.pid} ")
        if end == "worker dies":
            os._exit(3)
        while end == "cancelled":
            try:
                time.sleep(9)
            except BaseException:
                pass
        return os.getpid()
"""


@pytest.mark.parametrize("end", ["idle", "server stops", "server is killed", "worker dies", "cancelled"])
def test_no_child_of_a_model_stays_however_its_worker_ends(lonely: Client, end: str) -> None:
    model = lonely.publish("family", FAMILY, "" if end == "idle" else "idle_timeout = 600")
    pids = lonely.folder / "pids"
    made = lonely.create(model, pids=str(pids), end=end)
    family = until(lambda: _numbers(pids, 3), "its children are there")
    family += until(lambda: _numbers(lonely.folder / "pids.daemon", 1), "and the daemon, too")
    if end == "cancelled":
        lonely.reaches(made["id"], "started")
        assert lonely.cancel(made["id"]) == 202
    lonely.ended(made["id"])
    if end == "server stops":
        assert lonely.server.stop() == 0
    elif end == "server is killed":
        # What has left the group is found by its mark when the next server starts.
        os.kill(lonely.server.pid, signal.SIGKILL)
        until(lambda: not descendants(lonely.server.pid), "it is dead, and they are nobody's children")
        lonely.server.restart()
    until(lambda: not any(map(_runs, family)), "none of them is left")


def test_a_first_call_of_many_at_once_starts_one_worker_and_all_succeed(client: Client) -> None:
    model = client.publish(
        "sought-after",
        """
        import os, time
        class Predictor:
            def setup(self) -> None:
                time.sleep(0.5)
            def predict(self, n: int) -> list[int]:
                return [n, os.getpid()]
        """,
    )

    def output(n: int) -> list[int]:
        return client.create(model, wait=20, n=n)["output"]

    with ThreadPoolExecutor(20) as pool:
        outputs = list(pool.map(output, range(20)))
    assert [n for n, _ in outputs] == list(range(20))
    assert len({pid for _, pid in outputs}) == 1


def test_a_server_has_neither_processes_nor_files_of_workers_once_nothing_runs(lonely: Client) -> None:
    model = lonely.publish("passing", "def predict(n: int) -> int:\n    return n")
    assert lonely.create(model, wait=15, n=1)["output"] == 1
    until(lambda: not descendants(lonely.server.pid), "the idle worker has gone")
    homes = lonely.server.data / "engine" / "workers"
    until(lambda: not list(homes.iterdir()), "with all its files")


def _numbers(path: Path, least: int) -> list[int]:
    with suppress(FileNotFoundError):
        found = path.read_text()
        if found.endswith(" ") and len(found.split()) >= least:
            return [int(one) for one in found.split()]
    return []


def _runs(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
