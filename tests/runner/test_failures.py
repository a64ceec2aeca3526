"""How predictions end: whatever the model's code does, it is told, and the next prediction works."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runner.driver import Worker

FAILING = """
    import os, sys
    class Speechless(Exception):
        def __str__(self):
            raise RuntimeError("no words")
    class Liar(BaseException):
        def __repr__(self):
            raise SystemExit(1)
        __str__ = __repr__
    def dig(n):
        return dig(n + 1)
    class Node(dict):
        pass
    def predict(how: str) -> object:
        if how == "fine":
            return "fine"
        if how == "value":
            raise ValueError("bad\\n  thing")
        if how == "empty":
            raise ValueError
        if how == "long":
            raise ValueError("x" * 100_000)
        if how == "exit":
            sys.exit("stop")
        if how == "keyboard":
            raise KeyboardInterrupt
        if how == "speechless":
            raise Speechless
        if how == "liar":
            raise Liar
        if how == "deep":
            return dig(0)
        if how == "memory":
            return len(bytearray(1 << 60))
        if how == "chain":
            try:
                {}["x"]
            except KeyError as error:
                raise ValueError("no x") from error
        if how == "generator exit":
            raise GeneratorExit
        if how == "stop":
            raise StopIteration(3)
        if how == "bytes":
            return {"a": [b"x"]}
        if how == "object":
            return {"a": object()}
        if how == "loop":
            loop = []
            loop.append(loop)
            return loop
        if how == "deep output":
            nested = []
            for _ in range(100_000):
                nested = [nested]
            return nested
        if how == "closed":
            for number in (0, 1, 2):
                os.close(number)
            raise ValueError("closed")
        if how == "cwd":
            os.chdir("/")
            raise ValueError("elsewhere")
        if how == "streams":
            sys.stdout = sys.stderr = None
            raise ValueError("silent")
        if how == "surrogate":
            raise ValueError("half \\ud800")
"""


@pytest.mark.parametrize(
    ("how", "kind", "message"),
    [
        ("value", "ValueError", "bad thing"),
        ("empty", "ValueError", "predict() raised ValueError without a message."),
        ("long", "ValueError", "x" * 2000 + "…"),
        ("exit", "SystemExit", "predict() called sys.exit('stop')."),
        ("keyboard", "KeyboardInterrupt", "predict() raised KeyboardInterrupt without a message."),
        ("generator exit", "GeneratorExit", "predict() raised GeneratorExit without a message."),
        ("stop", "StopIteration", "3"),
        ("deep", "RecursionError", "maximum recursion depth exceeded"),
        ("memory", "MemoryError", "predict() raised MemoryError without a message."),
        ("chain", "ValueError", "no x"),
        ("bytes", "OutputError", "output.a[0]"),
        ("object", "OutputError", "output.a"),
        ("loop", "OutputError", "contains itself"),
        ("deep output", "OutputError", "nested"),
        ("closed", "ValueError", "closed"),
        ("cwd", "ValueError", "elsewhere"),
        ("streams", "ValueError", "silent"),
        ("surrogate", "ValueError", "half ?"),
        ("speechless", "Speechless", "its __str__ raised RuntimeError"),
        ("liar", "Liar", "its __str__ raised SystemExit"),
    ],
)
def test_every_way_to_fail_is_told_and_the_next_prediction_works(
    tmp_path: Path, how: str, kind: str, message: str
) -> None:
    with Worker(tmp_path, FAILING) as worker:
        worker.ready()
        done = worker.predict("a", how=how)
        assert (done.outcome, done.type, done.output) == ("failed", kind, None)
        assert done.message is not None
        assert message in done.message
        assert len(done.traceback) <= 50
        assert all(len(line) <= 2049 for line in done.traceback)
        assert not any("augury/runner" in line for line in done.traceback)
        assert worker.output("b", how="fine") == "fine"


def test_the_traceback_has_the_models_frames_and_the_cause(tmp_path: Path) -> None:
    with Worker(tmp_path, FAILING) as worker:
        worker.ready()
        trace = "\n".join(worker.predict("a", how="chain").traceback)
        assert "KeyError: 'x'" in trace
        assert "ValueError: no x" in trace
        assert 'raise ValueError("no x") from error' in trace


def test_an_output_over_the_limit_fails_and_says_to_return_a_file(tmp_path: Path) -> None:
    source = "def predict(n: int) -> str:\n    return 'ä' * n\n"
    with Worker(tmp_path, source, max_output=1000) as worker:
        worker.ready()
        assert worker.output("fits", n=499) == "ä" * 499  # 998 bytes and two quotes
        done = worker.predict("over", n=500)
        assert (done.outcome, done.type) == ("failed", "OutputError")
        assert done.message == "The output has 1002 bytes of JSON, more than the 1000 allowed: return a File instead."
        assert done.seconds is not None
        assert worker.output("next", n=1) == "ä"


def test_an_output_that_cannot_be_spilled_fails_alone(tmp_path: Path) -> None:
    source = """
        import shutil
        def predict(n: int, spill: str) -> str:
            shutil.rmtree(spill, ignore_errors=True)
            return "x" * n
    """
    with Worker(tmp_path, source) as worker:
        worker.ready()
        done = worker.predict("a", n=2 << 20, spill=str(worker.spill))
        assert done.outcome == "failed"
        assert (done.type, done.unstored) == ("storage", "")
        assert "could not be stored" in (done.message or "")
        assert worker.output("b", n=1, spill="") == "x"


def test_nan_becomes_null_with_a_warning_line(tmp_path: Path) -> None:
    with Worker(tmp_path, "def predict() -> list:\n    return [1.0, float('nan')]\n") as worker:
        worker.ready()
        assert worker.output("a") == [1.0, None]
        ((stream, text),) = worker.logs("a")
        assert stream == "logging"
        assert "output[1]" in text


def test_an_unknown_input_is_dropped_and_named(tmp_path: Path) -> None:
    with Worker(tmp_path, "def predict(a: int) -> int:\n    return a\n") as worker:
        worker.ready()
        assert worker.output("p", a=1, typo=2) == 1
        assert worker.logs("p") == [("logging", "The input 'typo' is not one of this model's: it was dropped.")]


def test_an_input_that_does_not_fit_fails_without_entering_predict(tmp_path: Path) -> None:
    with Worker(tmp_path, "def predict(a: int) -> int:\n    print('entered')\n    return a\n") as worker:
        worker.ready()
        done = worker.predict("p", a="one")
        assert (done.outcome, done.type, done.seconds, done.traceback) == ("failed", "InputError", None, [])
        assert "input.a" in (done.message or "")
        assert worker.logs("p") == []


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("from typing import Iterator\ndef predict() -> Iterator[str]:\n    yield 'a'\n    yield 'b'\n", ["a", "b"]),
        ("from augury import TextStream\ndef predict() -> TextStream:\n    yield 'a'\n    yield 'b'\n", "ab"),
        ("def predict():\n    yield 1\n", [1]),
        ("from typing import Iterator\ndef predict() -> Iterator[int]:\n    return map(int, '12')\n", [1, 2]),
        ("from typing import Iterator\ndef predict() -> Iterator[int]:\n    return iter([])\n", []),
        ("def predict() -> None:\n    pass\n", None),
    ],
)
def test_generators_end_as_the_list_of_their_items_or_as_their_text(
    tmp_path: Path, source: str, output: object
) -> None:
    with Worker(tmp_path, source) as worker:
        worker.ready()
        assert worker.output("p") == output


def test_a_generator_that_fails_half_way_fails(tmp_path: Path) -> None:
    with Worker(tmp_path, "def predict():\n    yield 1\n    raise ValueError('half way')\n") as worker:
        worker.ready()
        done = worker.predict("p")
        assert (done.outcome, done.message) == ("failed", "half way")
        assert (done.seconds or 0) < 10


def test_an_alarm_that_goes_off_between_two_predictions_does_not_end_the_worker(tmp_path: Path) -> None:
    source = """
        import signal
        def ring(*_):
            raise TimeoutError("late")
        def predict(seconds: float) -> str:
            signal.signal(signal.SIGALRM, ring)
            signal.setitimer(signal.ITIMER_REAL, seconds)
            return "fine"
    """
    with Worker(tmp_path, source) as worker:
        worker.ready()
        assert worker.output("a", seconds=0.05) == "fine"
        worker.log("TimeoutError")
        assert worker.output("b", seconds=0) == "fine"


def test_a_child_that_the_model_forked_has_no_part_in_the_conversation(tmp_path: Path) -> None:
    source = """
        import os
        def predict(how: str) -> str:
            if os.fork() == 0:
                print("from the child", flush=True)
                os.write(1, b"raw from the child\\n")
                if how == "return":
                    return "child"
                if how == "raise":
                    raise ValueError("child")
                os._exit(0)
            os.wait()
            return "parent"
    """
    with Worker(tmp_path, source) as worker:
        worker.ready()
        for n, how in enumerate(("exit", "return", "raise")):
            assert worker.output(str(n), how=how) == "parent"
        worker.raw_until("raw from the child")
        assert worker.output("end", how="exit") == "parent"


def test_multiprocessing_works_inside_predict(tmp_path: Path) -> None:
    source = """
        import multiprocessing
        def double(n):
            return 2 * n
        def predict(method: str) -> list:
            with multiprocessing.get_context(method).Pool(2) as pool:
                return pool.map(double, [1, 2, 3])
    """
    with Worker(tmp_path, source) as worker:
        worker.ready()
        assert worker.output("a", method="fork") == [2, 4, 6]
        assert worker.output("b", method="spawn") == [2, 4, 6]
