"""metric(), progress() and scratch(): they reach the right run, and never break it."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import tempfile
import threading
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from augury import Cancelled, metric, progress, scratch
from augury.sdk.reporting import activate, current_run


class Recorded:
    """A run that keeps what it was told."""

    def __init__(self, scratch: str = "/scratch") -> None:
        self.scratch = scratch
        self.metrics: dict[str, Any] = {}
        self.reports: list[tuple[float, str | None]] = []
        self.warnings: list[str] = []

    def metric(self, name: str, value: Any) -> None:
        self.metrics[name] = value

    def progress(self, fraction: float, message: str | None) -> None:
        self.reports.append((fraction, message))

    def warn(self, text: str) -> None:
        self.warnings.append(text)


def in_thread(work: Callable[[], None]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()


def test_outside_a_run_reports_do_nothing() -> None:
    metric("a", object())
    progress(7)
    assert scratch() == Path(tempfile.gettempdir())
    assert current_run() is None


def test_reports_reach_the_run_that_is_active() -> None:
    run = Recorded()
    with activate(run):
        metric("loss", 0.5)
        metric("loss", np.float32(0.25))
        metric("shape", (1, 2))
        progress(0.5, "half")
        progress(1)
        assert scratch() == Path("/scratch")
    assert run.metrics == {"loss": 0.25, "shape": [1, 2]}
    assert run.reports == [(0.5, "half"), (1.0, None)]
    assert run.warnings == []


class Hostile:
    """Raises at every opportunity."""

    def __repr__(self) -> str:
        raise RuntimeError("no")

    def __float__(self) -> float:
        raise RuntimeError("no")

    def tolist(self) -> Any:
        raise RuntimeError("no")


@pytest.mark.parametrize("value", [object(), b"x", float("nan"), {1: {2: b""}}, {"a": float("inf")}, Hostile()])
def test_a_metric_that_is_no_json_is_dropped_with_a_warning(value: Any) -> None:
    run = Recorded()
    with activate(run):
        metric("bad", value)
    assert run.metrics == {}
    assert len(run.warnings) == 1
    assert run.warnings[0].startswith("metric dropped: bad")


@pytest.mark.parametrize("name", ["", "x" * 201, 5, None, Hostile()])
def test_a_metric_with_an_impossible_name_is_dropped_with_a_warning(name: Any) -> None:
    run = Recorded()
    with activate(run):
        metric(name, 1)
    assert run.metrics == {}
    assert len(run.warnings) == 1


@pytest.mark.parametrize("fraction", [-0.1, 1.1, float("nan"), float("inf"), "x", None, [], 10**400, Hostile()])
def test_progress_outside_0_to_1_is_dropped_with_a_warning(fraction: Any) -> None:
    run = Recorded()
    with activate(run):
        progress(fraction)
    assert run.reports == []
    assert len(run.warnings) == 1


def test_a_thread_without_context_belongs_to_the_only_run() -> None:
    run = Recorded()
    with activate(run):
        in_thread(lambda: metric("a", 1))
    in_thread(lambda: metric("late", 1))
    assert run.metrics == {"a": 1}


def test_a_thread_without_context_belongs_to_nobody_among_several_runs() -> None:
    first, second = Recorded(), Recorded()
    with activate(first), activate(second):
        in_thread(lambda: metric("a", 1))
        metric("b", 2)
    assert first.metrics == {}
    assert second.metrics == {"b": 2}


def test_a_context_that_outlives_its_run_reports_to_nobody() -> None:
    ended, running = Recorded(), Recorded()
    with activate(ended):
        context = contextvars.copy_context()
    with activate(running):
        in_thread(lambda: context.run(metric, "late", 1))
    assert ended.metrics == running.metrics == {}


def test_concurrent_async_runs_do_not_mix() -> None:
    runs = [Recorded(str(number)) for number in range(20)]

    together = asyncio.Barrier(len(runs))

    async def one(run: Recorded, number: int) -> None:
        with activate(run):
            for step in range(5):
                await together.wait()
                metric("number", number)
                progress(step / 5)
                assert str(scratch()) == str(number)
                await asyncio.to_thread(metric, "thread", number)

    async def every() -> None:
        async with asyncio.TaskGroup() as group:
            for number, run in enumerate(runs):
                group.create_task(one(run, number))

    asyncio.run(every())
    assert [run.metrics for run in runs] == [{"number": n, "thread": n} for n in range(20)]


def test_a_run_ends_also_when_its_generator_is_closed_in_another_context() -> None:
    run = Recorded()

    async def items() -> AsyncGenerator[int]:
        with activate(run):
            yield 1

    async def begin_and_leave() -> None:
        stream = items()
        await anext(stream)
        await asyncio.create_task(stream.aclose())  # pyright: ignore[reportArgumentType]

    asyncio.run(begin_and_leave())
    assert current_run() is None


def test_being_cancelled_passes_through_except_exception() -> None:
    assert not issubclass(Cancelled, Exception)
    with pytest.raises(Cancelled):
        careless()


def careless() -> None:
    with contextlib.suppress(Exception):
        raise Cancelled
