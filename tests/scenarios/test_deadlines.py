"""Every limit ends what is over it, on time, in one terminal state that names the limit, whatever else goes on."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Generator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from tests.support.publishing import TERMINAL, Client, Json
from tests.support.server import Server, running
from tests.support.signals import until

LATE = 0.5
"""Seconds after its time within which a limit has acted, with all of a test machine's slowness."""
GRACE = 1.0

SLEEPER = "import time\ndef predict(seconds: float = 60) -> float:\n    time.sleep(seconds)\n    return seconds"
DEAF = """
    import time
    def predict() -> None:
        while True:
            try:
                time.sleep(60)
            except BaseException:
                pass
"""
SLOW_SETUP = """
    import time
    class Predictor:
        def setup(self) -> None:
            time.sleep(60)
        def predict(self) -> int:
            return 1
"""
GATED = """
    import pathlib, time
    def predict(gate: str) -> str:
        while not pathlib.Path(gate).exists():
            time.sleep(0.01)
        return "through"
"""


def _lived(ended: Json) -> float:
    """Seconds from its creation to its end, by the server's own clock."""
    assert ended["status"] in TERMINAL
    return (datetime.fromisoformat(ended["updated_at"]) - datetime.fromisoformat(ended["created_at"])).total_seconds()


def test_the_queue_limit_does_not_wait_for_the_running_prediction(client: Client) -> None:
    model = client.publish("occupied-long", SLEEPER, "start_timeout = 1.5")
    busy = client.create(model, seconds=4)
    client.reaches(busy["id"], "started")
    waiting = [client.create(model, seconds=0) for _ in range(3)]
    for one in waiting:
        ended = client.ended(one["id"], deadline=3)
        assert (ended["status"], ended["error"]["source"]) == ("abandoned", "internal")
        assert ended["error"]["detail"] == {"type": "deadline", "limit": "start"}
        assert "queue limit of 1.5 s" in ended["error"]["message"]
        assert 1.5 <= _lived(ended) < 1.5 + LATE
        assert ended["execution_time"] is None
    assert client.get(busy["id"])["status"] == "started"
    assert client.ended(busy["id"])["status"] == "succeeded"


def test_what_was_sent_ahead_into_a_worker_that_became_busy_is_abandoned_on_time_too(client: Client) -> None:
    model = client.publish("sent-ahead", SLEEPER, "start_timeout = 1")
    for _ in range(10):
        # Short ones, so that the next are sent before the worker is free.
        assert client.create(model, wait=15, seconds=0)["status"] == "succeeded"
    busy = client.create(model, seconds=3)
    ahead = [client.create(model, seconds=0) for _ in range(3)]
    for one in ahead:
        ended = client.ended(one["id"], deadline=2.5)
        assert ended["status"] == "abandoned"
        assert 1 <= _lived(ended) < 1 + LATE
    assert client.ended(busy["id"])["status"] == "succeeded"
    assert client.create(model, wait=10, seconds=0)["status"] == "succeeded"


def test_what_began_in_time_and_was_lost_with_its_server_is_not_abandoned_for_waiting_again(
    own_server: Server, own_client: Client, tmp_path: Path
) -> None:
    model = own_client.publish("gated", GATED, "start_timeout = 2")
    gate = tmp_path / "gate"
    one = own_client.create(model, gate=str(gate))
    created = time.monotonic()
    own_client.reaches(one["id"], "started", deadline=2)
    until(lambda: time.monotonic() > created + 2, "its queue limit is over")
    own_server.restart(signal.SIGKILL)
    gate.touch()
    assert own_client.ended(one["id"])["output"] == "through"


@pytest.mark.parametrize("lives", ["queued", "starting", "running", "deaf", "cancelled and deaf", "sent ahead"])
def test_cancel_after_ends_a_prediction_in_whatever_state_it_is(client: Client, lives: str) -> None:
    source = {"starting": SLOW_SETUP, "deaf": DEAF, "cancelled and deaf": DEAF}.get(lives, SLEEPER)
    model = client.publish(f"lives-{lives.replace(' ', '-')}", source)
    blocker: Json | None = None
    if lives in ("queued", "sent ahead"):
        assert client.create(model, wait=15, seconds=0)["status"] == "succeeded"
        blocker = client.create(model)
        if lives == "queued":
            client.reaches(blocker["id"], "started")
    # Time enough for the state to be reached, also where the worker is cold.
    life = 1.5
    one = client.create(model, headers={"Cancel-After": str(life)})
    if lives == "cancelled and deaf":
        client.reaches(one["id"], "started", deadline=life)
        assert client.cancel(one["id"]) == 202
    elif lives in ("running", "deaf"):
        client.reaches(one["id"], "started", deadline=life)
    elif lives == "starting":
        client.reaches(one["id"], "starting", deadline=life)
    ended = client.ended(one["id"], deadline=life + GRACE + 2)
    ran = lives in ("running", "deaf", "cancelled and deaf")
    assert ended["status"] == ("cancelled" if ran else "abandoned")
    late = GRACE if "deaf" in lives else 0.0
    assert _lived(ended) < life + late + LATE
    if lives != "cancelled and deaf":
        assert ended["error"]["source"] == ("external" if ran else "internal")
        assert ended["error"]["detail"]["limit"] == "life"
        assert f"{life} s" in ended["error"]["message"]
        assert _lived(ended) >= life
    assert (ended["execution_time"] is not None) == ran
    if blocker is not None:
        assert client.cancel(blocker["id"]) == 202


def test_a_life_that_ended_while_the_server_was_down_ends_at_its_start(
    own_server: Server, own_client: Client, tmp_path: Path
) -> None:
    model = own_client.publish("gated", GATED)
    life = {"Cancel-After": "2"}
    running = own_client.create(model, gate=str(tmp_path / "never"), headers=life)
    queued = own_client.create(model, gate=str(tmp_path / "never"), headers=life)
    created = time.monotonic()
    own_client.reaches(running["id"], "started", deadline=2)
    own_server.stop(signal.SIGKILL)
    until(lambda: time.monotonic() > created + 2, "their time is over")
    own_server.start()
    for one, words in ((running, "was not done within"), (queued, "did not start within")):
        ended = own_client.ended(one["id"], deadline=2)
        assert (ended["status"], ended["error"]["source"]) == ("abandoned", "internal")
        assert f"{words} its whole life of 2 s" in ended["error"]["message"]
    (tmp_path / "gate").touch()
    assert own_client.create(model, wait=10, gate=str(tmp_path / "gate"))["output"] == "through"


@pytest.mark.parametrize(
    ("limit", "kind", "status", "source", "options", "headers"),
    [
        ("setup", "setup_timeout", "failed", SLOW_SETUP, "setup_timeout = 0.3", {}),
        ("run", "run_timeout", "failed", SLEEPER, "run_timeout = 0.5", {}),
        ("life", "deadline", "cancelled", SLEEPER, "", {"Cancel-After": "1.5"}),
        ("start", "deadline", "abandoned", SLOW_SETUP, "start_timeout = 0.5", {}),
    ],
)
def test_each_limit_has_its_own_type_and_name_in_an_error_that_is_no_error_of_http(
    client: Client, limit: str, kind: str, status: str, source: str, options: str, headers: Json
) -> None:
    model = client.publish(f"limited-by-{limit}", source, options)
    ended = client.ended(client.create(model, headers=headers)["id"], deadline=10)
    assert ended["status"] == status
    assert (ended["error"]["detail"]["type"], ended["error"]["detail"]["limit"]) == (kind, limit)


@pytest.mark.parametrize(
    ("name", "body"),
    [("interruptible", "time.sleep(60)"), ("in-c", "threading.Lock().acquire() and l.acquire()")],
)
def test_a_prediction_over_its_run_limit_fails_names_the_limit_and_the_next_one_works(
    client: Client, name: str, body: str
) -> None:
    model = client.publish(
        f"limit-{name}",
        f"""
        import threading, time
        l = threading.Lock(); l.acquire()
        def predict(hang: bool) -> str:
            if hang:
                {body}
            return "fine"
        """,
        "run_timeout = 1",
    )
    hanging = client.create(model, hang=True)
    ended = client.ended(hanging["id"], deadline=8)
    assert (ended["status"], ended["error"]["source"]) == ("failed", "external")
    assert "run limit of 1 s" in ended["error"]["message"]
    assert client.create(model, wait=10, hang=False)["output"] == "fine"


def test_a_hang_in_c_code_that_holds_the_interpreter_is_killed(client: Client) -> None:
    model = client.publish(
        "frozen",
        """
        import ctypes
        def predict(hang: bool) -> str:
            if hang:
                ctypes.PyDLL(None).sleep(60)
            return "fine"
        """,
        "run_timeout = 0.5",
    )
    ended = client.ended(client.create(model, hang=True)["id"], deadline=8)
    assert "run limit of 0.5 s" in ended["error"]["message"]
    assert client.create(model, wait=10, hang=False)["output"] == "fine"


@pytest.mark.parametrize(("run", "life", "status"), [(0.7, 3.0, "failed"), (3.0, 1.5, "cancelled")])
def test_of_two_limits_the_one_that_comes_first_ends_it(client: Client, run: float, life: float, status: str) -> None:
    model = client.publish(f"two-limits-{status}", SLEEPER, f"run_timeout = {run}")
    assert client.create(model, wait=15, seconds=0)["status"] == "succeeded"
    ended = client.ended(client.create(model, headers={"Cancel-After": str(life)})["id"])
    assert ended["status"] == status
    assert min(run, life) <= _lived(ended) < min(run, life) + LATE


def test_a_held_request_is_answered_when_the_life_is_over(client: Client) -> None:
    model = client.publish("held-life", SLEEPER)
    assert client.create(model, wait=15, seconds=0)["status"] == "succeeded"
    began = time.monotonic()
    answer = client.http.post(
        "/predictions", json={"model": model, "input": {}}, headers={"Prefer": "wait=20", "Cancel-After": "1"}
    )
    assert 1 <= time.monotonic() - began < 1 + LATE
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")


def test_fifty_lives_of_any_length_each_end_in_their_time(client: Client) -> None:
    model = client.publish("many-lives", SLEEPER)
    busy = client.create(model, seconds=20)
    client.reaches(busy["id"], "started")
    chance = random.Random(27)
    lives = [round(0.5 + chance.random() * 2, 3) for _ in range(50)]
    made = [client.create(model, headers={"Cancel-After": str(life)}) for life in lives]
    for one, life in zip(made, lives, strict=True):
        ended = client.ended(one["id"], deadline=5)
        assert ended["status"] == "abandoned"
        assert life <= _lived(ended) < life + LATE
    assert client.cancel(busy["id"]) == 202


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "-inf", "1e400", "soon", "", "5s", "0x10", "1,5"])
def test_a_life_that_is_no_positive_number_is_refused_before_anything_is_stored(client: Client, value: str) -> None:
    before = client.http.get("/predictions").json()["items"]
    answer = client.http.post(
        "/predictions", json={"model": "owner/nobody", "input": {}}, headers={"Cancel-After": value}
    )
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["header", "Cancel-After"]
    assert client.http.get("/predictions").json()["items"] == before


@pytest.fixture
def impatient(tmp_path: Path) -> Generator[Client]:
    """A caller of a server with limits of its own for versions that set none."""
    with (
        running(tmp_path, start_timeout="1", run_timeout="0.5", setup_timeout="5", cancel_grace="1") as server,
        closing(Client(server, tmp_path)) as client,
    ):
        yield client


def test_the_servers_limits_hold_for_versions_that_set_none_and_only_for_them(impatient: Client) -> None:
    plain = impatient.publish("plain", SLEEPER)
    patient = impatient.publish("patient", SLEEPER, 'run_timeout = "1m"\nstart_timeout = "1m"')
    over = impatient.ended(impatient.create(plain)["id"], deadline=6)
    assert "run limit of 0.5 s" in over["error"]["message"]
    long = impatient.create(patient, seconds=2.5)
    waiting = impatient.create(patient, seconds=0)
    assert impatient.ended(long["id"])["output"] == 2.5
    assert impatient.ended(waiting["id"])["output"] == 0
