"""Waiting in tests: for a condition, with a deadline, and never for a time.

The only place in the tests that lets time pass. A condition that does not come true in time fails the test with the
words that the caller gave. Knows nothing about what is being waited for.
"""

from __future__ import annotations

import inspect
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

import anyio

Value = TypeVar("Value")

DEADLINE = 20.0
"""Seconds that a condition gets where the caller does not say."""
_STEP, _LONGEST_STEP = 0.005, 0.025
"""Seconds between two looks: more and more, since what is looked at may be asked of a process that has work to do."""


class NotInTime(AssertionError):
    """A condition did not come true before its deadline."""


def until(condition: Callable[[], Value], what: str = "", *, deadline: float = DEADLINE) -> Value:
    """The first truthy value of `condition`; raises NotInTime after `deadline` seconds."""
    never = threading.Event()
    began = time.monotonic()
    while True:
        if value := condition():
            return value
        waited = time.monotonic() - began
        if waited >= deadline:
            raise NotInTime(_complaint(what, deadline, value))
        never.wait(_step(waited))


@overload
async def until_async(
    condition: Callable[[], Awaitable[Value]], what: str = "", *, deadline: float = DEADLINE
) -> Value: ...
@overload
async def until_async(condition: Callable[[], Value], what: str = "", *, deadline: float = DEADLINE) -> Value: ...
async def until_async(condition: Callable[[], Any], what: str = "", *, deadline: float = DEADLINE) -> Any:
    """As `until`, leaving the event loop free between looks; `condition` may be a coroutine function."""
    never = anyio.Event()
    began = time.monotonic()
    while True:
        value = condition()
        if inspect.isawaitable(value):
            value = await value
        if value:
            return value
        waited = time.monotonic() - began
        if waited >= deadline:
            raise NotInTime(_complaint(what, deadline, value))
        with anyio.move_on_after(_step(waited)):
            await never.wait()


def _step(waited: float) -> float:
    return min(max(_STEP, waited / 20), _LONGEST_STEP)


def _complaint(what: str, deadline: float, last: object) -> str:
    return f"{what or 'the condition'}: not within {deadline:g} s (last: {last!r})"
