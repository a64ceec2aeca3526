"""Calls predict() once and gives its whole result: generators of all kinds are run to their end (D17).

call() keeps their items; feed() hands each to a stream, and closes a generator that is left before its end.
Everything that happens in here is the model's code; what it raises comes out as it is. Knows nothing about runs.
"""

from __future__ import annotations

from types import CodeType, GeneratorType
from typing import Any, AsyncIterator, Awaitable, Callable, Dict, Iterator, List, Optional, cast

from .stream import Stream

_ASYNC = 0x80 | 0x200  # inspect.CO_COROUTINE, inspect.CO_ASYNC_GENERATOR: inspect itself takes long to import
_MISSING = object()

Keep = Callable[[Any], Any]


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


def call(predict: Callable[..., Any], arguments: Dict[str, Any], streams: bool, joined: bool, keep: Keep) -> Any:
    """The result of a sync predict(): `streams` iterates what it returns to a list, `joined` makes one text of it.

    `keep` gives what is kept of each item, taken at once: the model may write where it points to before the next one.
    """
    value = predict(**arguments)
    if isinstance(value, GeneratorType) or (streams and _can_be_drained(value)):
        return _whole(_drain(cast("Iterator[Any]", value), keep), joined)
    return value


async def call_async(
    predict: Callable[..., Any], arguments: Dict[str, Any], streams: bool, joined: bool, keep: Keep
) -> Any:
    """The same for an async predict()."""
    value = predict(**arguments)
    if hasattr(value, "__await__"):
        value = await cast("Awaitable[Any]", value)
    if hasattr(value, "__aiter__"):
        try:
            items = [keep(item) async for item in value]
        finally:
            close = getattr(value, "aclose", None)
            if close is not None:
                await close()
        return _whole(items, joined)
    if isinstance(value, GeneratorType) or (streams and _can_be_drained(value)):
        return _whole(_drain(cast("Iterator[Any]", value), keep), joined)
    return value


def feed(
    predict: Callable[..., Any], arguments: Dict[str, Any], stream: Stream, tell: Callable[[BaseException], None]
) -> Any:
    """Give what a sync predict() yields to `stream`, which is the result then; what it returns instead is as it is.

    `tell` gets what the generator raises while it is closed because of something else.
    """
    value = predict(**arguments)
    if not _can_be_drained(value):
        return value
    try:
        for item in value:
            if stream.stopped():  # The model kept the cancellation to itself and goes on.
                break
            if stream.add(item):
                stream.send()
        else:
            return stream
    except BaseException as error:
        try:
            if stream.stopped() and not isinstance(error, Exception):
                _throw(value, error)
            _close(value)
        except Exception as other:  # noqa: BLE001 - what the model's clean-up raises does not take the place of the cause
            tell(other)
        raise
    _close(value)
    return stream


async def feed_async(
    predict: Callable[..., Any], arguments: Dict[str, Any], stream: Stream, tell: Callable[[BaseException], None]
) -> Any:
    """The same for an async predict()."""
    value = predict(**arguments)
    if hasattr(value, "__await__"):
        value = await cast("Awaitable[Any]", value)
    if not hasattr(value, "__aiter__"):
        if not _can_be_drained(value):
            return value
        value = _one_by_one(value)
    try:
        async for item in value:
            if stream.stopped():
                break
            if stream.add(item):
                await stream.send_async()
        else:
            return stream
    except BaseException as error:
        try:
            if stream.stopped() and not isinstance(error, Exception):
                await _throw_async(value, error)
            await _close_async(value)
        except Exception as other:  # noqa: BLE001 - what the model's clean-up raises does not take the place of the cause
            tell(other)
        raise
    await _close_async(value)
    return stream


async def _one_by_one(items: Iterator[Any]) -> AsyncIterator[Any]:
    try:
        for item in items:
            yield item
    finally:
        _close(items)


def _throw(generator: Any, error: BaseException) -> None:
    # Raised while the generator waited at its yield: it gets to know what it would have been told anywhere else.
    throw = getattr(generator, "throw", None)
    if throw is not None:
        try:
            throw(error)
        except StopIteration:
            pass
        except BaseException as other:
            if other is not error:
                raise


async def _throw_async(generator: Any, error: BaseException) -> None:
    throw = getattr(generator, "athrow", None)
    if throw is not None:
        try:
            await throw(error)
        except StopAsyncIteration:
            pass
        except BaseException as other:
            if other is not error:
                raise


def _close(generator: Any) -> None:
    close = getattr(generator, "close", None)
    if close is not None:
        close()


async def _close_async(generator: Any) -> None:
    close = getattr(generator, "aclose", None)
    if close is not None:
        await close()


def _drain(items: Iterator[Any], keep: Keep) -> List[Any]:
    try:
        return list(map(keep, items))
    except BaseException:
        _close(items)  # A cancellation may have been raised between two items, outside of the generator.
        raise


def _can_be_drained(value: Any) -> bool:
    return getattr(value, "__next__", _MISSING) is not _MISSING


def _whole(items: List[Any], joined: bool) -> Any:
    return "".join(items) if joined else items
