"""Batches: predict() gets several predictions at once, and each has an end of its own, sync and async alike."""

from __future__ import annotations

import socket
import textwrap
import time
from pathlib import Path

import pytest

from augury.protocol import Begun, Cancel, Done, Metric, Predict, Progress, Recall, Recalled, SetupFailed, Shutdown
from tests.runner.driver import Worker
from tests.support.signals import until

KINDS = {"sync": "def", "async": "async def"}
kinds = pytest.mark.parametrize("kind", ["sync", "async"])

MODEL = """
    import os, time, asyncio, augury
    from typing import Annotated, List
    from augury import Input
    KIND predict(n: List[int], gate: Annotated[List[str], Input(default="")]) -> List[int]:
        print("begun", n)
        while any(gate) and not os.path.exists(gate[0]):
            PAUSE
        print("over")
        return [10 * one for one in n]
"""


def batched(source: str, kind: str) -> str:
    """A model's source of this kind."""
    pause = "await asyncio.sleep(.005)" if kind == "async" else "time.sleep(.005)"
    return textwrap.dedent(source).replace("KIND", KINDS[kind]).replace("PAUSE", pause)


def begun(worker: Worker) -> list[list[str]]:
    """The batches so far."""
    return [one.ids for one in worker.messages if isinstance(one, Begun)]


def send(worker: Worker, *numbers: int, **inputs: object) -> None:
    worker.send(*[Predict(str(n), {"n": n, **inputs}) for n in numbers])


@kinds
def test_what_waits_is_one_call_and_each_gets_its_own_output(tmp_path: Path, kind: str) -> None:
    with Worker(tmp_path, batched(MODEL, kind), slots=4, batch_wait=0.2) as worker:
        assert worker.ready().slots == 4
        send(worker, *range(6))
        assert [worker.done(str(n)).output for n in range(6)] == [0, 10, 20, 30, 40, 50]
        assert begun(worker) == [["0", "1", "2", "3"], ["4", "5"]]


@kinds
def test_a_full_batch_does_not_wait_and_one_that_is_not_waits_no_longer_than_it_may(tmp_path: Path, kind: str) -> None:
    with Worker(tmp_path, batched(MODEL, kind), slots=2, batch_wait=0.4) as worker:
        worker.ready()
        before = time.monotonic()
        send(worker, 1, 2)
        worker.done("2")
        assert time.monotonic() - before < 0.35
        before = time.monotonic()
        send(worker, 3)
        worker.done("3")
        assert 0.39 <= time.monotonic() - before < 2


@kinds
def test_without_a_wait_a_batch_is_what_waits_already(tmp_path: Path, kind: str) -> None:
    gate = tmp_path / "gate"
    with Worker(tmp_path, batched(MODEL, kind), slots=8, batch_wait=0.0) as worker:
        worker.ready()
        send(worker, 0, gate=str(gate))
        worker.log("begun")
        send(worker, 1, 2, 3)
        worker.send(Recall(["0", "2"]))
        assert worker.expect(Recalled).ids == ["2"]
        gate.touch()
        assert [worker.done(str(n)).output for n in (0, 1, 3)] == [0, 10, 30]
        assert begun(worker) == [["0"], ["1", "3"]]


@kinds
def test_lines_metrics_and_progress_go_to_each_of_the_batch(tmp_path: Path, kind: str) -> None:
    source = """
        import augury
        KIND predict(n: list) -> list:
            print("several", len(n))
            print("no end", end="")
            augury.metric("size", len(n))
            augury.progress(0.5, "half")
            return n
    """
    with Worker(tmp_path, batched(source, kind), slots=3, batch_wait=5) as worker:
        worker.ready()
        send(worker, 1, 2, 3)
        for n in "123":
            done = worker.done(n)
            assert worker.logs(n) == [("stdout", "several 3"), ("stdout", "no end")]
            assert [one.value for one in worker.messages if isinstance(one, Metric) and one.id == n] == [3]
            assert [one.message for one in worker.messages if isinstance(one, Progress) and one.id == n] == ["half"]
            assert worker.messages.index(done) > max(
                worker.messages.index(one) for one in worker.messages if isinstance(one, Metric) and one.id == n
            )


@kinds
def test_an_exception_in_the_result_fails_its_own_prediction_only(tmp_path: Path, kind: str) -> None:
    source = """
        KIND predict(n: list[int]) -> "list[int | ValueError]":
            return [ValueError(f"{one} is odd") if one % 2 else one for one in n]
    """
    with Worker(tmp_path, batched(source, kind), slots=3, batch_wait=5) as worker:
        worker.ready()
        send(worker, 1, 2, 3)
        found = [worker.done(str(n)) for n in (1, 2, 3)]
        assert [(one.outcome, one.output, one.type, one.message) for one in found] == [
            ("failed", None, "ValueError", "1 is odd"),
            ("succeeded", 2, None, None),
            ("failed", None, "ValueError", "3 is odd"),
        ]
        assert all(one.seconds == found[0].seconds for one in found), "execution_time is the call's"


@kinds
@pytest.mark.parametrize(
    ("result", "words"),
    [
        ("n[:1]", "returned a list of 1"),
        ("[*n, 5]", "returned a list of 3"),
        ("{1: 2}", "returned a dict"),
        ("None", "returned a NoneType"),
        ("'ab'", "returned a str"),
    ],
)
def test_a_result_that_is_no_list_of_that_length_fails_all(tmp_path: Path, kind: str, result: str, words: str) -> None:
    source = f"KIND predict(n: list[int]) -> list[int]:\n    return {result}"
    with Worker(tmp_path, batched(source, kind), slots=2, batch_wait=5) as worker:
        worker.ready()
        send(worker, 1, 2)
        for n in "12":
            done = worker.done(n)
            assert (done.outcome, done.type) == ("failed", "OutputError")
            assert f"a batch of 2 and {words}" in (done.message or "")


@kinds
def test_an_exception_fails_all_with_its_traceback_and_the_next_batch_runs(tmp_path: Path, kind: str) -> None:
    source = """
        KIND predict(n: list[int]) -> tuple[int, ...]:
            if 0 in n:
                raise KeyError("none of zero")
            return tuple(n)
    """
    with Worker(tmp_path, batched(source, kind), slots=2, batch_wait=5) as worker:
        worker.ready()
        send(worker, 0, 1, 2, 3)
        for n in "01":
            done = worker.done(n)
            assert (done.outcome, done.type) == ("failed", "KeyError")
            assert any("none of zero" in line for line in done.traceback)
        assert [worker.done(n).output for n in "23"] == [2, 3]


@kinds
def test_an_input_that_does_not_fit_fails_alone(tmp_path: Path, kind: str) -> None:
    with Worker(tmp_path, batched(MODEL, kind), slots=4, batch_wait=5) as worker:
        worker.ready()
        worker.send(
            Predict("a", {"n": 1}), Predict("b", {"n": "x"}), Predict("c", {"n": 3, "more": 1}), Predict("d", {})
        )
        assert [worker.done(one).output for one in "ac"] == [10, 30]
        for one in "bd":
            done = worker.done(one)
            assert (done.outcome, done.type) == ("failed", "InputError")
            assert "input.n" in (done.message or "")
        assert worker.logs("a") == [("stdout", "begun [1, 3]"), ("stdout", "over")]
        assert any("'more'" in text for _, text in worker.logs("c"))
        worker.send(Predict("e", {}), Predict("f", {}), Predict("g", {}), Predict("h", {}))
        assert {worker.done(one).type for one in "efgh"} == {"InputError"}, "a batch of nobody is not called"
        assert len([one for one in worker.messages if isinstance(one, Done)]) == 8


@kinds
def test_one_that_is_cancelled_ends_at_once_and_the_rest_go_on(tmp_path: Path, kind: str) -> None:
    gate = tmp_path / "gate"
    with Worker(tmp_path, batched(MODEL, kind), slots=3, batch_wait=5) as worker:
        worker.ready()
        send(worker, 1, 2, 3, gate=str(gate))
        worker.log("begun")
        worker.send(Cancel("2"), Cancel("2"), Cancel("nobody"))
        assert worker.done("2").outcome == "cancelled"
        assert len([one for one in worker.messages if isinstance(one, Done)]) == 1
        gate.touch()
        assert [worker.done(n).output for n in "13"] == [10, 30]
        assert worker.logs("2") == [("stdout", "begun [1, 2, 3]")]
        assert [one.id for one in worker.messages if isinstance(one, Done)].count("2") == 1


@kinds
def test_when_all_are_cancelled_the_call_is_interrupted(tmp_path: Path, kind: str) -> None:
    source = """
        import asyncio, time
        KIND predict(n: list[int]) -> list[int]:
            print("begun", n)
            try:
                while 0 in n:
                    PAUSE
                return n
            finally:
                print("left")
    """
    with Worker(tmp_path, batched(source, kind), slots=2, batch_wait=0.3) as worker:
        worker.ready()
        send(worker, 0, 1)
        worker.log("begun")
        send(worker, 2, 3)
        worker.send(Cancel("0"), Cancel("3"), Cancel("1"))
        for n in "013":
            assert worker.done(n).outcome == "cancelled"
        assert worker.done("2").output == 2
        ends = [one.id for one in worker.messages if isinstance(one, Done)]
        assert (ends[0], sorted(ends)) == ("0", ["0", "1", "2", "3"])
        assert worker.logs("1")[-1] == ("stdout", "left")


@kinds
def test_a_model_that_keeps_the_cancellation_to_itself_is_told_again(tmp_path: Path, kind: str) -> None:
    source = """
        import asyncio, time
        KIND predict(n: list[int]) -> list[int]:
            print("begun", n)
            try:
                while 0 in n:
                    PAUSE
            except BaseException:
                print("not me")
            while 0 in n:
                PAUSE
            return n
    """
    with Worker(tmp_path, batched(source, kind), slots=2, batch_wait=0) as worker:
        worker.ready()
        send(worker, 0)
        worker.log("begun")
        worker.send(Cancel("0"))
        assert worker.done("0").outcome == "cancelled"
        send(worker, 5)
        assert worker.done("5").output == 5


@kinds
def test_cancels_at_any_moment_leave_every_prediction_one_end(tmp_path: Path, kind: str) -> None:
    source = """
        import asyncio, time
        KIND predict(n: list[int]) -> list[int]:
            for _ in range(2):
                PAUSE
            return [10 * one for one in n]
    """
    with Worker(tmp_path, batched(source, kind), slots=4, batch_wait=0.002) as worker:
        worker.ready()
        for n in range(200):
            send(worker, n)
            if n % 3:
                worker.send(Cancel(str(n - n % 3)))
            if n % 7 == 0:
                worker.send(Cancel(str(n - 1)))
        for n in range(200):
            done = worker.done(str(n))
            assert done.outcome == "cancelled" or done.output == 10 * n
        ends = [one.id for one in worker.messages if isinstance(one, Done)]
        assert sorted(ends) == sorted(map(str, range(200)))
        worker.send(Shutdown())
        assert worker.exit_code() == 0


@kinds
def test_each_has_its_own_folder_and_the_first_ones_is_the_calls(tmp_path: Path, kind: str) -> None:
    source = """
        import os, augury
        from augury import File
        KIND predict(n: list[File]) -> list[list]:
            open("left", "w").close()
            return [[str(one), one.read_text(), os.getcwd(), str(augury.scratch())] for one in n]
    """
    with Worker(tmp_path, batched(source, kind), slots=3, batch_wait=5) as worker:
        worker.ready()
        worker.send(*[Predict(one, {"n": f"data:text/plain,{one}"}) for one in "abc"])
        found = {one: worker.done(one).output for one in "abc"}
        assert [found[one][1] for one in "abc"] == ["a", "b", "c"]
        folders = {one: str(Path(found[one][0]).parent.parent) for one in "abc"}
        assert len(set(folders.values())) == 3
        assert {found[one][2] for one in "abc"} == {found[one][3] for one in "abc"} == {folders["a"]}
        worker.send(*[Predict(one, {"n": f"data:text/plain,{one}"}) for one in "def"])
        assert worker.done("d").output[1] == "d"
        for one in "abc":
            assert not Path(found[one][0]).exists()


@kinds
def test_shutting_down_runs_what_waits_first(tmp_path: Path, kind: str) -> None:
    with Worker(tmp_path, batched(MODEL, kind), slots=4, batch_wait=60) as worker:
        worker.ready()
        send(worker, 1, 2)
        worker.send(Shutdown())
        assert [worker.done(n).output for n in "12"] == [10, 20]
        assert worker.exit_code() == 0


@pytest.mark.parametrize(
    ("source", "line", "words"),
    [
        ("def predict(n: int) -> list[int]: ...", 1, "parameter n: in a batch it gets a list"),
        ("def predict(n: list[int],\n  m: str) -> list[int]: ...", 2, "write list[str] instead of str"),
        ("def predict(n: list[int]) -> int: ...", 1, "the output: in a batch it is a list"),
        ("def predict(n: list[int]): ...", 1, "the output: it has no type"),
        ("def predict(n) -> list[int]: ...", 1, "parameter n: it has no type"),
        ("def predict() -> list[int]: ...", 1, "without inputs"),
        ("def predict(n: list[int] = 3) -> list[int]: ...", 1, "Annotated[list[...], Input(default=...)]"),
        ("def predict(n: list[int], **more) -> list[int]: ...", 1, "**kwargs may differ"),
        (
            "from typing import Iterator\ndef predict(n: list[int]) -> Iterator[int]:\n  yield 1",
            2,
            "a batch cannot yield",
        ),
        ("def predict(n: list[int]) -> list[int]:\n  yield 1", 1, "a batch cannot yield"),
    ],
    ids=range(10),
)
def test_a_signature_that_no_batch_can_have_is_refused(tmp_path: Path, source: str, line: int, words: str) -> None:
    with Worker(tmp_path, source, slots=2, batch_wait=0) as worker:
        failed = worker.expect(SetupFailed)
        assert (failed.file, failed.line) == ("predict.py", line)
        assert words in failed.message


@kinds
def test_a_model_that_forks_or_exits_ends_its_batch_and_no_more(tmp_path: Path, kind: str) -> None:
    source = """
        import os, sys
        KIND predict(n: list[int]) -> list[int]:
            if 0 in n:
                sys.exit(3)
            if os.fork() == 0:
                return [0 for one in n]
            os.wait()
            return n
    """
    with Worker(tmp_path, batched(source, kind), slots=2, batch_wait=5) as worker:
        worker.ready()
        send(worker, 0, 1, 2, 3)
        assert [worker.done(n).type for n in "01"] == ["SystemExit"] * 2
        assert [worker.done(n).output for n in "23"] == [2, 3]


@kinds
def test_inputs_are_fetched_side_by_side_and_one_that_never_comes_keeps_nobody(tmp_path: Path, kind: str) -> None:
    source = """
        from augury import File
        KIND predict(n: list[File]) -> list[str]:
            return [one.read_text() for one in n]
    """
    with socket.create_server(("127.0.0.1", 0)) as site:
        site.settimeout(10)
        url = f"http://127.0.0.1:{site.getsockname()[1]}"
        source = batched(source, kind)
        with Worker(tmp_path, source, slots=4, batch_wait=5, fetch_allow=["127.0.0.0/8"]) as worker:
            worker.ready()
            worker.send(*[Predict(one, {"n": f"{url}/{one}"}) for one in "abc"], Predict("d", {"n": "data:,d"}))
            asked: dict[bytes, socket.socket] = {}
            for _ in range(3):
                one = site.accept()[0]
                asked[one.recv(4096).split()[1]] = one
            for name in (b"/a", b"/b"):
                asked[name].sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
                asked[name].close()
            assert not [one for one in worker.messages if isinstance(one, Done)]
            # "c" waits and is cancelled last: "d" is left.
            worker.send(*[Cancel(one) for one in "abc"])
            assert worker.done("d").output == "d"
            assert [worker.done(one).outcome for one in "abc"] == ["cancelled"] * 3
            worker.send(*[Predict(one, {"n": url}) for one in "ef"])
            held = [site.accept()[0] for _ in range(2)]
            worker.send(Cancel("e"), Cancel("f"))
            assert [worker.done(one).outcome for one in "ef"] == ["cancelled"] * 2
            for one in (asked[b"/c"], *held):
                one.close()


@kinds
def test_a_default_is_that_of_one_prediction(tmp_path: Path, kind: str) -> None:
    source = """
        from typing import Annotated, Optional
        from augury import Input
        KIND predict(
            n: Annotated[list[int], Input(default=3, ge=0)], m: list[Optional[int]] = Input(None)
        ) -> list[list]:
            return [[a, b] for a, b in zip(n, m)]
    """
    with Worker(tmp_path, batched(source, kind), slots=3, batch_wait=5) as worker:
        worker.ready()
        worker.send(Predict("a", {}), Predict("b", {"n": 1, "m": 2}), Predict("c", {"n": -1}))
        assert [worker.done(one).output for one in "ab"] == [[3, None], [1, 2]]
        assert worker.done("c").type == "InputError"


@kinds
def test_what_an_input_prints_while_it_is_read_is_its_own(tmp_path: Path, kind: str) -> None:
    source = """
        from dataclasses import dataclass
        @dataclass
        class Box:
            n: int
            def __post_init__(self):
                print("box", self.n, end="")
        KIND predict(box: list[Box]) -> list[int]:
            print("call")
            return [one.n for one in box]
    """
    with Worker(tmp_path, batched(source, kind), slots=2, batch_wait=5) as worker:
        worker.ready()
        worker.send(*[Predict(str(n), {"box": {"n": n}}) for n in (1, 2)])
        assert [worker.done(n).output for n in "12"] == [1, 2]
        assert [sorted(worker.logs(n)) for n in "12"] == [[("stdout", f"box {n}"), ("stdout", "call")] for n in "12"]


def test_an_alarm_of_the_models_own_between_two_batches_does_not_end_the_worker(tmp_path: Path) -> None:
    source = """
        import signal
        def late(*_):
            raise TimeoutError("late")
        signal.signal(signal.SIGALRM, late)
        def predict(n: list[int]) -> list[int]:
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            return n
    """
    with Worker(tmp_path, source, slots=3, batch_wait=0.0) as worker:
        worker.ready()
        for n in range(3):
            assert worker.output(str(n), n=n) == n
            until(lambda n=n: _late(worker) == n + 1, "the alarm is told")


def _late(worker: Worker) -> int:
    worker.receive()
    return sum("Between two batches: TimeoutError: late" in text for _, text in worker.logs(None))


@pytest.mark.parametrize("wait", [None, 0.0])
def test_a_folder_that_cannot_be_made_fails_also_after_a_cancelled_one(tmp_path: Path, wait: float | None) -> None:
    source = """
        import time
        def predict(n: INT) -> INT:
            print("begun")
            while n in (0, [0]):
                time.sleep(.005)
            return n
    """
    with Worker(tmp_path, source.replace("INT", "int" if wait is None else "list[int]"), batch_wait=wait) as worker:
        worker.ready()
        worker.start("a", n=0)
        worker.log("begun")
        worker.send(Cancel("a"))
        assert worker.done("a").outcome == "cancelled"
        worker.scratch.rename(tmp_path / "moved")
        worker.scratch.touch()
        assert worker.predict("b", n=1).type == "NotADirectoryError"
