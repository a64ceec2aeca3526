"""A Cog model's run() or predict() -> its Signature, as Cog reads it.

The same shapes as every other signature, with Cog's rules on top: which method it is, that an Optional may be left out,
that bounds of a list are those of its items, that dicts are objects of any kind. Where Cog refuses what can be offered
(D56), it is offered. Nothing is called. Standard library only; Python 3.9 and newer.
"""

from __future__ import annotations

import inspect
import os
import typing
from dataclasses import replace
from typing import Any, Callable, ClassVar

from .annotations import STREAMS, Reader, name_of
from .cog import AsyncConcatenateIterator, BasePredictor, BaseRunner, ConcatenateIterator, Opaque, Path
from .fields import EMPTY, MISSING, InputField
from .foreign import DATA
from .jsonvalues import is_array, is_object
from .shapes import (
    ANY,
    NULL,
    Either,
    Entries,
    Foreign,
    Items,
    RecordField,
    Refined,
    Scalar,
    Shape,
    allows_null,
    or_null,
)
from .signature import Parameter, Reading, Signature, SignatureError, is_function, read_signature
from .source import Where, innermost

OBJECT = Entries(Scalar("string"), ANY)
"""A JSON object of any kind."""


def inspect_cog(target: Any) -> Signature:
    """The signature of a Cog model's class, instance or function; raises SignatureError.

    Its `method` is the one to call: "run" or "predict".
    """
    if not inspect.isclass(target) and is_function(target):
        return read_signature(_CogReading(_undecorated(target)), True, None)
    kind: Any = target if inspect.isclass(target) else target.__class__
    method, warning = _method_of(kind)
    found = inspect.getattr_static(kind, method)
    function = _undecorated(getattr(found, "__func__", found))
    if not callable(function):
        raise SignatureError(f"{kind.__name__}.{method} is no function", *Where(kind).pair())
    about: str | None = kind.__doc__
    reading = _CogReading(function)
    reading.warnings += [warning] if warning else []
    return read_signature(reading, isinstance(found, staticmethod), inspect.cleandoc(about) if about else None, method)


class _CogReader(Reader):
    """Reads annotations as Cog does: what is a dict is an object of any kind, also where it says more."""

    def read(self, annotation: Any) -> Shape:
        origin: Any = typing.get_origin(annotation)
        if annotation is dict or origin is dict or _is_typed_dict(annotation):
            return OBJECT
        if annotation is os.PathLike or origin is os.PathLike:
            return Path.__augury_shape__
        if origin is typing.Annotated and any(extra is Opaque for extra in annotation.__metadata__):
            return _opaque(annotation.__origin__)
        return super().read(annotation)

    def _field(self, name: str, hint: Any, required: bool, default: Any) -> RecordField:
        field = super()._field(name, hint, required, default)
        if self._mode == "validation":
            return field
        # An output has all its fields, whatever it was made with; those that may be null may be missing.
        bare = field.shape.shape if isinstance(field.shape, Refined) else field.shape
        always = bare == ANY or not allows_null(bare)
        return replace(field, shape=Refined(bare, _titled(name, field.info)), required=always, default=MISSING)

    def _foreign(self, kind: Any) -> Shape:
        shape = super()._foreign(kind)
        if self._mode == "serialization" and isinstance(shape, Foreign):
            _complete(shape.document)
        return shape


class _CogReading(Reading):
    """Reads the annotations of one function of a Cog model."""

    reader: ClassVar[type[Reader]] = _CogReader
    streams: ClassVar[dict[Any, bool]] = {**STREAMS, ConcatenateIterator: False, AsyncConcatenateIterator: True}

    def parameter(self, parameter: inspect.Parameter, documented: str | None) -> Parameter:
        read = super().parameter(parameter, documented)
        shape = read.shape
        if isinstance(shape, Refined):
            shape = _within_lists(shape.shape, shape.info)
        default = None if read.default is MISSING and _is_optional(shape) else read.default
        shown = _converted(shape, default)
        return replace(read, shape=shape, default=default, field=_titled(read.name, read.field), shown=shown)

    def said_of(self, kind: Any) -> tuple[tuple[str, str], ...]:
        words = (("x-cog-array-type", "iterator"),)
        joined = kind in (ConcatenateIterator, AsyncConcatenateIterator)
        return (*words, ("x-cog-array-display", "concatenate")) if joined else words

    def found_yielding(self, annotation: Any) -> None:
        name = name_of(annotation)
        self.warnings.append(f"it yields, so its output is a list of {name}: write Iterator[{name}]")


def _complete(schema: Any) -> None:
    """Say of each object in an output's schema that it has all its fields that may not be null."""
    if is_array(schema):
        for part in schema:
            _complete(part)
    if not is_object(schema):
        return
    for key, part in schema.items():
        if key not in DATA:
            _complete(part)
    fields: Any = schema.get("properties")
    if is_object(fields):
        for field in fields.values():
            field.pop("default", None)
        schema["required"] = [name for name, field in fields.items() if {"type": "null"} not in field.get("anyOf", [])]


def _method_of(kind: Any) -> tuple[str, str | None]:
    """Which method makes a prediction, and what to warn of."""
    own: set[str] = set()
    for base in inspect.getmro(kind):
        if base in (BaseRunner, BasePredictor, object):
            break  # behind it nothing is the model's own choice
        own |= {name for name in ("run", "predict") if callable(getattr(base, name, None)) and name in vars(base)}
    if len(own) == 1:
        return own.pop(), None
    where = Where(kind)
    if not own:
        text = f"{where.text(where.line)}: class {kind.__name__} has neither run() nor predict()"
        raise SignatureError(text, *where.pair())
    if issubclass(kind, BaseRunner) and not issubclass(kind, BasePredictor):
        text = f"{where.text(where.line)}: class {kind.__name__} has both run() and predict(); keep one of them"
        raise SignatureError(text, *where.pair())
    return "predict", f"{kind.__name__} has both run() and predict(): predict() is called"


def _undecorated(function: Any) -> Any:
    """The function that says what the inputs are, also behind a decorator that does not tell what it is around."""
    while True:
        function = innermost(function)
        inner = [one for one in _enclosed(function) if inspect.isfunction(one)]
        if len(inner) != 1 or not _takes_anything(function):
            return function
        function = inner[0]


def _enclosed(function: Callable[..., Any]) -> list[Any]:
    found: list[Any] = []
    for cell in getattr(function, "__closure__", None) or ():
        try:
            found.append(cell.cell_contents)
        except ValueError:  # not filled in yet
            continue
    return found


def _takes_anything(function: Callable[..., Any]) -> bool:
    kinds = [one.kind for one in inspect.signature(function).parameters.values()]
    return inspect.Parameter.VAR_POSITIONAL in kinds or inspect.Parameter.VAR_KEYWORD in kinds


def _is_typed_dict(annotation: Any) -> bool:
    kind: Any = annotation
    return inspect.isclass(kind) and issubclass(kind, dict) and hasattr(annotation, "__total__")


def _opaque(inner: Any) -> Shape:
    """An object, a list of objects, or either or null: what is seen of a type that is marked as opaque."""
    origin: Any = typing.get_origin(inner)
    if inner is list or origin is list:
        return Items(OBJECT, list)
    arguments: tuple[Any, ...] = typing.get_args(inner)
    if type(None) in arguments and origin is not dict:
        rest = [one for one in arguments if one is not type(None)]
        return or_null(_opaque(rest[0]) if len(rest) == 1 else OBJECT)
    return OBJECT


def _within_lists(shape: Shape, info: InputField) -> Shape:
    """A shape in its bounds, of which Cog means those of a list for its items."""
    bounds = InputField(
        ge=info.ge,
        le=info.le,
        min_length=info.min_length,
        max_length=info.max_length,
        regex=info.regex,
        choices=info.choices,
    )
    if bounds == EMPTY:
        return Refined(shape, info)
    options = shape.options if isinstance(shape, Either) else (shape,)
    if not all(isinstance(one, Items) or one == NULL for one in options):
        return Refined(shape, info)
    inner = tuple(replace(one, item=Refined(one.item, bounds)) if isinstance(one, Items) else one for one in options)
    rest = replace(info, ge=None, le=None, min_length=None, max_length=None, regex=None, choices=None)
    return Refined(Either(inner) if isinstance(shape, Either) else inner[0], rest)


def _converted(shape: Shape, default: Any) -> Any:
    """A default as a number where one is declared and it is written as a text; predict() gets it as it is."""
    bare = shape.shape if isinstance(shape, Refined) else shape
    if isinstance(bare, Either):
        bare = next((one for one in bare.options if one != NULL), bare)
    number = _NUMBERS.get(bare.kind) if isinstance(bare, Scalar) else None
    if number is None or not isinstance(default, (str, bool)):
        return MISSING
    try:
        return number(default)
    except ValueError:  # a text of another kind: it is shown as it is
        return MISSING


def _is_optional(shape: Shape) -> bool:
    bare = shape.shape if isinstance(shape, Refined) else shape
    return bare == NULL or (isinstance(bare, Either) and bare.nullable)


def _titled(name: str, info: InputField) -> InputField:
    return info if info.title else replace(info, title=name.replace("_", " ").title())


_NUMBERS: dict[str, Callable[[Any], Any]] = {"integer": int, "number": float}
