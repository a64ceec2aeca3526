"""However a prediction's process ends, the prediction ends truthfully, and the next one works."""

from __future__ import annotations

import os
import re
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from tests.support.publishing import Client
from tests.support.server import Server, descendants
from tests.support.signals import until

MOODS = """
import ctypes, os, sys, time

class Unprintable(Exception):
    def __str__(self) -> str:
        raise ValueError("not even this")

def predict(mood: str) -> str:
    print("about to", mood, flush=True)
    if mood == "raise":
        raise RuntimeError("no luck")
    if mood == "unprintable":
        raise Unprintable()
    if mood == "exit":
        os._exit(3)
    if mood == "sys.exit":
        sys.exit("tired")
    if mood == "segfault":
        ctypes.string_at(0)
    if mood == "abort":
        os.abort()
    if mood == "memory":
        bytearray(1 << 62)
    if mood == "kill":
        os.kill(os.getpid(), 9)
    if mood == "pid":
        return str(os.getpid())
    return mood
"""


@pytest.fixture(scope="module")
def moods(server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    with closing(Client(server, tmp_path_factory.mktemp("moods"))) as client:
        return client.publish("moods", MOODS)


@pytest.mark.parametrize(
    ("mood", "source", "words"),
    [
        ("raise", "external", "no luck"),
        ("unprintable", "external", "Unprintable"),
        ("sys.exit", "external", "SystemExit"),
        ("memory", "external", "MemoryError"),
        ("exit", "external", "exit code 3"),
        ("segfault", "external", "SIGSEGV"),
        ("abort", "external", "SIGABRT"),
        ("kill", "internal", "SIGKILL"),
    ],
)
def test_a_prediction_that_goes_wrong_fails_with_its_reason_and_the_next_one_works(
    client: Client, moods: str, mood: str, source: str, words: str
) -> None:
    failed = client.create(moods, wait=15, mood=mood)
    assert failed["status"] == "failed", failed
    assert failed["output"] is None
    assert failed["error"]["source"] == source
    assert words in failed["error"]["message"] + str(failed["error"]["detail"])
    assert f"about to {mood}" in failed["error"]["detail"]["logs"]
    assert client.create(moods, wait=15, mood="fine")["output"] == "fine"


def test_a_traceback_names_the_line_of_the_model(client: Client, moods: str) -> None:
    error = client.create(moods, wait=15, mood="raise")["error"]
    assert error["detail"]["type"] == "RuntimeError"
    assert any("predict.py" in line and "predict" in line for line in error["detail"]["traceback"])


def test_a_worker_killed_from_outside_fails_its_prediction_as_internal_and_is_replaced(
    client: Client, server: Server
) -> None:
    model = client.publish(
        "sleeper",
        "import os, time\ndef predict(seconds: float) -> int:\n    time.sleep(seconds)\n    return os.getpid()",
    )
    pid = client.create(model, wait=15, seconds=0)["output"]
    running = client.create(model, seconds=30)
    client.reaches(running["id"], "started")
    os.kill(pid, signal.SIGKILL)
    ended = client.ended(running["id"])
    assert (ended["status"], ended["error"]["source"]) == ("failed", "internal")
    assert "SIGKILL" in ended["error"]["message"]
    following = client.create(model, wait=15, seconds=0)
    assert following["status"] == "succeeded"
    assert following["output"] != pid


def test_a_prediction_with_a_retry_left_runs_again_after_its_worker_died(client: Client) -> None:
    model = client.publish(
        "second-time",
        """
        import os, pathlib
        def predict(marker: str) -> str:
            path = pathlib.Path(marker)
            if not path.exists():
                path.touch()
                os._exit(9)
            return "second time"
        """,
        "retries = 1",
    )
    marker = str(client.folder / "marker")
    assert client.create(model, wait=15, marker=marker)["output"] == "second time"


def test_what_only_waited_in_dying_workers_still_has_its_retry(client: Client) -> None:
    model = client.publish(
        "mortal",
        """
        import os, pathlib
        def predict(once: str = "") -> str:
            if once and not pathlib.Path(once).exists():
                pathlib.Path(once).touch()
                os.kill(os.getpid(), 9)
            return "lives"
        """,
        "retries = 1",
    )
    for _ in range(10):
        # Short ones, so that the next are sent before the worker is free.
        assert client.create(model, wait=15)["output"] == "lives"
    for turn in range(3):
        # Each dies once and takes those along that were sent behind it: those have not been tried at all.
        marks = [str(client.folder / f"mark-{turn}-{n}") for n in range(6)]

        def output(mark: str) -> str:
            return client.create(model, wait=20, once=mark)["output"]

        with ThreadPoolExecutor(6) as pool:
            assert list(pool.map(output, marks)) == ["lives"] * 6


def test_one_model_that_dies_again_and_again_leaves_another_untouched(client: Client, moods: str) -> None:
    other = client.publish("steady", "def predict(n: int) -> int:\n    return n + 1")
    for turn in range(6):
        doomed = client.create(moods, mood="kill")
        assert client.create(other, wait=15, n=turn)["output"] == turn + 1
        assert client.ended(doomed["id"])["status"] == "failed"


def test_ten_deaths_in_a_row_open_the_circuit_and_the_error_says_so(client: Client) -> None:
    model = client.publish("fragile", MOODS)
    for _ in range(10):
        assert client.create(model, wait=15, mood="segfault")["error"]["detail"]["type"] == "exit"
    resting = client.create(model, wait=15, mood="fine")
    assert resting["status"] == "failed"
    assert resting["error"]["detail"]["type"] == "circuit_open"
    assert "10 times in a row" in resting["error"]["message"]


def test_a_success_between_deaths_keeps_the_circuit_closed(client: Client) -> None:
    model = client.publish("wobbly", MOODS)
    for _ in range(4):
        for _ in range(3):
            assert client.create(model, wait=15, mood="exit")["status"] == "failed"
        assert client.create(model, wait=15, mood="fine")["output"] == "fine"


def test_no_process_of_a_dead_worker_stays(client: Client, server: Server) -> None:
    model = client.publish(
        "parent",
        """
        import os, subprocess
        def predict(die: bool) -> int:
            child = subprocess.Popen(["sleep", "299.875"])
            if die:
                os.kill(os.getpid(), 9)
            return child.pid
        """,
    )
    assert client.create(model, wait=15, die=True)["status"] == "failed"
    until(lambda: not any(_is_sleep(pid) for pid in _all_pids()), "the dead worker's children are gone")


def _all_pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _is_sleep(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read() == b"sleep\x00299.875\x00"
    except OSError:
        return False


def test_an_output_that_does_not_fit_its_own_type_fails_with_the_path(client: Client) -> None:
    model = client.publish("liar", 'def predict() -> list[int]:\n    return [1, "two", 3]  # type: ignore')
    failed = client.create(model, wait=15)
    assert (failed["status"], failed["error"]["source"]) == ("failed", "external")
    assert failed["error"]["detail"]["problems"][0]["loc"] == ["output", 1]


def test_an_idle_worker_that_was_killed_is_simply_replaced(client: Client, server: Server, moods: str) -> None:
    pid = int(client.create(moods, wait=15, mood="pid")["output"])
    assert pid in descendants(server.pid)
    before = _restarts(client)
    os.kill(pid, signal.SIGKILL)
    until(lambda: pid not in descendants(server.pid), "the killed worker is gone")
    assert client.create(moods, wait=15, mood="fine")["output"] == "fine"
    assert _restarts(client) == before + 1


def _restarts(client: Client) -> float:
    """How many workers ended although nobody wanted it, as the metrics count them."""
    text = client.http.get(f"{client.server.url}/metrics").text
    return float(re.findall(r"^augury_worker_restarts_total (\S+)", text, re.MULTILINE)[0])
