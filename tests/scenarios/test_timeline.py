"""When a prediction came to each state can be told while it runs and afterwards, and the same is told everywhere."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from tests.support import receiver
from tests.support.publishing import Client, Json
from tests.support.signals import until

GATED = """
import os, threading

def wait(path: str) -> None:
    while not os.path.exists(path):
        threading.Event().wait(0.005)

class Predictor:
    def setup(self) -> None:
        wait({gate!r})

    def predict(self, path: str = "") -> str:
        if path:
            wait(path)
        return "through"
"""
FIRST, LAST = "created_at", "completed_at"


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _taken(text: str) -> float:
    """Seconds of a duration such as PT1.5S."""
    return float(text.removeprefix("PT").removesuffix("S"))


def test_one_that_waits_for_a_setup_says_when_it_came_to_each_state(client: Client, tmp_path: Path) -> None:
    setup, run = tmp_path / "setup", tmp_path / "run"
    model = client.publish("gated", GATED.format(gate=str(setup)))
    one = client.create(model, path=str(run))["id"]

    starting = client.reaches(one, "starting")
    known = starting["timeline"]
    assert known == {
        "created_at": starting["created_at"],
        "starting_at": starting["updated_at"],
        "started_at": None,
        "completed_at": None,
    }
    setup.touch()
    started = client.reaches(one, "started")
    assert started["timeline"] == {**known, "started_at": started["updated_at"]}
    assert started["execution_time"] is None
    run.touch()
    ended = client.ended(one)
    assert ended["timeline"] == {**started["timeline"], "completed_at": ended["updated_at"]}
    times = [_seconds(ended["timeline"][name]) for name in (FIRST, "starting_at", "started_at", LAST)]
    assert times == sorted(times)
    assert 0 < _taken(ended["setup_time"]) <= times[2] - times[0]
    assert 0 < _taken(ended["execution_time"]) <= times[3] - times[2] + 0.05
    summary = next(each for each in client.http.get("/predictions").json()["items"] if each["id"] == one)
    assert "timeline" not in summary


def test_one_that_finds_a_worker_never_waited_for_a_setup(client: Client, tmp_path: Path) -> None:
    setup = tmp_path / "setup"
    setup.touch()
    model = client.publish("open", GATED.format(gate=str(setup)))
    client.create(model, wait=10)
    quick = client.create(model, wait=10)
    assert quick["timeline"]["starting_at"] is None
    assert _in_order(quick["timeline"])
    assert client.get(quick["id"])["timeline"] == quick["timeline"]


def test_one_that_is_cancelled_before_it_began_or_never_fits_ends_without_having_started(
    client: Client, tmp_path: Path
) -> None:
    model = client.publish("closed", GATED.format(gate=str(tmp_path / "setup")))
    one = client.create(model)["id"]
    client.reaches(one, "starting")
    client.cancel(one)
    ended = client.ended(one)["timeline"]
    assert ended["started_at"] is None
    assert ended[FIRST] <= ended["starting_at"] <= ended[LAST]
    wrong = client.create(model, path=3)
    assert wrong["status"] == "failed"
    assert wrong["timeline"] == {
        "created_at": wrong["created_at"],
        "starting_at": None,
        "started_at": None,
        "completed_at": wrong["created_at"],
    }


def test_a_webhook_tells_the_same_bytes_as_get(client: Client, tmp_path: Path) -> None:
    setup = tmp_path / "setup"
    setup.touch()
    model = client.publish("told", GATED.format(gate=str(setup)))
    with receiver.receiving() as hook:
        body = {"model": model, "input": {}, "webhook": {"url": hook.url}}
        one = client.http.post("/predictions", json=body).raise_for_status().json()["id"]
        got = until(lambda: found if (found := hook.next()).status == "succeeded" else None, "its end is told")
    assert got is not None
    assert got.body == client.http.get(f"/predictions/{one}").content
    assert _in_order(got.json["timeline"])


def _in_order(timeline: Json) -> bool:
    return timeline[FIRST] <= timeline["started_at"] <= timeline[LAST]
