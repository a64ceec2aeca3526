"""Whose line it is: what is printed anywhere belongs to the prediction that caused it, and to no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from augury.protocol import Metric, Predict, Progress
from tests.runner.driver import Worker

SLOTS = """
    import asyncio, augury, contextvars, logging, sys, threading
    from concurrent.futures import ThreadPoolExecutor

    early = logging.getLogger("early")
    early.addHandler(logging.StreamHandler(sys.stderr))
    early.setLevel("INFO")
    pool = ThreadPoolExecutor(4)
    together = asyncio.Barrier(4)

    def work(name):
        print("pool", name)
        augury.metric("name", name)
        augury.progress(.5, name)

    async def sub(name):
        await asyncio.sleep(0)
        print("task", name)

    async def predict(name: str) -> None:
        loop = asyncio.get_running_loop()
        await together.wait()
        for _ in range(20):
            print("out", name)
            sys.stderr.write(f"err {name}\\n")
            early.info("log %s", name)
            await asyncio.gather(
                asyncio.to_thread(print, "thread", name),
                loop.run_in_executor(pool, contextvars.copy_context().run, work, name),
                loop.create_task(sub(name)),
            )
"""


def test_four_slots_share_threads_tasks_and_loggers_and_no_line_goes_astray(tmp_path: Path) -> None:
    with Worker(tmp_path, SLOTS, slots=4) as worker:
        worker.ready()
        worker.send(*[Predict(name, {"name": name}) for name in "abcd"])
        for name in "abcd":
            assert worker.done(name).outcome == "succeeded", worker.done(name)
        for name in "abcd":
            lines = worker.logs(name)
            assert {text.split()[-1] for _, text in lines} == {name}
            kinds = [text.split()[0] for _, text in lines]
            assert {kind: kinds.count(kind) for kind in kinds} == dict.fromkeys(
                ("out", "err", "log", "thread", "pool", "task"), 20
            )
            assert {stream for stream, text in lines if text.split()[0] in ("err", "log")} == {"stderr"}
        assert worker.logs(None) == []
        assert {(one.id, one.value) for one in worker.messages if isinstance(one, Metric)} == {(n, n) for n in "abcd"}
        assert {(one.id, one.message) for one in worker.messages if isinstance(one, Progress)} == {
            (n, n) for n in "abcd"
        }


def test_a_task_that_outlives_its_prediction_writes_into_the_log_of_none(tmp_path: Path) -> None:
    source = """
        import asyncio, augury
        go, tasks = asyncio.Event(), []
        async def late():
            print("in time")
            await go.wait()
            print("late")
            augury.metric("late", 1)
            augury.progress(1.0)
        async def predict(start: bool) -> None:
            if start:
                tasks.append(asyncio.get_running_loop().create_task(late()))
                await asyncio.sleep(.01)
            else:
                go.set()
                await tasks[0]
    """
    with Worker(tmp_path, source, slots=2) as worker:
        worker.ready()
        worker.output("a", start=True)
        worker.output("b", start=False)
        assert worker.logs("a") == [("stdout", "in time")]
        assert worker.logs("b") == []
        assert worker.logs(None) == [("stdout", "late")]
        assert not [one for one in worker.messages if isinstance(one, (Metric, Progress))]


def test_what_setup_prints_belongs_to_no_prediction_and_a_logger_made_there_goes_on(tmp_path: Path) -> None:
    source = """
        import logging, sys
        logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
        class Predictor:
            def setup(self):
                logging.info("loading")
                sys.stderr.write("no end")
            def predict(self) -> None:
                logging.info("running")
    """
    with Worker(tmp_path, source) as worker:
        worker.ready()
        assert worker.logs(None) == [("stdout", "loading"), ("stderr", "no end")]
        worker.output("p")
        assert worker.logs("p") == [("stdout", "running")]


def test_characters_of_two_slots_are_not_mixed_up(tmp_path: Path) -> None:
    source = """
        import asyncio, sys
        async def predict(first: bool) -> None:
            raw = ("ä" if first else "€").encode()
            for n in range(len(raw)):
                sys.stdout.buffer.write(raw[n:n + 1])
                await asyncio.sleep(.005)
    """
    with Worker(tmp_path, source, slots=2) as worker:
        worker.ready()
        worker.send(Predict("a", {"first": True}), Predict("b", {"first": False}))
        worker.done("a")
        worker.done("b")
        assert (worker.logs("a"), worker.logs("b")) == ([("stdout", "ä")], [("stdout", "€")])


def _logs(folder: Path, body: str) -> tuple[list[tuple[str, str]], Worker]:
    lines = [
        "import sys, os, augury, resource, time",
        "def predict() -> object:",
        *("    " + x for x in body.split("\n")),
    ]
    with Worker(folder, "\n".join(lines)) as worker:
        worker.ready()
        worker.output("p")
    return worker.logs("p"), worker


@pytest.mark.parametrize("write", ["print('x' * 10_000_000)", "sys.stdout.buffer.write(b'x' * 10_000_000 + b'\\n')"])
def test_a_line_of_ten_million_characters_is_cut_and_the_next_is_whole(tmp_path: Path, write: str) -> None:
    logs, _ = _logs(tmp_path, write + "\nprint('next')")
    assert logs == [("stdout", "x" * 16384 + "… [line cut]"), ("stdout", "next")]


@pytest.mark.parametrize(
    "write",
    [
        "for _ in range(1_000): print(line)",
        "for _ in range(20): print((line[:999] + chr(10)) * 50_000)",
        "for _ in range(1_000): sys.stderr.buffer.write(raw)",
        "for _ in range(1_000): sys.stdout.write(line)",
    ],
)
def test_a_gigabyte_of_output_costs_neither_time_nor_memory(tmp_path: Path, write: str) -> None:
    body = f"""line = "y" * 1_000_000
raw = line[:999].encode() * 1_000 + b"\\n"
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
{write}
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
assert grown < 160_000, grown"""
    logs, worker = _logs(tmp_path, body)
    done = worker.done("p")
    assert (done.seconds or 0) < 10
    assert sum(len(text) + 1 for _, text in logs) < 11 << 20
    if "sys.stdout.write" not in write:
        assert len(logs) > 600
    assert [text for stream, text in logs if stream == "logging"] in (
        ["More than 10 MiB of log: the rest is dropped."],
        [],
    )


def test_progress_bars_become_a_line_for_each_state(tmp_path: Path) -> None:
    logs, _ = _logs(tmp_path, "for n in range(3):\n    sys.stderr.write(f'\\r{n}/3 |##  |')\nsys.stderr.write('\\n')")
    assert logs == [("stderr", f"{n}/3 |##  |") for n in range(3)]


def test_characters_that_a_store_cannot_keep_are_replaced(tmp_path: Path) -> None:
    body = """print('a\\0b', '\\ud83d', '\\ud83d\\ude00')
augury.progress(.5, 'c\\0d\\udc00' + 'e' * 20_000)
sys.stdout.buffer.write(b'\\xff\\0\\n')
augury.metric('n\\0', 'v\\0')"""
    logs, worker = _logs(tmp_path, body)
    assert logs == [("stdout", "a\ufffdb \ufffd \U0001f600"), ("stdout", "\ufffd\ufffd")]
    (progress,) = [one for one in worker.messages if isinstance(one, Progress)]
    assert (progress.message or "").startswith("c\ufffdd\ufffdeee")
    assert len(progress.message or "") < 16_500


def test_as_many_metrics_as_one_can_look_at_are_kept(tmp_path: Path) -> None:
    body = "for n in range(3_000):\n    augury.metric(f'm{n}', n)\nfor n in range(3_000):\n    augury.metric('m7', -n)"
    logs, worker = _logs(tmp_path, body)
    metrics = [one for one in worker.messages if isinstance(one, Metric)]
    assert len({one.name for one in metrics}) == 1_000
    assert metrics[-1] == Metric("p", "m7", -2_999)
    ((stream, text),) = logs
    assert (stream, text) == (
        "logging",
        "metric dropped: m1000: there are 1000 metrics already; so are all new ones",
    )


def test_a_metric_that_is_too_big_or_no_json_is_dropped_with_a_line(tmp_path: Path) -> None:
    body = """class Bad:
    def __str__(self): raise ValueError
    def __float__(self): raise KeyError
augury.metric('fits', 'x' * 65_534)
augury.metric('big', 'x' * 65_535)
augury.metric('list', ['x' * 1_000] * 100)
augury.metric('none', object())
augury.metric('', 1)
augury.metric('nan', float('nan'))
augury.progress(.25, Bad())
augury.progress(Bad())"""
    logs, worker = _logs(tmp_path, body)
    assert [one.name for one in worker.messages if isinstance(one, Metric)] == ["fits"]
    assert len(logs) == 7
    assert logs[0] == ("logging", "metric dropped: big: 65537 bytes of JSON are more than 65536")
    assert all(stream == "logging" and re.match("(metric|progress) dropped: ", text) for stream, text in logs)


@pytest.mark.parametrize("fraction", ["-0.01", "1.01", "float('nan')", "float('inf')", "'much'", "None", "[1]"])
def test_a_progress_that_is_no_fraction_is_dropped_with_a_line(tmp_path: Path, fraction: str) -> None:
    logs, worker = _logs(tmp_path, f"augury.progress({fraction}, 'words')\naugury.progress(0)\naugury.progress(True)")
    assert [one.fraction for one in worker.messages if isinstance(one, Progress)] == [0.0, 1.0]
    ((stream, text),) = logs
    assert stream == "logging"
    assert text.startswith("progress dropped: ")


def test_the_limits_are_those_of_the_server() -> None:
    from augury.domain import logline
    from augury.runner import capture

    assert (capture.LINE_LIMIT, capture.RUN_LIMIT) == (logline.LINE_LIMIT, logline.RUN_LIMIT)


def test_what_a_child_wrote_is_in_the_pipe_before_the_end_is_told(tmp_path: Path) -> None:
    source = """
        import subprocess
        def predict(n: int) -> None:
            subprocess.run(["sh", "-c", f"echo child {n}; echo err {n} >&2"], check=True)
    """
    with Worker(tmp_path, source, drain=False) as worker:
        worker.ready()
        for n in range(20):
            worker.output(f"p{n}", n=n)
            assert worker.raw_now() == f"child {n}\nerr {n}\n"


def test_lines_that_threads_print_at_once_stay_whole_and_their_tails_are_kept(tmp_path: Path) -> None:
    source = """
        import sys, threading
        def work(n, gate):
            for m in range(100):
                print(n, m)
                gate.wait()
            sys.stdout.write(f"tail {n}")
        def predict() -> None:
            gate = threading.Barrier(4)
            threads = [threading.Thread(target=work, args=(n, gate)) for n in range(4)]
            [one.start() for one in threads]
            [one.join() for one in threads]
    """
    with Worker(tmp_path, source) as worker:
        worker.ready()
        worker.output("p")
        lines = [f"{n} {m}" for n in range(4) for m in range(100)] + [f"tail {n}" for n in range(4)]
        assert sorted(text for _, text in worker.logs("p")) == sorted(lines)
