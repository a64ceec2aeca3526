"""Calls predict() once and gives its whole result: generators of all kinds are run to their end (D17).

Everything that happens in here is the model's code; what it raises comes out as it is. Knows nothing about runs.
"""

from __future__ import annotations

from types import CodeType, GeneratorType
from typing import Any, Awaitable, Callable, Dict, Iterator, List, Optional, cast

_ASYNC = 0x80 | 0x200  # inspect.CO_COROUTINE, inspect.CO_ASYNC_GENERATOR: inspect itself takes long to import
_MISSING = object()


def is_async(function: Callable[..., Any]) -> bool:
    """Whether calling this needs an event loop: async functions and async generators, also as methods or wrapped."""
    inner: Any = function
    while True:
        inner = getattr(inner, "__func__", inner)
        wrapped = getattr(inner, "func", None)  # functools.partial
        if wrapped is None or hasattr(inner, "__code__"):
            break
        inner = wrapped
    code: Optional[CodeType] = getattr(inner, "__code__", None)
    if code is None:  # an object with __call__
        kind: Any = cast("Any", type(inner))
        code = getattr(getattr(kind, "__call__", None), "__code__", None)  # noqa: B004 - its code is what is asked for
    return code is not None and bool(code.co_flags & _ASYNC)


def call(predict: Callable[..., Any], arguments: Dict[str, Any], streams: bool, joined: bool) -> Any:
    """The result of a sync predict(): `streams` iterates what it returns to a list, `joined` makes one text of it."""
    value = predict(**arguments)
    if isinstance(value, GeneratorType) or (streams and _can_be_drained(value)):
        return _whole(list(cast("Iterator[Any]", value)), joined)
    return value


async def call_async(predict: Callable[..., Any], arguments: Dict[str, Any], streams: bool, joined: bool) -> Any:
    """The same for an async predict()."""
    value = predict(**arguments)
    if hasattr(value, "__await__"):
        value = await cast("Awaitable[Any]", value)
    if hasattr(value, "__aiter__"):
        try:
            items = [item async for item in value]
        finally:
            close = getattr(value, "aclose", None)
            if close is not None:
                await close()
        return _whole(items, joined)
    if isinstance(value, GeneratorType) or (streams and _can_be_drained(value)):
        return _whole(list(cast("Iterator[Any]", value)), joined)
    return value


def _can_be_drained(value: Any) -> bool:
    return getattr(value, "__next__", _MISSING) is not _MISSING


def _whole(items: List[Any], joined: bool) -> Any:
    return "".join(items) if joined else items
