"""The vocabulary of a Cog model, `from cog import BasePredictor, Input, Path`, on ours.

What a model imports as `cog` is the package in `shim/`, which gives these names. A signature in these words is read by
`cog_signature.py`. Knows nothing about cog.yaml, environments or how a prediction runs. Standard library only; 3.9.
"""

from __future__ import annotations

import dataclasses
import inspect
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, AsyncIterator, Callable, Iterator, TypeVar, overload

from . import fields
from .cog_files import File, Path, Secret, URLFile, URLPath
from .cog_scope import MetricRecorder, Scope, current_scope
from .fields import MISSING
from .fields import InputField as FieldInfo
from .reporting import Cancelled as CancelationException

__all__ = [
    "AsyncConcatenateIterator",
    "AsyncIterator",
    "BaseModel",
    "BasePredictor",
    "BaseRunner",
    "CancelationException",
    "ConcatenateIterator",
    "ExperimentalFeatureWarning",
    "FieldInfo",
    "File",
    "Input",
    "Iterator",
    "MetricRecorder",
    "Opaque",
    "Path",
    "Scope",
    "Secret",
    "URLFile",
    "URLPath",
    "concurrent",
    "current_scope",
    "emit_metric",
    "streaming",
]

_Function = TypeVar("_Function", bound=Callable[..., Any])
_Item = TypeVar("_Item")
_CONCURRENT = "__cog_concurrent_max__"


class BaseRunner:
    """The class that a Cog model's Runner is made from: run() for each prediction, setup() before the first."""

    def setup(self, weights: Path | str | None = None) -> Any:
        """Prepare; a model loads its weights here."""

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Make one prediction; a model defines this one, or predict()."""
        return self._other("run", "predict")(*args, **kwargs)

    def predict(self, *args: Any, **kwargs: Any) -> Any:
        """Make one prediction: the older name of run()."""
        return self._other("predict", "run")(*args, **kwargs)

    @property
    def scope(self) -> Scope:
        """What the running prediction offers: its metrics."""
        return current_scope()

    def record_metric(self, key: str, value: Any, mode: str = "replace") -> None:
        """Record a metric of the running prediction; `mode` is "replace", "incr" or "append"."""
        current_scope().record_metric(key, value, mode)

    def _other(self, name: str, other: str) -> Callable[..., Any]:
        if getattr(type(self), other) is getattr(BaseRunner, other):
            raise AttributeError(f"{type(self).__name__} has no {name}()")
        return getattr(self, other)


class BasePredictor(BaseRunner):
    """The class that a Cog model's Predictor is made from: predict() for each prediction, setup() before the first."""


class BaseModel:
    """The class that an output of several fields is made from: its subclasses are dataclasses.

    With `auto_dataclass=False` a subclass, and all below it, see to that themselves.
    """

    _makes_dataclass = True

    def __init_subclass__(cls, *, auto_dataclass: bool = True, init: bool = True, **options: Any) -> None:
        super().__init_subclass__()
        first: Any = cls.__bases__[0]
        if not issubclass(first, BaseModel):
            raise TypeError(f"the first base of {cls.__name__} must be a BaseModel, not {first.__name__}")
        if not auto_dataclass and first is not BaseModel and first._makes_dataclass:
            raise ValueError(f"{cls.__name__} has auto_dataclass=False, but its base {first.__name__} is a dataclass")
        for other in cls.__bases__[1:]:
            if dataclasses.is_dataclass(other):
                raise TypeError(f"{cls.__name__} cannot be a BaseModel and the dataclass {other.__name__}")
        cls._makes_dataclass = auto_dataclass
        if auto_dataclass:
            dataclasses.dataclass(init=init, **options)(cls)


class ConcatenateIterator(Iterator[_Item]):
    """Annotation of a generator whose texts are pieces of one: `-> ConcatenateIterator[str]`."""

    @abstractmethod
    def __next__(self) -> _Item: ...


class AsyncConcatenateIterator(AsyncIterator[_Item]):
    """The same of an asynchronous generator."""

    @abstractmethod
    async def __anext__(self) -> _Item: ...


class _Opaque:
    """Marks a type that is any JSON object: `Annotated[Thing, Opaque]`."""

    def __repr__(self) -> str:
        return "Opaque"


Opaque = _Opaque()


class ExperimentalFeatureWarning(FutureWarning):
    """A warning that models filter out; nothing warns with it."""


def Input(
    default: Any = MISSING,
    *,
    default_factory: Callable[[], Any] | None = None,
    description: str | None = None,
    ge: float | None = None,
    le: float | None = None,
    min_length: int | None = None,
    max_length: int | None = None,
    regex: str | None = None,
    choices: Sequence[Any] | None = None,
    deprecated: bool | None = None,
    accept: str | None = None,
) -> Any:
    """Describe and bound an input: `n: int = Input(default=3, ge=1)`. Without a default it must be given.

    Bounds and choices of a list are those of its items. `accept` lists the media types or file name extensions of a
    file, as in HTML: "image/*,.pdf". Raises ValueError where the description contradicts itself.
    """
    if default_factory is not None:
        raise TypeError("Input() takes no default_factory; write the value itself: Input(default=...)")
    if isinstance(default, dataclasses.Field):
        default = _default_of(default)  # pyright: ignore[reportUnknownArgumentType]  # of whatever it is a field
    return fields.Input(
        default,
        # A comma too many makes a tuple of it; Cog takes that.
        description=description if description is None else _text(description),
        ge=ge,
        le=le,
        min_length=min_length,
        max_length=max_length,
        regex=regex,
        choices=None if choices is None else tuple(choices),
        deprecated=deprecated,
        media_types=media_types(accept),
    )


def media_types(accept: str | None) -> tuple[str, ...] | None:
    """The media types that an `accept` names; None where one of its extensions belongs to none."""
    if accept is None:
        return None
    import mimetypes  # a slow import that most models never need

    found: list[str] = []
    for part in (one.strip().lower() for one in accept.split(",")):
        if part in ("", "*", "*/*"):
            continue
        kind = mimetypes.guess_type("name" + part)[0] if part.startswith(".") else part
        if kind is None:
            return None
        found.append(kind)
    return tuple(found) or None


def emit_metric(name: str, value: Any) -> None:
    """Record a metric of the running prediction: the older name of record_metric()."""
    current_scope().record_metric(name, value)


@overload
def streaming(fn: _Function) -> _Function: ...
@overload
def streaming(fn: None = None) -> Callable[[_Function], _Function]: ...
def streaming(fn: Any = None) -> Any:
    """Mark a predict() that streams: any that yields does, so this says nothing new."""
    return _as_it_is if fn is None else fn


@overload
def concurrent(fn: _Function) -> _Function: ...
@overload
def concurrent(fn: None = None, *, max: int = 1) -> Callable[[_Function], _Function]: ...
def concurrent(fn: Any = None, *, max: int = 1) -> Any:
    """Say how many predictions an async predict() may work on at once."""
    if isinstance(max, bool) or not isinstance(max, int):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError("concurrent max must be an integer")
    if max < 1:
        raise ValueError("concurrent max must be at least 1")

    def marked(function: Any) -> Any:
        if not callable(function):
            raise TypeError("write @concurrent or @concurrent(max=...)")
        if max > 1 and not (inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)):
            raise TypeError("concurrent max greater than 1 requires an async function")
        setattr(function, _CONCURRENT, max)
        return function

    return marked if fn is None else marked(fn)


def concurrency(function: Any) -> int | None:
    """What @concurrent said about a function, or None."""
    found: Any = getattr(function, _CONCURRENT, None)
    return found if isinstance(found, int) else None


def _text(description: Any) -> str:
    return " ".join(map(str, description)) if type(description) in (tuple, list) else str(description)


def _as_it_is(function: _Function) -> _Function:
    return function


def _default_of(declared: dataclasses.Field[Any]) -> Any:
    """The default in a `dataclasses.field(...)`."""
    if declared.default_factory is not dataclasses.MISSING:
        return declared.default_factory()
    return MISSING if declared.default is dataclasses.MISSING else declared.default
