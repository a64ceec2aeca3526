"""Batches: one call for many predictions, and each of them lives and ends as if it were alone."""

from __future__ import annotations

import os
import random
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.publishing import Client, Json
from tests.support.server import Server
from tests.support.signals import until

COUNTING = """
    import ASYNC, itertools, os, pathlib, time
    from typing import Annotated
    from augury import Input, metric

    class Predictor:
        def setup(self) -> None:
            self.calls = itertools.count()

        DEF predict(
            self, n: list[int], gate: Annotated[list[str], Input(default="")], seconds: list[float] = Input(0.02)
        ) -> list[dict]:
            call = next(self.calls)
            print("call of", len(n))
            metric("size", len(n))
            PAUSE(max(seconds))
            while any(gate) and not pathlib.Path(max(gate)).exists():
                PAUSE(0.005)
            return [
                {"n": one, "call": call, "pid": os.getpid()} if one >= 0 else ValueError(f"{one} is negative")
                for one in n
            ]
"""
SYNC = COUNTING.replace("ASYNC", "sys").replace("DEF", "def").replace("PAUSE", "time.sleep")
ASYNC = COUNTING.replace("ASYNC", "asyncio").replace("DEF", "async def").replace("PAUSE", "await asyncio.sleep")
kinds = pytest.mark.parametrize(("kind", "source"), [("sync", SYNC), ("async", ASYNC)], ids=["sync", "async"])


def begun(client: Client, made: list[Json]) -> list[Json]:
    """Predictions of one batch, once it runs."""
    return [client.reaches(one["id"], "started") for one in made]


def logs(client: Client, prediction_id: str) -> list[str]:
    """The lines of a prediction so far."""
    found = client.http.get(f"/predictions/{prediction_id}/logs").raise_for_status().json()
    return [line["text"] for line in found["items"] if line["phase"] == "run"]


@kinds
def test_sixty_four_at_once_are_far_fewer_calls_and_each_gets_its_own(client: Client, kind: str, source: str) -> None:
    model = client.publish(f"counting-{kind}", source, 'batch = { max_size = 16, max_wait = "50ms" }')
    assert client.create(model, wait=20, n=0)["status"] == "succeeded"
    with ThreadPoolExecutor(64) as pool:
        held = [pool.submit(client.create, model, 20, n=n) for n in range(64)]
        ended = [one.result() for one in held]
    assert [one["output"]["n"] for one in ended] == list(range(64))
    calls = {one["output"]["call"] for one in ended}
    assert 4 <= len(calls) <= 16, "a batch has 16 at most, and few of them are small"
    for call in calls:
        of_call = [one for one in ended if one["output"]["call"] == call]
        assert {one["metrics"]["size"] for one in of_call} == {len(of_call)}
        assert len({one["execution_time"] for one in of_call}) == 1
    assert logs(client, ended[0]["id"]) == [f"call of {ended[0]['metrics']['size']}"]


def test_callers_see_one_item_of_each_list(client: Client) -> None:
    model = client.publish("one-item", SYNC, "batch = { max_size = 2 }")
    schemas = client.http.get("/models/owner/one-item/versions/1").raise_for_status().json()["schemas"]["prediction"]
    assert schemas["input"]["properties"]["n"]["type"] == "integer"
    assert schemas["input"]["properties"]["gate"]["default"] == ""
    assert schemas["input"]["required"] == ["n"]
    assert schemas["output"]["type"] == "object"
    refused = client.http.post(
        "/predictions", json={"model": model, "input": {"n": [1]}}, headers={"Validate-Input": "true"}
    )
    assert refused.status_code == 422


def test_a_full_batch_does_not_wait_and_one_exception_in_it_fails_its_own(client: Client) -> None:
    model = client.publish("full", SYNC, "batch = { max_size = 4, max_wait = 60 }")
    made = [client.create(model, n=n) for n in (1, -2, 3, 4)]
    ended = [client.ended(one["id"], deadline=15) for one in made]
    assert [one["status"] for one in ended] == ["succeeded", "failed", "succeeded", "succeeded"]
    error = ended[1]["error"]
    assert (error["source"], error["message"], error["detail"]["type"]) == ("external", "-2 is negative", "ValueError")
    assert len({one["output"]["call"] for one in ended if one["output"]}) == 1
    # And one that nobody follows waits as long as it may, without being called started.
    alone = client.create(model, wait=0.5, n=5)
    assert alone["status"] == "pending"
    assert client.cancel(alone["id"]) == 202
    assert client.ended(alone["id"])["execution_time"] is None


@kinds
def test_one_that_is_cancelled_ends_at_once_and_the_rest_go_on(client: Client, kind: str, source: str) -> None:
    model = client.publish(f"cancelled-{kind}", source, 'batch = { max_size = 3, max_wait = "20s" }')
    gate = client.folder / "gate"
    made = [client.create(model, n=n, gate=str(gate)) for n in range(3)]
    begun(client, made)
    assert client.cancel(made[1]["id"]) == 202
    assert client.ended(made[1]["id"], deadline=0.9)["status"] == "cancelled"
    assert [client.get(made[n]["id"])["status"] for n in (0, 2)] == ["started"] * 2
    gate.touch()
    ended = [client.ended(made[n]["id"]) for n in (0, 2)]
    assert [one["output"]["n"] for one in ended] == [0, 2]
    assert ended[0]["metrics"]["size"] == 3


@kinds
def test_when_all_are_cancelled_the_call_is_interrupted_and_the_worker_stays(
    client: Client, kind: str, source: str
) -> None:
    model = client.publish(f"all-cancelled-{kind}", source, 'batch = { max_size = 3, max_wait = "0.1s" }')
    pid = client.create(model, wait=20, n=0)["output"]["pid"]
    made = [client.create(model, n=n, gate="never") for n in range(3)]
    begun(client, made)
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(client.cancel, [one["id"] for one in made])) == [202] * 3
    assert [client.ended(one["id"], deadline=0.9)["status"] for one in made] == ["cancelled"] * 3
    assert client.create(model, wait=10, n=9)["output"]["pid"] == pid


@kinds
def test_cancels_at_random_moments_cross_no_outputs_and_leave_the_worker(
    client: Client, kind: str, source: str
) -> None:
    model = client.publish(f"lively-{kind}", source, 'batch = { max_size = 8, max_wait = "5ms" }')
    pid = client.create(model, wait=20, n=0)["output"]["pid"]
    chance = random.Random(22)
    with ThreadPoolExecutor(8) as pool:
        lives = [pool.submit(_live, client, model, n, chance.random() < 0.4) for n in range(300)]
        ended = [one.result() for one in lives]
    for n, one in enumerate(ended):
        assert one["status"] in ("succeeded", "cancelled")
        assert one["output"] is None if one["status"] == "cancelled" else one["output"]["n"] == n
    assert {one["status"] for one in ended} == {"succeeded", "cancelled"}
    # Nothing had to be killed, and every slot is free.
    last = [client.create(model, n=n, seconds=0) for n in range(8)]
    assert [client.ended(one["id"], deadline=2)["output"]["pid"] for one in last] == [pid] * 8


def _live(client: Client, model: str, n: int, cancelled: bool) -> Json:
    made = client.create(model, n=n)
    if cancelled:
        client.cancel(made["id"])
    return client.ended(made["id"])


def test_what_cannot_be_interrupted_is_killed_and_what_waited_behind_it_runs(client: Client) -> None:
    model = client.publish(
        "deaf-batch",
        """
        import time
        def predict(n: list[int], deaf: list[bool]) -> list[int]:
            while any(deaf):
                try:
                    time.sleep(0.05)
                except BaseException:
                    pass
            return n
        """,
        'batch = { max_size = 2, max_wait = "5s" }',
    )
    made = [client.create(model, n=n, deaf=True) for n in range(2)]
    begun(client, made)
    behind = [client.create(model, n=n, deaf=False) for n in (5, 6)]
    for one in made:
        assert client.cancel(one["id"]) == 202
    assert [client.ended(one["id"])["status"] for one in made] == ["cancelled"] * 2
    assert [client.ended(one["id"])["output"] for one in behind] == [5, 6]


def test_a_run_limit_is_that_of_the_call_and_waiting_behind_another_is_not_running(client: Client) -> None:
    options = 'batch = { max_size = 2, max_wait = "0.2s" }\nrun_timeout = "0.8s"'
    model = client.publish("limited-batch", SYNC, options)
    assert client.create(model, wait=20, n=0)["status"] == "succeeded"
    first = [client.create(model, n=n, seconds=0.6) for n in (1, 2)]
    behind = [client.create(model, n=n, seconds=0.6) for n in (3, 4)]
    assert [client.ended(one["id"])["status"] for one in (*first, *behind)] == ["succeeded"] * 4
    made = [client.create(model, n=n, seconds=60) for n in (5, 6)]
    for one in made:
        error = client.ended(one["id"])["error"]
        assert (error["detail"]["type"], error["detail"]["limit"]) == ("run_timeout", "run")
    assert client.create(model, wait=20, n=7)["output"]["n"] == 7


@pytest.mark.parametrize("retries", [0, 1])
def test_a_worker_that_is_killed_in_a_batch_ends_or_repeats_each_of_it(client: Client, retries: int) -> None:
    gate = client.folder / "gate"
    options = f'batch = {{ max_size = 3, max_wait = "0.3s" }}\nretries = {retries}'
    model = client.publish(f"killed-{retries}", SYNC, options)
    pid = client.create(model, wait=20, n=0)["output"]["pid"]
    made = [client.create(model, n=n, gate=str(gate)) for n in (1, 2, 3)]
    begun(client, made)
    os.kill(pid, signal.SIGSEGV)
    until(lambda: not os.path.exists(f"/proc/{pid}"), "it is gone")
    gate.touch()
    ended = [client.ended(one["id"]) for one in made]
    if retries:
        assert [one["output"]["n"] for one in ended] == [1, 2, 3]
    else:
        assert ["SIGSEGV" in str(one["error"]) for one in ended] == [True] * 3
    assert client.create(model, wait=20, n=4)["output"]["n"] == 4


def test_nothing_waits_in_a_batching_worker_while_another_can_be_started(client: Client) -> None:
    options = 'batch = { max_size = 2, max_wait = "0s" }\nworkers = { min = 0, max = 2 }'
    model = client.publish("wide-batch", SYNC, options)
    pid = client.create(model, wait=20, n=0)["output"]["pid"]
    long = client.create(model, n=1, seconds=20)
    client.reaches(long["id"], "started")
    ended = [client.ended(client.create(model, n=n)["id"], deadline=10) for n in (2, 3)]
    assert {one["output"]["pid"] for one in ended}.isdisjoint({pid})
    assert client.cancel(long["id"]) == 202


def test_a_batch_writes_past_python_and_each_has_its_lines(client: Client) -> None:
    model = client.publish(
        "raw-batch",
        """
        import os, sys
        def predict(n: list[int]) -> list[int]:
            os.write(1, b"from below\\n")
            return n
        """,
        'batch = { max_size = 2, max_wait = "20s" }',
    )
    made = [client.create(model, n=n) for n in (1, 2)]
    assert [client.ended(one["id"])["output"] for one in made] == [1, 2]
    assert [logs(client, one["id"]) for one in made] == [["from below"]] * 2


def test_files_go_in_and_out_for_each_and_a_stream_has_the_output_as_its_only_item(client: Client) -> None:
    model = client.publish(
        "files-batch",
        """
        from augury import File, scratch
        def predict(file: list[File]) -> list[File]:
            outputs = []
            for number, one in enumerate(file):
                path = scratch() / f"{number}.txt"
                path.write_text(one.read_text().upper())
                outputs.append(File(path))
            return outputs
        """,
        'batch = { max_size = 2, max_wait = "20s" }',
    )
    first = client.create(model, file="data:text/plain,first")
    sent = {"model": model, "input": {"file": "data:text/plain,second"}, "stream": True}
    answer = client.http.post("/predictions", json=sent, headers={"Prefer": "wait=20"})
    link = client.ended(first["id"])["output"]
    assert client.http.get(link).text == "FIRST"
    items = [line for line in answer.text.splitlines() if line.startswith("data: ") and "1.txt" in line]
    assert [line.startswith("event: output") for line in answer.text.splitlines()].count(True) == 1, answer.text
    assert items


def test_a_batch_of_one_is_a_batch_all_the_same(client: Client) -> None:
    model = client.publish("single", SYNC, "batch = { max_size = 1, max_wait = 60 }")
    made = [client.create(model, n=n, seconds=0) for n in range(30)]
    ended = [client.ended(one["id"]) for one in made]
    assert [one["output"]["n"] for one in ended] == list(range(30))
    assert {one["metrics"]["size"] for one in ended} == {1}


def test_what_waits_for_a_batch_when_the_server_stops_runs_after_its_restart(
    own_server: Server, own_client: Client
) -> None:
    model = own_client.publish("restarted", SYNC, "batch = { max_size = 3, max_wait = 60 }")
    made = [own_client.create(model, n=n) for n in range(3)]
    assert [own_client.ended(one["id"])["output"]["n"] for one in made] == [0, 1, 2]
    waiting = [own_client.create(model, n=n) for n in (3, 4)]
    own_server.restart()
    last = own_client.create(model, n=5)
    ended = [own_client.ended(one["id"])["output"] for one in (*waiting, last)]
    assert [one["n"] for one in ended] == [3, 4, 5]
    assert len({one["call"] for one in ended}) == 1
