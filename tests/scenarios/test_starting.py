"""A version that cannot start says why and is left alone; one that takes its time is waited for."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.support.publishing import Client
from tests.support.server import Server, descendants
from tests.support.signals import until

SLOW = """
import time
class Predictor:
    def setup(self) -> None:
        print("loading weights", flush=True)
        time.sleep({seconds})
    def predict(self, n: int) -> int:
        return n
"""


@pytest.mark.parametrize(
    ("name", "setup", "words"),
    [
        ("raises", 'raise RuntimeError("no weights")', "no weights"),
        ("exits", "import sys; sys.exit(1)", ""),
        ("vanishes", "import os; os._exit(7)", "exit code 7"),
        ("crashes", "import ctypes; ctypes.string_at(0)", "SIGSEGV"),
    ],
)
def test_a_version_whose_setup_fails_is_broken_and_its_predictions_fail_with_the_setup_log(
    client: Client, name: str, setup: str, words: str
) -> None:
    model = client.publish(
        f"setup-{name}",
        f"""
        class Predictor:
            def setup(self) -> None:
                print("reading the weights", flush=True)
                {setup}
            def predict(self) -> int:
                return 1
        """,
    )
    waiting = [client.create(model) for _ in range(3)]
    for one in waiting:
        ended = client.ended(one["id"], deadline=10)
        assert (ended["status"], ended["error"]["source"]) == ("failed", "external")
        assert "cannot start" in ended["error"]["message"]
        assert words in str(ended["error"])
        assert "reading the weights" in ended["error"]["detail"]["logs"]
        assert ended["execution_time"] is None
    # It is left alone from now on: the answer comes without another try.
    again = client.create(model, wait=10)
    assert again["status"] == "failed"
    assert "cannot start" in again["error"]["message"]


def test_a_broken_version_is_tried_again_with_a_new_configuration(client: Client) -> None:
    flag = client.folder / "repaired"
    model = client.publish(
        "repairable",
        f"""
        import pathlib
        class Predictor:
            def setup(self) -> None:
                if not pathlib.Path({str(flag)!r}).exists():
                    raise RuntimeError("broken for now")
            def predict(self) -> str:
                return "works"
        """,
    )
    assert client.create(model, wait=15)["status"] == "failed"
    flag.touch()
    answer = client.http.patch("/models/owner/repairable/versions/1/configuration", json={"variable_names": []})
    assert answer.status_code == 200, answer.text
    assert client.create(model, wait=15)["output"] == "works"


def test_a_prediction_created_during_setup_waits_says_starting_and_knows_its_setup_time(client: Client) -> None:
    model = client.publish("slow-setup", SLOW.format(seconds=1.5))
    first = client.create(model, n=1)
    client.reaches(first["id"], "starting")
    ended = client.create(model, wait=15, n=2)
    assert ended["output"] == 2
    assert client.ended(first["id"])["output"] == 1
    assert ended["setup_time"] is not None
    warm = client.create(model, wait=15, n=3)
    assert (warm["output"], warm["setup_time"]) == (3, None)


def test_setup_over_its_limit_is_stopped_and_the_error_names_the_limit(client: Client) -> None:
    model = client.publish("endless-setup", SLOW.format(seconds=600), "setup_timeout = 0.5")
    failed = client.ended(client.create(model, n=1)["id"])
    assert failed["status"] == "failed"
    assert "limit of 0.5 s" in str(failed["error"])


def test_a_setup_that_takes_longer_than_the_servers_limit_may_if_its_version_says_so(client: Client) -> None:
    model = client.publish("patient", SLOW.format(seconds=1), 'setup_timeout = "20m"')
    assert client.create(model, wait=15, n=5)["output"] == 5


def test_the_server_is_up_before_any_model_and_stops_in_the_middle_of_a_setup(
    own_server: Server, own_client: Client
) -> None:
    model = own_client.publish("forever", SLOW.format(seconds=600))
    waiting = own_client.create(model, n=1)
    own_client.reaches(waiting["id"], "starting")
    assert own_client.http.get("/user").status_code == 200
    assert own_client.cancel(own_client.create(model, n=2)["id"]) == 202
    began = time.monotonic()
    assert own_server.stop(signal.SIGTERM) == 0
    assert time.monotonic() - began < 10
    own_server.start()
    assert own_client.get(waiting["id"])["status"] in ("pending", "starting")


def test_the_setup_of_a_cold_start_ends_when_its_only_waiter_is_cancelled(
    own_server: Server, own_client: Client
) -> None:
    model = own_client.publish("unwanted", SLOW.format(seconds=600))
    waiting = own_client.create(model, n=1)
    own_client.reaches(waiting["id"], "starting")
    until(lambda: descendants(own_server.pid), "its worker is being set up")
    assert own_client.cancel(waiting["id"]) == 202
    assert own_client.get(waiting["id"])["status"] == "cancelled"
    until(lambda: not descendants(own_server.pid), "nobody waits for the worker any more, so it goes")


def test_a_worker_without_work_is_stopped_and_comes_back_when_needed(client: Client, server: Server) -> None:
    model = client.publish(
        "napper", "import os\ndef predict() -> int:\n    return os.getpid()", 'idle_timeout = "300ms"'
    )
    pid = client.create(model, wait=15)["output"]
    until(lambda: not _exists(pid), "the idle worker goes")
    again = client.create(model, wait=15)
    assert again["status"] == "succeeded"
    assert again["output"] != pid


def test_a_worker_is_never_idle_while_it_runs_something_silently(client: Client) -> None:
    model = client.publish(
        "silent", "import time\ndef predict() -> str:\n    time.sleep(2)\n    return 'done'", "idle_timeout = 0.3"
    )
    assert client.create(model, wait=15)["output"] == "done"


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_what_waits_behind_a_long_prediction_is_taken_back_for_a_free_worker(client: Client) -> None:
    model = client.publish(
        "two-workers",
        "import time\ndef predict(n: int, seconds: float = 0) -> int:\n    time.sleep(seconds)\n    return n",
        "workers = {min = 0, max = 2}",
    )
    # Short ones first, so that several are sent ahead.
    for n in range(20):
        assert client.create(model, wait=15, n=n)["output"] == n
    long = client.create(model, n=-1, seconds=8)
    behind = [client.create(model, n=n) for n in range(12)]
    assert [client.ended(one["id"], deadline=6)["output"] for one in behind] == list(range(12))
    assert client.get(long["id"])["status"] == "started"
    assert client.ended(long["id"])["output"] == -1
