"""What is logged comes out as one line, with the ids that were bound where it was logged."""

from __future__ import annotations

import io
import json
import logging
import re
import threading
import warnings
from collections.abc import Generator
from typing import Any

import anyio
import pytest

from augury import logs
from augury.logs import bound

log = logging.getLogger("augury.engine.test")


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Generator[None]:
    """Leave the process's logging as it was."""
    root, ours = logging.getLogger(), logging.getLogger("augury")
    handlers, levels = root.handlers[:], (root.level, ours.level)
    shown = (logging.logThreads, logging.logProcesses, logging.logMultiprocessing)
    yield
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    ours.setLevel(levels[1])
    logging.logThreads, logging.logProcesses, logging.logMultiprocessing = shown
    logging.captureWarnings(capture=False)


@pytest.fixture
def console() -> io.StringIO:
    stream = io.StringIO()
    logs.configure("debug", "console", stream)
    return stream


@pytest.fixture
def machine() -> io.StringIO:
    stream = io.StringIO()
    logs.configure("debug", "json", stream)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_for_people_has_time_level_place_message_and_fields(console: io.StringIO) -> None:
    log.info("worker is ready", extra={"seconds": 0.1234567, "slots": 4, "note": "two words"})
    assert re.fullmatch(
        r'\d\d:\d\d:\d\d\.\d{3} INFO    engine\.test  worker is ready  seconds=0\.123457 slots=4 note="two words"\n',
        console.getvalue(),
    )


def test_a_line_for_machines_is_one_object_with_all_of_it(machine: io.StringIO) -> None:
    with bound(prediction="p1"):
        log.warning("slow", extra={"seconds": 1.5, "names": ["a", "b"]})
    [line] = lines(machine)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", line.pop("time"))
    assert line == {
        "level": "warning", "logger": "augury.engine.test", "message": "slow",
        "prediction": "p1", "seconds": 1.5, "names": ["a", "b"],
    }  # fmt: skip


def test_ids_are_bound_inside_only_and_inner_ones_win(machine: io.StringIO) -> None:
    with bound(request="r1", worker="w1"):
        with bound(worker="w2"):
            log.info("inner")
            assert logs.context() == {"request": "r1", "worker": "w2"}
        log.info("outer")
    log.info("outside")
    seen = [(line.get("request"), line.get("worker")) for line in lines(machine)]
    assert seen == [("r1", "w2"), ("r1", "w1"), (None, None)]


def test_ids_are_unbound_after_an_error() -> None:
    with pytest.raises(LookupError), bound(request="r1"):
        raise LookupError
    assert logs.context() == {}


def test_a_field_wins_over_the_id_of_the_same_name(machine: io.StringIO) -> None:
    with bound(worker="bound"):
        log.info("x", extra={"worker": "given"})
    assert lines(machine)[0]["worker"] == "given"


def test_a_field_cannot_stand_in_for_the_level_or_the_time(machine: io.StringIO) -> None:
    log.info("x", extra={"level": "fake", "time": "never", "logger": "other"})
    line = lines(machine)[0]
    assert (line["level"], line["logger"]) == ("info", "augury.engine.test")
    assert line["time"] != "never"


@pytest.mark.anyio
async def test_tasks_inherit_ids_and_do_not_share_them(machine: io.StringIO) -> None:
    async def work(name: str) -> None:
        with bound(prediction=name):
            await anyio.lowlevel.checkpoint()
            log.info("working")

    with bound(request="r"):
        async with anyio.create_task_group() as group:
            for name in ("a", "b", "c"):
                group.start_soon(work, name)
    assert sorted((line["request"], line["prediction"]) for line in lines(machine)) == [("r", x) for x in "abc"]


def test_another_thread_has_no_ids_of_this_one(machine: io.StringIO) -> None:
    with bound(request="r"):
        thread = threading.Thread(target=lambda: log.info("elsewhere"))
        thread.start()
        thread.join()
    assert "request" not in lines(machine)[0]


@pytest.mark.parametrize(
    "value", ["a\nb", "a\r\nINFO forged", "\x1b[31m", "a=b c=d", 'say "hi"', "", "\ud800", "\u2028"]
)
def test_no_value_can_forge_a_line_or_a_field(value: str, console: io.StringIO) -> None:
    log.info("got it", extra={"value": value, "last": 1})
    [line] = console.getvalue().splitlines()
    quoted = re.search(r"value=(.*) last=1$", line)
    assert quoted
    assert json.loads(quoted[1]) == value


def test_a_message_with_a_line_break_stays_on_its_line(console: io.StringIO) -> None:
    logging.getLogger("other.package").warning("one\ntwo\x1b[31m")
    assert console.getvalue().endswith("other.package  one\\ntwo\\x1b[31m\n")


@pytest.mark.parametrize("value", [2**80, "\ud800", {1: object()}, float("nan"), b"\xff", {("a",): 1}, ValueError("x")])
def test_whatever_a_field_is_its_record_is_logged(value: object, machine: io.StringIO) -> None:
    log.info("odd", extra={"value": value})
    assert lines(machine)[0]["message"] == "odd"


def test_an_exception_is_a_field_for_machines_and_lines_for_people(machine: io.StringIO) -> None:
    people = io.StringIO()
    also = logging.StreamHandler(people)
    also.setFormatter(logs.ConsoleFormatter())
    log.addHandler(also)
    try:
        _ = 1 / 0
    except ZeroDivisionError:
        log.exception("it broke", extra={"worker": "w1"})
    finally:
        log.removeHandler(also)
    [line] = lines(machine)
    assert line["exception"].endswith("ZeroDivisionError: division by zero")
    first, second, *_ = people.getvalue().splitlines()
    assert first.endswith("it broke  worker=w1")
    assert second == "Traceback (most recent call last):"


def test_other_packages_are_heard_from_warning_up_and_ours_from_the_level() -> None:
    stream = io.StringIO()
    logs.configure("info", "json", stream)
    for name in ("augury.store", "httpx"):
        for level in (logging.DEBUG, logging.INFO, logging.WARNING):
            logging.getLogger(name).log(level, "x")
    seen = [(line["logger"], line["level"]) for line in lines(stream)]
    assert seen == [("augury.store", "info"), ("augury.store", "warning"), ("httpx", "warning")]


def test_configuring_again_replaces_what_was_there() -> None:
    first, second = io.StringIO(), io.StringIO()
    logs.configure("info", "json", first)
    logs.configure("error", "console", second)
    log.warning("not an error")
    log.error("an error")
    assert first.getvalue() == ""
    assert second.getvalue().count("\n") == 1


def test_warnings_of_python_are_logged(machine: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logs.configure("info", "json", machine)
        warnings.warn("old ways", stacklevel=1)
    assert "old ways" in lines(machine)[0]["message"]
