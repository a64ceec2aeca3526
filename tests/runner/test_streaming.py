"""Items on their way out: at once, in order, bounded, and the same as the output; whatever cancels or fails."""

from __future__ import annotations

import os
import select
import time
from pathlib import Path
from typing import Any

import pytest

from augury.protocol import Cancel, Done, Output
from tests.runner.driver import Worker
from tests.support.signals import until

NESTED = {"a": [1, {"b": [None, 2.5, "\0"]}]}
AWKWARD: list[Any] = ["a\u2028b", "a\x85b", "\r", "", None, NESTED, "x" * 5_000_000, [], "end"]
KINDS = [
    ("def predict() -> Iterator[{}]:", 1),
    ("async def predict() -> AsyncIterator[{}]:", 3),
]


def _model(head: str, body: str, item: str = "Any") -> str:
    lines = [
        "import asyncio, os, sys, time, threading, augury",
        "from typing import *",
        "from augury import *",
        head.format(item),
        *("    " + line for line in body.strip("\n").splitlines()),
    ]
    return "\n".join(lines)


@pytest.mark.parametrize(("head", "slots"), KINDS)
def test_awkward_items_arrive_as_they_are_and_make_up_the_output(tmp_path: Path, head: str, slots: int) -> None:
    body = "yield from ITEMS" if slots == 1 else "for item in ITEMS:\n    yield item"
    source = _model(head, body) + f"\nITEMS = {AWKWARD[:6] + AWKWARD[7:]!r}\nITEMS.insert(6, 'x' * 5_000_000)"
    with Worker(tmp_path, source, slots=slots) as worker:
        worker.ready()
        worker.stream("p")
        assert worker.done("p").output == AWKWARD
        assert worker.items("p") == AWKWARD
        assert os.listdir(worker.spill) == []


@pytest.mark.parametrize(("head", "slots"), KINDS)
def test_ten_thousand_items_keep_their_order_and_travel_together(tmp_path: Path, head: str, slots: int) -> None:
    with Worker(tmp_path, _model(head, "for n in range(10_000):\n    yield n"), slots=slots) as worker:
        worker.ready()
        worker.stream("p")
        assert worker.done("p").output == list(range(10_000))
        assert worker.items("p") == list(range(10_000))
        batches = [one.items for one in worker.messages if isinstance(one, Output)]
        assert batches[0] == [0]
        assert len(batches) < 2_000
        assert max(map(len, batches)) <= 256


@pytest.mark.parametrize(("head", "slots"), KINDS)
def test_every_item_arrives_although_the_model_is_busy_after_it(tmp_path: Path, head: str, slots: int) -> None:
    # The second item comes right behind the first: it had to wait for company, and the model blocks its thread.
    body = """
for n in range(1, 4):
    yield n
    yield n * 10
    while not os.path.exists(f"{os.path.dirname(__file__)}/{n}"):
        time.sleep(.001)
"""
    with Worker(tmp_path, _model(head, body), slots=slots) as worker:
        worker.ready()
        worker.stream("p")
        for n in (1, 2, 3):
            worker.expect(Output, lambda message, last=n * 10: last in message.items)
            (worker.model / str(n)).touch()
        assert worker.done("p").output == worker.items("p") == [1, 10, 2, 20, 3, 30]


def test_a_late_batch_is_sent_by_a_thread_that_exists_only_then(tmp_path: Path) -> None:
    body = """
yield sorted(one.name for one in threading.enumerate())
time.sleep(.01)
yield "at once"
yield "waits"
yield sorted(one.name for one in threading.enumerate())
"""
    with Worker(tmp_path, _model(KINDS[0][0], body)) as worker:
        worker.ready()
        worker.stream("p")
        output = worker.done("p").output
        assert output[0] == ["MainThread", "augury-reader"]
        assert output[3] == ["MainThread", "augury-flusher", "augury-reader"]


@pytest.mark.parametrize("head", ["def predict() -> TextStream:", "async def predict() -> TextStream:"])
def test_a_text_stream_is_its_pieces_joined(tmp_path: Path, head: str) -> None:
    body = "for piece in ['a', '', '\\ud83d', '\\u2028', 'ä']:\n    yield piece"
    with Worker(tmp_path, _model(head, body)) as worker:
        worker.ready()
        worker.stream("p")
        assert worker.done("p").output == "".join(worker.items("p")) == "a\ufffd\u2028ä"
        ((stream, text),) = worker.logs("p")
        assert stream == "logging"
        assert text.startswith("output[2]")


@pytest.mark.parametrize("head", ["def predict() -> TextStream:", "async def predict() -> TextStream:"])
def test_a_text_stream_of_what_is_no_text_fails_as_it_does_without_streaming(tmp_path: Path, head: str) -> None:
    body = "try:\n    yield 'a'\n    yield 1\n    yield 'c'\nfinally:\n    print('closed')"
    with Worker(tmp_path, _model(head, body)) as worker:
        worker.ready()
        worker.stream("p")
        done, plain = worker.done("p"), worker.predict("q")
        assert worker.items("p") == ["a"]
        assert (done.outcome, done.type, done.message) == (plain.outcome, plain.type, plain.message)
        assert done.type == "TypeError"
        assert worker.logs("p") == [("stdout", "closed")]


@pytest.mark.parametrize(("head", "slots"), KINDS)
def test_items_before_an_exception_were_sent(tmp_path: Path, head: str, slots: int) -> None:
    body = "yield 1\nyield 2\nyield 3\nraise ValueError('no more')"
    with Worker(tmp_path, _model(head, body), slots=slots) as worker:
        worker.ready()
        worker.stream("p")
        done = worker.done("p")
        assert (done.outcome, done.type, done.message, done.output) == ("failed", "ValueError", "no more", None)
        assert worker.items("p") == [1, 2, 3]


@pytest.mark.parametrize(("head", "slots"), KINDS)
def test_an_item_that_is_no_json_fails_at_once_with_its_place(tmp_path: Path, head: str, slots: int) -> None:
    body = "try:\n    yield 1\n    yield {'a': [b'']}\n    print('never')\nfinally:\n    print('closed')"
    with Worker(tmp_path, _model(head, body), slots=slots) as worker:
        worker.ready()
        worker.stream("p")
        done = worker.done("p")
        assert (done.outcome, done.type) == ("failed", "OutputError")
        assert (done.message or "").startswith("output[1].a[0]: bytes are not JSON")
        assert worker.items("p") == [1]
        assert worker.logs("p") == [("stdout", "closed")]


@pytest.mark.parametrize(
    ("head", "slots", "piece"),
    [(*KINDS[0], 98), (*KINDS[1], 98), ("def predict() -> TextStream:", 1, 100)],
)
def test_all_items_together_are_bounded_as_an_output_is(tmp_path: Path, head: str, slots: int, piece: int) -> None:
    # Ten items take 10 * (98 + 2) + 9 commas + 2 brackets, ten pieces of text 10 * 100 + 2 quotes.
    whole = 1011 if piece == 98 else 1002
    body = f"""
for n in range(10**9):
    if n == 10 and os.path.exists(__file__ + '.ten'):
        return
    yield 'x' * {piece}
"""
    for name, limit in (("fits", whole), ("over", whole - 1), ("endless", whole)):
        (tmp_path / name).mkdir()
        with Worker(tmp_path / name, _model(head, body), slots=slots, max_output=limit) as worker:
            worker.ready()
            if name != "endless":
                (worker.model / "predict.py.ten").touch()
            worker.stream("p")
            done = worker.done("p")
            if name == "fits":
                assert done.outcome == "succeeded", done
            else:
                assert (done.outcome, done.type) == ("failed", "OutputError")
                assert f"bytes of JSON, more than the {limit} allowed: return a File instead." in (done.message or "")
                assert len(worker.items("p")) == (9 if name == "over" else 10)


def test_changes_to_items_are_told_once_each_and_not_without_end(tmp_path: Path) -> None:
    body = "for n in range(15):\n    yield float('nan')"
    with Worker(tmp_path, _model(KINDS[0][0], body)) as worker:
        worker.ready()
        worker.stream("p")
        assert worker.done("p").output == worker.items("p") == [None] * 15
        texts = [text for _, text in worker.logs("p")]
        assert texts[:10] == [f"output[{n}]: NaN became null" for n in range(10)]
        assert texts[10:] == ["5 more values were changed"]


@pytest.mark.parametrize(
    ("code", "output"),
    [
        ("def predict() -> Iterator[int]:\n    return iter([1, 2])", [1, 2]),
        ("def predict() -> Iterator[int]:\n    return map(int, '12')", [1, 2]),
        ("def predict() -> Iterator[int]:\n    return [1, 2]", [1, 2]),
        ("def predict() -> TextStream:\n    return 'abc'", "abc"),
        ("async def predict() -> AsyncIterator[int]:\n    return (n for n in (1, 2))", [1, 2]),
        ("async def predict() -> AsyncIterator[int]:\n    return [1, 2]", [1, 2]),
        ("def predict() -> Iterator[int]:\n    yield from ()", []),
    ],
)
def test_whatever_gives_the_items_they_are_the_output(tmp_path: Path, code: str, output: Any) -> None:
    source = "from typing import *\nfrom augury import TextStream\n" + code
    with Worker(tmp_path, source) as worker:
        worker.ready()
        worker.stream("p")
        assert worker.done("p").output == output
        assert worker.items("p") == (["abc"] if output == "abc" else output)


@pytest.mark.parametrize(
    "code", ["def predict() -> list[int]:\n    return [1]", "def predict():\n    return (n for n in [1])"]
)
def test_a_predict_that_does_not_stream_sends_no_items(tmp_path: Path, code: str) -> None:
    with Worker(tmp_path, code) as worker:
        worker.ready()
        worker.stream("p")
        assert worker.done("p").output == [1]
        assert worker.items("p") == []


def test_nothing_is_streamed_that_nobody_asked_for(tmp_path: Path) -> None:
    with Worker(tmp_path, _model(KINDS[0][0], "yield 1")) as worker:
        worker.ready()
        assert worker.output("p") == [1]
        assert worker.items("p") == []


def _rss(worker: Worker) -> int:
    text = Path(f"/proc/{worker.process.pid}/status").read_text()
    return int(text.partition("VmRSS:")[2].split()[0]) * 1024


COUNTING = """
try:
    for n in range(10**9):
        with open(path, "w") as file:
            file.write(str(n))
        yield "x" * 100_000
except BaseException as error:
    open(path + ".left", "w").close()
    print("left by", type(error).__name__)
    raise
finally:
    print("closed")
"""


def _standing(counter: Path) -> int:
    """The number at which the count has come to a halt."""
    last = [0, time.monotonic()]

    def halted() -> bool:
        text = counter.read_text() if counter.exists() else ""
        if text and int(text) != last[0]:
            last[:] = [int(text), time.monotonic()]
        return bool(text) and time.monotonic() - last[1] > 0.3

    until(halted, "the generator goes on")
    return int(last[0])


@pytest.mark.parametrize("head", ["def predict(path: str) -> {}:", "async def predict(path: str) -> {}:"])
def test_a_generator_waits_for_a_slow_reader_and_is_cancelled_while_it_waits(tmp_path: Path, head: str) -> None:
    result = "AsyncIterator[str]" if head.startswith("async") else "Iterator[str]"
    source = _model(head.replace("{}", result), COUNTING)
    counter = tmp_path / "n"
    with Worker(tmp_path, source, slots=2, max_output=1 << 28) as worker:
        worker.ready()
        before = _rss(worker)
        worker.stream("p", path=str(counter))
        standing = _standing(counter)
        assert standing < 20
        assert _rss(worker) - before < 10_000_000
        worker.send(Cancel("p"))
        until((tmp_path / "n.left").exists, "not cancelled while it waits")
        assert counter.read_text() == str(standing)
        assert worker.done("p").outcome == "cancelled"
        assert len(worker.items("p")) == standing + 1
        left = "CancelledError" if head.startswith("async") else "Cancelled"
        assert worker.logs("p") == [("stdout", "left by " + left), ("stdout", "closed")]


def test_a_slow_reader_gets_everything(tmp_path: Path) -> None:
    body = "for n in range(50):\n    open(path, 'w').write(str(n))\n    yield str(n) * 50_000"
    source = _model("def predict(path: str) -> Iterator[str]:", body)
    counter = tmp_path / "n"
    with Worker(tmp_path, source) as worker:
        worker.ready()
        worker.stream("p", path=str(counter))
        _standing(counter)
        assert worker.done("p").output == worker.items("p") == [str(n) * 50_000 for n in range(50)]


def test_the_other_slots_go_on_and_can_be_cancelled_while_nothing_is_read(tmp_path: Path) -> None:
    body = """
open(f"{path}.begun", "w").close()
try:
    if path.endswith("flood"):
        while True:
            yield "x" * 100_000
    yield "first"
    while not os.path.exists(path + ".gate"):
        await asyncio.sleep(.001)
    print("a line")
    open(path + ".passed", "w").close()
    yield "second"
    await asyncio.sleep(600)
finally:
    open(path + ".closed", "w").close()
"""
    source = _model("async def predict(path: str) -> AsyncIterator[str]:", body)
    with Worker(tmp_path, source, slots=4, max_output=1 << 28) as worker:
        worker.ready()
        names = ["flood", "a", "b", "c"]
        for name in names:
            worker.stream(name, path=str(tmp_path / name))
        until(lambda: all((tmp_path / f"{name}.begun").exists() for name in names))
        until(lambda: select.select([worker.socket], [], [], 0)[0], "no item")
        for name in ("a", "b", "c"):
            (tmp_path / f"{name}.gate").touch()
        until(lambda: all((tmp_path / f"{name}.passed").exists() for name in "abc"), "a slot is blocked")
        worker.send(*[Cancel(name) for name in names])
        until(lambda: all((tmp_path / f"{name}.closed").exists() for name in names), "not cancelled while blocked")
        for name in names:
            assert worker.done(name).outcome == "cancelled"
        for name in "abc":
            assert worker.items(name) == ["first", "second"]
            assert worker.logs(name) == [("stdout", "a line")]
        assert set(worker.items("flood")) == {"x" * 100_000}


def test_four_streams_at_once_do_not_mix(tmp_path: Path) -> None:
    body = "for n in range(2_000):\n    yield f'{name}{n}'\n    if n % 7 == 0:\n        await asyncio.sleep(0)"
    source = _model("async def predict(name: str) -> AsyncIterator[str]:", body)
    with Worker(tmp_path, source, slots=4) as worker:
        worker.ready()
        for name in "abcd":
            worker.stream(name, name=name)
        for name in "abcd":
            assert worker.done(name).output == [f"{name}{n}" for n in range(2_000)]
            assert worker.items(name) == [f"{name}{n}" for n in range(2_000)]


SWALLOWS: dict[str, tuple[str, list[str]]] = {
    "goes on": ("try:\n    yield 1\n    WAIT\nexcept BaseException:\n    pass\nwhile True:\n    yield 'late'", []),
    "yields in its finally": ("try:\n    yield 1\n    WAIT\nfinally:\n    yield 'late'", []),
    "returns": ("try:\n    yield 1\n    WAIT\nexcept BaseException:\n    return", []),
    "fails": ("try:\n    yield 1\n    WAIT\nfinally:\n    raise ValueError('spilt')", ["ValueError: spilt"]),
    "cannot be closed": (
        "try:\n    yield 1\n    WAIT\nfinally:\n    try:\n        yield 'late'\n    finally:\n        yield 'later'",
        ["ignored GeneratorExit"],
    ),
}


@pytest.mark.parametrize("how", SWALLOWS)
@pytest.mark.parametrize(("head", "slots"), KINDS)
def test_a_cancelled_generator_is_cancelled_whatever_it_does(tmp_path: Path, head: str, slots: int, how: str) -> None:
    body, told = SWALLOWS[how]
    wait = "(print('waiting'), time.sleep(600))" if slots == 1 else "await (print('waiting'), asyncio.sleep(600))[1]"
    with Worker(tmp_path, _model(head, body.replace("WAIT", wait)), slots=slots) as worker:
        worker.ready()
        worker.stream("p")
        worker.log("waiting")
        worker.send(Cancel("p"))
        assert worker.done("p").outcome == "cancelled"
        assert worker.items("p") == [1]
        lines = "\n".join(text for _, text in worker.logs("p"))
        for text in told:
            assert text in lines
        worker.stream("q")
        worker.expect(Output, lambda message: message.id == "q")


def test_an_endless_generator_is_cancelled_wherever_it_is(tmp_path: Path) -> None:
    body = "try:\n    for n in range(10**9):\n        yield n\nfinally:\n    print('closed')"
    with Worker(tmp_path, _model(KINDS[0][0], body), max_output=1 << 28) as worker:
        worker.ready()
        for n in range(60):
            name = f"p{n}"
            worker.stream(name)
            worker.expect(Output, lambda message, name=name: message.id == name)
            worker.send(Cancel(name))
            assert worker.done(name) == Done(name, "cancelled", worker.done(name).seconds)
            items = worker.items(name)
            assert items == list(range(len(items)))
            assert worker.logs(name) == [("stdout", "closed")]
            worker.messages.clear()


def test_an_endless_async_generator_that_never_waits_is_cancelled_too(tmp_path: Path) -> None:
    body = "try:\n    for n in range(10**9):\n        yield n\nfinally:\n    print('closed')"
    with Worker(tmp_path, _model(KINDS[1][0], body), slots=2, max_output=1 << 28) as worker:
        worker.ready()
        worker.stream("p")
        worker.stream("q")
        worker.expect(Output, lambda message: message.id == "q")
        worker.send(Cancel("p"), Cancel("q"))
        for name in "pq":
            assert worker.done(name).outcome == "cancelled"
            items = worker.items(name)
            assert items == list(range(len(items)))
            assert worker.logs(name) == [("stdout", "closed")]


def test_files_among_the_items_are_handed_over(tmp_path: Path) -> None:
    body = (
        "(augury.scratch() / 'a.txt').write_text('hi')\nyield File(augury.scratch() / 'a.txt')\nyield File('gone.txt')"
    )
    with Worker(tmp_path, _model(KINDS[0][0], body, "File")) as worker:
        worker.ready()
        worker.stream("p")
        done = worker.done("p")
        assert worker.items("p") == ["data:text/plain;base64,aGk="]
        assert (done.type, (done.message or "").split(":")[0]) == ("OutputError", "output[1]")


@pytest.mark.parametrize(("head", "slots"), KINDS)
def test_a_child_that_is_forked_between_two_items_sends_none(tmp_path: Path, head: str, slots: int) -> None:
    body = (
        "yield 1\nyield 2\nchild = os.fork()\nyield 'child' if child == 0 else 3\nif child:\n    os.waitpid(child, 0)"
    )
    with Worker(tmp_path, _model(head, body), slots=slots) as worker:
        worker.ready()
        worker.stream("p")
        assert worker.done("p").output == worker.items("p") == [1, 2, 3]
