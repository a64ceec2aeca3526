"""Whatever a model's code writes, from wherever, is in the log of the prediction that it belongs to, and is bounded."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.publishing import Client, Json
from tests.support.server import Server
from tests.support.signals import until

TALKER = """
import asyncio, ctypes, logging, os, subprocess, sys, threading

LIBC = ctypes.CDLL(None)

def _thread(n):
    print(f"{n} thread")

async def _task(n):
    await asyncio.sleep(0)
    print(f"{n} task")

async def _tasks(n):
    await asyncio.gather(_task(n), _task(n))

def predict(n: int, tail: str = "") -> int:
    LIBC.write(1, f"{n} c\\n".encode(), len(f"{n} c\\n"))
    print(f"{n} print")
    print(f"{n} stderr", file=sys.stderr)
    logging.getLogger("model").warning("%s logging", n)
    thread = threading.Thread(target=_thread, args=(n,))
    thread.start()
    thread.join()
    asyncio.run(_tasks(n))
    subprocess.run(["sh", "-c", f"echo {n} child; echo {n} child err >&2; printf '{tail}'"], check=True)
    return n
"""
EXPECTED = ["c", "child", "child err", "logging", "print", "stderr", "task", "task", "thread"]
ASYNC = """
import asyncio

class Predictor:
    async def predict(self, n: int) -> int:
        for m in range(5):
            print(n, m)
            await asyncio.sleep(0.001)
        return n
"""
SETUP = """
import os, subprocess, time

class Predictor:
    def setup(self) -> None:
        print("loading weights")
        subprocess.run(["echo", "child of setup"], check=True)
        subprocess.run(["printf", "no end"], check=True)
        while not os.path.exists({gate!r}):
            time.sleep(0.005)
        print("loaded")

    def predict(self) -> None:
        subprocess.run(["echo", "running"], check=True)
"""
FLOOD = """
import os, subprocess, sys

def predict(how: str, wide: bool = False) -> None:
    character = "\\U0001f600" if wide else "x"
    if how == "line":
        print(character * 10_000_000)
    if how == "raw line":
        subprocess.run([sys.executable, "-c", f"print({character!r} * 10_000_000)"], check=True)
    if how == "flood":
        for n in range(20_000):
            print("y" * 999)
    if how == "raw flood":
        os.system("yes yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy | head -c 20000000")
    if how == "bytes":
        os.write(1, b"a\\xff\\xfeb\\0c\\n")
        sys.stdout.buffer.write(b"a\\xff\\xfeb\\0c\\n")
    print("after")
"""
REPORTER = """
import augury, os, time

def predict(gate: str = "") -> int:
    augury.metric("tokens", 7)
    augury.metric("object", object())
    augury.metric("nan", float("nan"))
    augury.progress(0.25, "a quarter")
    while gate and not os.path.exists(gate):
        time.sleep(0.005)
    augury.progress(1.5)
    augury.progress(-0.5, "backwards")
    augury.metric("tokens", 8)
    return 1
"""


@pytest.fixture(scope="module")
def caller(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Generator[Client]:
    """A caller of the shared server."""
    with closing(Client(server, tmp_path_factory.mktemp("caller"))) as made:
        yield made


def test_lines_from_everywhere_are_in_the_log_of_their_own_prediction(caller: Client) -> None:
    model = caller.publish("talker", TALKER)
    # All at once: one follows the other in the same process without a pause.
    made = [caller.create(model, n=n) for n in range(25)]
    for n, one in enumerate(made):
        assert caller.ended(one["id"])["output"] == n
        assert sorted(_texts(caller, one)) == [f"{n} {what}" for what in EXPECTED], "each has its own, and all of them"


def test_what_a_child_wrote_last_without_an_end_is_of_its_own_prediction(caller: Client) -> None:
    model = caller.publish("talker", TALKER)
    made = [caller.create(model, n=n, tail=f"{n} tail") for n in range(5)]
    for n, one in enumerate(made):
        caller.ended(one["id"])
        assert sorted(_texts(caller, one)) == sorted([*(f"{n} {what}" for what in EXPECTED), f"{n} tail"])


def test_lines_of_predictions_that_run_at_once_do_not_mix(caller: Client) -> None:
    model = caller.publish("together", ASYNC, "concurrency = 8")
    made = [caller.create(model, n=n) for n in range(40)]
    for n, one in enumerate(made):
        caller.ended(one["id"])
        assert _texts(caller, one) == [f"{n} {m}" for m in range(5)]


def test_what_setup_prints_is_seen_while_setup_goes_on(caller: Client, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    model = caller.publish("slow-setup", SETUP.format(gate=str(gate)))
    one = caller.create(model)
    seen: list[str] = []

    def look(line: Json) -> None:
        seen.append(line["text"])
        if seen == ["loading weights", "child of setup"]:
            assert caller.get(one["id"])["status"] == "starting"
            gate.touch()

    ended = _followed(caller, one, look)
    assert ended == {"id": one["id"], "status": "succeeded"}
    assert seen[:2] == ["loading weights", "child of setup"]
    assert sorted(seen[2:]) == ["loaded", "no end", "running"]
    lines = _lines(caller, one)
    assert [line["text"] for line in lines if line["phase"] == "run"] == ["running"]
    assert [line["text"] for line in lines] == seen
    # Whoever comes later has waited for nothing.
    warm = caller.create(model, wait=10)
    assert _texts(caller, warm) == ["running"]


def test_progress_and_metrics_are_seen_while_it_runs_and_senseless_ones_leave_a_line(
    caller: Client, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    one = caller.create(caller.publish("reporter", REPORTER), gate=str(gate))
    until(lambda: "progress" in (caller.get(one["id"])["metrics"] or ()), "progress is shown")
    running = caller.reaches(one["id"], "started")
    assert (running["metrics"]["tokens"], running["metrics"]["progress"]) == (7, 0.25)
    until(lambda: "25% a quarter" in _texts(caller, one), "its words are in the log")
    gate.touch()
    ended = caller.ended(one["id"])
    assert (ended["metrics"]["tokens"], ended["metrics"]["progress"]) == (8, 0.25)
    assert not {"object", "nan"} & set(ended["metrics"])
    lines = _lines(caller, one)
    assert [line["text"] for line in lines if line["stream"] == "progress"] == ["25% a quarter"]
    warnings = [line["text"] for line in lines if line["stream"] == "logging"]
    assert [one.split(":")[0] for one in warnings] == ["metric dropped"] * 2 + ["progress dropped"] * 2
    assert "1.5" in warnings[2]


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("how", ["line", "raw line"])
def test_a_line_of_ten_million_characters_is_cut_and_the_next_is_whole(caller: Client, how: str, wide: bool) -> None:
    one = caller.create(caller.publish("flood", FLOOD), how=how, wide=wide, wait=20)
    assert one["status"] == "succeeded", one
    character = "\U0001f600" if wide else "x"
    assert sorted(_texts(caller, one)) == sorted([character * 16_384 + "… [line cut]", "after"])


@pytest.mark.parametrize("how", ["flood", "raw flood"])
def test_a_flood_of_lines_ends_in_one_that_says_so(caller: Client, how: str) -> None:
    one = caller.create(caller.publish("flood", FLOOD), how=how, wait=20)
    assert one["status"] == "succeeded", one
    sizes: list[int] = []
    ends: list[str] = []

    def look(line: Json) -> None:
        sizes.append(len(line["text"]) + 1)
        ends[:] = [*ends, line["text"]][-3:]

    _followed(caller, one, look)
    assert 9 << 20 < sum(sizes) < 11 << 20
    assert [text for text in ends if not text.startswith("y")] == ["More than 10 MiB of log: the rest is dropped."]
    # The next prediction of the same process has a log again.
    assert _texts(caller, caller.create("owner/flood", how="", wait=20)) == ["after"]


def test_bytes_that_are_no_text_are_replaced_and_harm_nothing(caller: Client) -> None:
    one = caller.create(caller.publish("flood", FLOOD), how="bytes", wait=20)
    assert sorted(_texts(caller, one)) == sorted(["a\ufffd\ufffdb\ufffdc"] * 2 + ["after"])


def test_lines_of_an_attempt_that_died_stay_beside_those_of_the_next(caller: Client, tmp_path: Path) -> None:
    source = """
    import os, time
    def predict(marker: str) -> str:
        print("trying")
        if not os.path.exists(marker):
            open(marker, "w").close()
            os.write(1, b"dying without an end")
            os._exit(1)
        return "done"
    """
    one = caller.create(caller.publish("mortal", source, "retries = 1"), marker=str(tmp_path / "marker"), wait=20)
    assert one["output"] == "done"
    lines = [line for line in _lines(caller, one) if line["phase"] == "run"]
    assert [(line["attempt"], line["text"]) for line in lines] == [
        (1, "trying"),
        (1, "dying without an end"),
        (2, "trying"),
    ]


def test_the_last_lines_of_a_worker_that_dies_are_kept(caller: Client) -> None:
    source = """
    import os
    def predict() -> None:
        for n in range(1000):
            print("line", n)
        os.kill(os.getpid(), 11)
    """
    one = caller.create(caller.publish("crasher", source), wait=20)
    assert one["status"] == "failed"
    assert _texts(caller, one) == [f"line {n}" for n in range(1000)]


def _lines(client: Client, one: Json) -> list[Json]:
    """The log, from all its pages."""
    found: list[Json] = []
    cursor: str | None = None
    while True:
        params: dict[str, Any] = {"page_size": 100} | ({"cursor": cursor} if cursor else {})
        answer = client.http.get(f"/predictions/{one['id']}/logs", params=params)
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            return found


def _texts(client: Client, one: Json) -> list[str]:
    """What its runs have written."""
    return [line["text"] for line in _lines(client, one) if line["phase"] == "run"]


def _followed(client: Client, one: Json, look: Callable[[Json], None]) -> Json:
    """Call this with each line as it comes; what the end says."""
    rest = ""
    with client.http.stream("GET", f"/predictions/{one['id']}/logs", params={"follow": "true"}) as answer:
        for piece in answer.iter_text():
            *frames, rest = (rest + piece).split("\n\n")
            for frame in frames:
                if not frame.startswith(":"):
                    fields = dict(line.split(": ", 1) for line in frame.split("\n"))
                    if fields["event"] == "done":
                        return json.loads(fields["data"])
                    look(json.loads(fields["data"]))
    raise AssertionError("the log ended without saying so")
