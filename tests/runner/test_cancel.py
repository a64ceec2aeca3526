"""Cancelling: the right prediction and no other, whatever the model's code does about it."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from augury.protocol import Cancel, Done, Predict
from tests.runner.driver import Worker

ECHO = """
    import time
    def predict(text: str, seconds: float = 0) -> str:
        print("begun", text)
        if seconds:
            time.sleep(seconds)
        return text
"""


def test_a_sleeping_prediction_is_cancelled_at_once_and_the_next_one_works(tmp_path: Path) -> None:
    with Worker(tmp_path, ECHO) as worker:
        worker.ready()
        worker.start("a", text="a", seconds=600)
        worker.log("begun a")
        worker.send(Cancel("a"), Cancel("a"))
        done = worker.done("a")
        assert done.outcome == "cancelled"
        assert done.seconds is not None
        assert done.seconds < 10
        assert worker.output("b", text="b") == "b"


def test_except_exception_does_not_swallow_it(tmp_path: Path) -> None:
    # case 19
    source = """
        import time
        def predict() -> str:
            print("begun")
            while True:
                try:
                    time.sleep(.1)
                except Exception:
                    pass
    """
    with Worker(tmp_path, source) as worker:
        worker.ready()
        worker.start("a")
        worker.log("begun")
        before = time.monotonic()
        worker.send(Cancel("a"))
        assert worker.done("a").outcome == "cancelled"
        assert time.monotonic() - before < 2


@pytest.mark.parametrize(
    "block",
    [
        "threading.Event().wait()",
        "queue.Queue().get()",
        "pair[0].recv(1)",
        "select.select([], [], [])",
        "subprocess.run(['sleep', '600'])",
        "threading.Thread(target=time.sleep, args=(600,), daemon=True).start() or time.sleep(600)",
        "any(False for _ in iter(int, 1))",
        "print(*iter(lambda: 'x', 1))",
        "[print('line') for _ in iter(int, 1)]",
        "[augury.metric('n', 1) for _ in iter(int, 1)]",
        "asyncio.run(asyncio.sleep(600))",
    ],
)
def test_whatever_a_model_waits_for_or_does_is_left(tmp_path: Path, block: str) -> None:
    source = f"""
        import asyncio, augury, queue, select, socket, subprocess, threading, time
        pair = socket.socketpair()
        def predict(block: bool) -> str:
            print("begun")
            if block:
                {block}
            return "done"
    """
    with Worker(tmp_path, source) as worker:
        worker.ready()
        worker.start("a", block=True)
        worker.log("begun")
        worker.send(Cancel("a"))
        assert worker.done("a").outcome == "cancelled"
        assert worker.output("b", block=False) == "done"


def test_clean_up_runs_in_except_cancelled_and_finally(tmp_path: Path) -> None:
    # case 23
    source = """
        import time
        from augury import Cancelled
        def predict(path: str) -> str:
            try:
                print("begun")
                time.sleep(600)
            except Cancelled:
                open(path, "a").write("except ")
                raise
            finally:
                open(path, "a").write("finally")
    """
    marker = tmp_path / "marker"
    with Worker(tmp_path, source) as worker:
        worker.ready()
        worker.start("a", path=str(marker))
        worker.log("begun")
        worker.send(Cancel("a"))
        assert worker.done("a").outcome == "cancelled"
        assert marker.read_text() == "except finally"


def test_a_clean_up_that_fails_is_told_in_the_log_and_the_prediction_is_cancelled(tmp_path: Path) -> None:
    source = """
        import time
        def predict() -> str:
            try:
                print("begun")
                time.sleep(600)
            finally:
                raise ValueError("spilt")
    """
    with Worker(tmp_path, source) as worker:
        worker.ready()
        worker.start("a")
        worker.log("begun")
        worker.send(Cancel("a"))
        assert worker.done("a").outcome == "cancelled"
        assert ("logging", "ValueError: spilt") in worker.logs("a")


def test_a_model_that_swallows_the_cancellation_is_interrupted_once_more(tmp_path: Path) -> None:
    source = """
        import time
        def predict() -> str:
            try:
                print("begun")
                time.sleep(600)
            except BaseException:
                pass
            print("going on")
            time.sleep(600)
    """
    with Worker(tmp_path, source) as worker:
        worker.ready()
        worker.start("a")
        worker.log("begun")
        worker.send(Cancel("a"))
        assert worker.done("a").outcome == "cancelled"
        assert worker.logs("a")[-1] == ("stdout", "going on")


def test_a_model_that_swallows_the_cancellation_and_returns_is_cancelled(tmp_path: Path) -> None:
    source = """
        import time
        def predict() -> str:
            try:
                print("begun")
                time.sleep(600)
            except BaseException:
                return "nevertheless"
    """
    with Worker(tmp_path, source) as worker:
        worker.ready()
        worker.start("a")
        worker.log("begun")
        worker.send(Cancel("a"))
        assert worker.done("a") == Done("a", "cancelled", worker.done("a").seconds)


def test_a_generator_is_cancelled_between_its_items(tmp_path: Path) -> None:
    source = """
        import time
        from typing import Iterator
        def predict() -> Iterator[int]:
            for n in range(10**9):
                if n == 3:
                    print("begun")
                yield n
                time.sleep(.001)
    """
    with Worker(tmp_path, source) as worker:
        worker.ready()
        worker.start("a")
        worker.log("begun")
        worker.send(Cancel("a"))
        assert worker.done("a").outcome == "cancelled"


def test_a_cancel_of_an_earlier_or_unknown_prediction_touches_nothing(tmp_path: Path) -> None:
    with Worker(tmp_path, ECHO) as worker:
        worker.ready()
        worker.output("a", text="a")
        worker.start("b", text="b", seconds=0.2)
        worker.log("begun b")
        worker.send(Cancel("a"), Cancel("nobody"))
        assert worker.done("b").output == "b"


def test_the_handler_comes_back_if_a_model_took_the_signal(tmp_path: Path) -> None:
    source = """
        import signal, time
        def predict(steal: bool) -> str:
            if steal:
                for number in range(1, signal.NSIG):
                    try:
                        signal.signal(number, signal.SIG_IGN)
                    except (OSError, ValueError):
                        pass
                return "stolen"
            print("begun")
            time.sleep(600)
    """
    with Worker(tmp_path, source) as worker:
        worker.ready()
        assert worker.output("a", steal=True) == "stolen"
        worker.start("b", steal=False)
        worker.log("begun")
        worker.send(Cancel("b"))
        assert worker.done("b").outcome == "cancelled"


def test_a_cancellation_the_model_raises_itself_is_a_failure(tmp_path: Path) -> None:
    source = """
        from augury import Cancelled
        def predict() -> str:
            raise Cancelled
    """
    with Worker(tmp_path, source) as worker:
        worker.ready()
        done = worker.predict("a")
        assert (done.outcome, done.type) == ("failed", "Cancelled")


@pytest.mark.parametrize("seconds", [0.0, 0.001])
def test_no_cancellation_ever_hits_another_prediction(tmp_path: Path, seconds: float) -> None:
    # case 20: hundreds of cancels at random moments, with the next prediction already waiting
    chance = random.Random(7)
    with Worker(tmp_path, ECHO) as worker:
        worker.ready()
        for n in range(300):
            first, second = f"a{n}", f"b{n}"
            worker.send(
                Predict(first, {"text": first, "seconds": seconds}),
                Predict(second, {"text": second, "seconds": seconds / 4}),
            )
            ends = time.perf_counter() + chance.random() * (seconds * 2 + 0.0005)
            while time.perf_counter() < ends:
                pass
            worker.send(Cancel(first))
            done = worker.done(first)
            assert done.outcome in ("succeeded", "cancelled"), done
            assert done.output == (first if done.outcome == "succeeded" else None)
            other = worker.done(second)
            assert (other.outcome, other.output) == ("succeeded", second)
            assert ("stdout", "begun " + second) in worker.logs(second)
            worker.messages.clear()


def test_storms_of_printing_and_cancelling_leave_the_conversation_whole(tmp_path: Path) -> None:
    source = """
        import augury
        def predict(text: str) -> str:
            for n in range(10**9):
                print(text, n)
                augury.metric("n", n)
    """
    chance = random.Random(11)
    with Worker(tmp_path, source) as worker:
        worker.ready()
        for n in range(100):
            name = f"p{n}"
            worker.start(name, text=name)
            worker.log(name)
            ends = time.perf_counter() + chance.random() * 0.004
            while time.perf_counter() < ends:
                pass
            worker.send(Cancel(name))
            assert worker.done(name).outcome == "cancelled"
            worker.messages.clear()


def test_alarms_that_raise_while_a_model_prints_leave_the_conversation_whole(tmp_path: Path) -> None:
    source = """
        import signal
        def ring(*_):
            print("ring")
            raise TimeoutError("too slow")
        def predict(text: str, seconds: float) -> str:
            signal.signal(signal.SIGALRM, ring)
            signal.setitimer(signal.ITIMER_REAL, seconds)
            for n in range(10**9):
                print(text, n, "." * (n % 5000))
    """
    chance = random.Random(13)
    with Worker(tmp_path, source) as worker:
        worker.ready()
        for n in range(60):
            name = f"p{n}"
            done = worker.predict(name, text=name, seconds=0.001 + chance.random() * 0.01)
            assert (done.outcome, done.message) == ("failed", "too slow")
            worker.messages.clear()
        worker.start("last", text="last", seconds=0)
        worker.log("last")
        worker.send(Cancel("last"))
        assert worker.done("last").outcome == "cancelled"
