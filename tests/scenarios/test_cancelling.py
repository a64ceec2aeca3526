"""A cancel always ends its prediction, only its prediction, and leaves the worker usable."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.publishing import Client
from tests.support.signals import until


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


def test_cleaning_up_is_possible_before_a_cancelled_prediction_ends(client: Client) -> None:
    model = client.publish(
        "tidy",
        """
        import pathlib, time
        import augury
        def predict(mark: str) -> str:
            try:
                time.sleep(60)
            except augury.Cancelled:
                pathlib.Path(mark).write_text("cleaned")
                raise
            return "never"
        """,
    )
    mark = client.folder / "mark"
    running = client.create(model, mark=str(mark))
    client.reaches(running["id"], "started")
    client.cancel(running["id"])
    assert client.ended(running["id"])["status"] == "cancelled"
    assert mark.read_text() == "cleaned"


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


def test_cancelling_again_and_at_once_from_three_sides_gives_one_cancelled_prediction(client: Client) -> None:
    model = client.publish("sleeper", "import time\ndef predict() -> None:\n    time.sleep(30)")
    running = client.create(model)
    client.reaches(running["id"], "started")
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(client.cancel, [running["id"]] * 3))
    assert set(answers) <= {202, 409}
    assert 202 in answers
    assert client.ended(running["id"])["status"] == "cancelled"
    late = client.http.post(f"/predictions/{running['id']}/cancel")
    assert (late.status_code, late.json()["code"]) == (409, "prediction_finished")


def test_a_hundred_cancels_at_random_moments_cross_no_outputs_and_leak_no_slot(client: Client) -> None:
    model = client.publish(
        "quick",
        "import time\ndef predict(n: int) -> int:\n    time.sleep(0.004)\n    return n",
    )
    assert client.create(model, wait=15, n=-1)["output"] == -1
    chance = random.Random(20)
    made: dict[str, int] = {}
    with ThreadPoolExecutor(4) as pool:
        for number in range(100):
            one = client.create(model, n=number)
            made[one["id"]] = number
            if chance.random() < 0.7:
                pool.submit(_cancel_later, client, one["id"], chance.random() * 0.02)
    for prediction_id, number in made.items():
        ended = client.ended(prediction_id)
        assert ended["status"] in ("succeeded", "cancelled")
        assert ended["output"] == (number if ended["status"] == "succeeded" else None)
    after = client.create(model, wait=5, n=1000)
    assert after["output"] == 1000


def _cancel_later(client: Client, prediction_id: str, seconds: float) -> None:
    moment = time.monotonic() + seconds
    until(lambda: time.monotonic() >= moment, "the moment to cancel has come")
    assert client.cancel(prediction_id) in (202, 409)


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


def test_a_prediction_that_is_queued_for_too_long_is_abandoned_on_time(client: Client) -> None:
    model = client.publish(
        "occupied", "import time\ndef predict(seconds: float) -> None:\n    time.sleep(seconds)", "start_timeout = 1"
    )
    busy = client.create(model, seconds=4)
    client.reaches(busy["id"], "started")
    late = client.create(model, seconds=0)
    ended = client.ended(late["id"], deadline=2.5)
    assert (ended["status"], ended["error"]["source"]) == ("abandoned", "internal")
    assert "queue limit of 1 s" in ended["error"]["message"]
    assert client.ended(busy["id"])["status"] == "succeeded"


def test_cancel_after_ends_what_waits_as_abandoned_and_what_runs_as_cancelled(client: Client) -> None:
    model = client.publish("long", "import time\ndef predict(seconds: float) -> None:\n    time.sleep(seconds)")
    running = client.create(model, seconds=30, headers={"Cancel-After": "1.5"})
    client.reaches(running["id"], "started")
    waiting = client.create(model, seconds=0, headers={"Cancel-After": "0.5"})
    ended = client.ended(waiting["id"], deadline=3)
    assert (ended["status"], ended["error"]["source"]) == ("abandoned", "internal")
    ended = client.ended(running["id"], deadline=5)
    assert (ended["status"], ended["error"]["source"]) == ("cancelled", "external")
    assert "1.5 s" in ended["error"]["message"]
