"""Type annotations -> shapes: the whole matrix of types that a model may use, nested to any depth.

Reader.read() walks one annotation; classes are remembered, so that recursive ones end. What cannot be a JSON value is
an UnsupportedType that says what would work. pydantic is used where the model has loaded it, and never imported.
Knows nothing about predict() or JSON Schema. Standard library only; Python 3.9 and newer.
"""

from __future__ import annotations

import collections
import collections.abc
import contextlib
import dataclasses
import datetime
import decimal
import enum
import pathlib
import sys
import types
import typing
import uuid
from typing import Any

from .fields import EMPTY, MISSING, File, InputField, Secret, TextStream
from .foreign import adapt
from .jsonform import enum_form
from .shapes import (
    ANY,
    NULL,
    Alias,
    Choice,
    Either,
    Entries,
    Fixed,
    Items,
    Record,
    RecordField,
    Refined,
    Scalar,
    Shape,
)

STREAMS: dict[Any, bool] = {
    collections.abc.Iterator: False,
    collections.abc.Iterable: False,
    collections.abc.Generator: False,
    collections.abc.AsyncIterator: True,
    collections.abc.AsyncIterable: True,
    collections.abc.AsyncGenerator: True,
}
"""The annotations of a stream of items, and whether it is an asynchronous one."""


class UnsupportedType(Exception):
    """An annotation that no JSON value can have; `place` leads from the parameter to it."""

    def __init__(self, message: str, place: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.place = place


class Reader:
    """Reads the annotations of one predict().

    `namespace` is for forward references; `mode` is "validation" for inputs, "serialization" for outputs.
    """

    def __init__(self, namespace: dict[str, Any], mode: str) -> None:
        self._namespace = namespace
        self._mode = mode
        self._known: dict[Any, Shape] = {}
        self._parameters: dict[Any, Any] = {}

    def read(self, annotation: Any) -> Shape:
        """The shape of an annotation; raises UnsupportedType."""
        if isinstance(annotation, (str, typing.ForwardRef)):
            return self._forward(annotation)
        if annotation is None or annotation is type(None):
            return NULL
        if annotation is Any or annotation is object:
            return ANY
        if isinstance(annotation, typing.TypeVar):
            return self._type_variable(annotation)
        if hasattr(annotation, "__supertype__"):
            return self.read(annotation.__supertype__)
        origin: Any = typing.get_origin(annotation)
        if type(annotation).__name__ == "TypeAliasType":
            return self._alias(annotation, annotation.__name__, lambda: annotation.__value__)
        if origin is None:
            return self._plain(annotation)
        if origin is typing.Annotated:
            return self._annotated(annotation)
        return self._generic(annotation, origin, typing.get_args(annotation))

    # Annotations with arguments.

    def _generic(self, annotation: Any, origin: Any, arguments: tuple[Any, ...]) -> Shape:
        if getattr(origin, "_name", None) == "Literal":  # by name: typing_extensions has one of its own
            return self._literal(arguments)
        if not arguments and origin in _BARE:  # List, Dict, Tuple and so on, bare
            return Fixed(()) if isinstance(annotation, types.GenericAlias) else _BARE[origin]
        if origin is typing.Union or origin is getattr(types, "UnionType", None):
            return self._union(arguments)
        if getattr(origin, "_name", None) in _WRAPPERS or origin is typing.Final or origin is typing.ClassVar:
            return self.read(arguments[0])
        if origin is tuple:
            return self._tuple(arguments)
        if origin in _ITEMS:
            return self._items(origin, arguments)
        if origin in _ENTRIES:
            return Entries(self._key(arguments[0]), self._value(arguments[1], "[...]"))
        if origin is collections.Counter:
            return Entries(self._key(arguments[0]), Scalar("integer"))
        if isinstance(origin, type) and _is_record(origin):  # pyright: ignore[reportUnknownArgumentType]
            return self._record(annotation, origin, arguments)
        raise _unsupported(annotation)

    def _annotated(self, annotation: Any) -> Shape:
        extras: tuple[Any, ...] = annotation.__metadata__
        ours = tuple(extra for extra in extras if not type(extra).__module__.startswith("pydantic"))
        # What pydantic wrote there may be a validator that only pydantic can run.
        shape = self.read(annotation.__origin__) if ours == extras else self._foreign(annotation)
        info = field_of(ours)
        if isinstance(shape, Refined):
            info, shape = shape.info.merged(info), shape.shape
        return shape if info == EMPTY else Refined(shape, info)

    def _literal(self, values: tuple[Any, ...]) -> Shape:
        pairs: list[tuple[Any, Any]] = []
        for value in values:
            if isinstance(value, enum.Enum):
                pairs.append((enum_form(value), value))
            elif value is None or isinstance(value, (str, int, bool)):
                pairs.append((value, value))
            else:
                raise UnsupportedType(f"Literal[{value!r}] is not JSON; use texts, integers, booleans or None")
        return Choice(tuple(pairs))

    def _union(self, arguments: tuple[Any, ...]) -> Shape:
        options: list[Shape] = []
        for argument in arguments:
            shape = self.read(argument)
            for option in shape.options if isinstance(shape, Either) else (shape,):
                if option not in options:
                    options.append(option)
        return options[0] if len(options) == 1 else Either(tuple(options))

    def _tuple(self, arguments: tuple[Any, ...]) -> Shape:
        if len(arguments) == 2 and arguments[1] is ...:
            return Items(self._value(arguments[0], "[]"), tuple)
        if arguments == ((),):  # tuple[()] before Python 3.11
            return Fixed(())
        return Fixed(tuple(self._value(one, f"[{index}]") for index, one in enumerate(arguments)))

    def _items(self, origin: Any, arguments: tuple[Any, ...]) -> Shape:
        return Items(self._value(arguments[0], "[]"), _ITEMS[origin])

    def _key(self, annotation: Any) -> Shape:
        shape = self.read(annotation)
        bare = shape.shape if isinstance(shape, Refined) else shape
        if isinstance(bare, Scalar) and bare.kind in _KEYS:
            return Scalar("string") if bare is ANY else shape
        if isinstance(bare, Choice) and all(isinstance(form, str) for form, _ in bare.values):
            return shape
        raise UnsupportedType(f"dict keys of type {name_of(annotation)} are not JSON; use str keys")

    def _value(self, annotation: Any, step: str) -> Shape:
        with _within(step):
            return self.read(annotation)

    # Names that stand for something else.

    def _forward(self, reference: str | typing.ForwardRef) -> Shape:
        name = reference if isinstance(reference, str) else reference.__forward_arg__
        return self._alias(("forward", name), name, lambda: evaluate(name, self._namespace))

    def _alias(self, key: Any, name: str, value: typing.Callable[[], Any]) -> Shape:
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = Alias(name, ANY)
            known.target = self.read(value())
        # An alias that did not turn out to contain itself is kept: it only names what is there.
        return known

    def _type_variable(self, variable: Any) -> Shape:
        if variable in self._parameters:
            return self.read(self._parameters[variable])
        if variable.__constraints__:
            return self._union(variable.__constraints__)
        return self.read(variable.__bound__) if variable.__bound__ is not None else ANY

    # Annotations without arguments.

    def _plain(self, annotation: Any) -> Shape:
        if not isinstance(annotation, type):
            if annotation in _BARE:
                return _BARE[annotation]
            raise _unsupported(annotation)
        kind: Any = annotation
        if hasattr(kind, "__augury_shape__"):  # it knows what it is
            return kind.__augury_shape__
        if kind in _SCALARS:
            return Scalar(_SCALARS[kind])
        if kind in _BARE:
            return _BARE[kind]
        if issubclass(kind, File):
            return Scalar("file")
        if issubclass(kind, pathlib.PurePath):
            return Scalar("path")
        if issubclass(kind, enum.Enum):
            return self._enum(kind)
        if _is_record(kind):
            return self._record(kind, kind, ())
        if hasattr(kind, "__get_pydantic_core_schema__"):
            return self._foreign(kind)
        raise _unsupported(kind)

    def _enum(self, kind: type[enum.Enum]) -> Shape:
        members = list(kind)
        if not members:
            raise UnsupportedType(f"{kind.__name__} has no members")
        return Choice(tuple((enum_form(member), member) for member in members))

    def _foreign(self, kind: Any) -> Shape:
        """What pydantic itself describes: models, its dataclasses, constrained and annotated types."""
        try:
            known = self._known.get(kind)
        except TypeError:  # metadata that cannot be hashed
            known = None
        if known is not None:
            return known
        try:
            shape = adapt(kind, name_of(kind), self._mode)
        except ValueError as error:
            raise UnsupportedType(str(error)) from error
        with contextlib.suppress(TypeError):
            self._known[kind] = shape
        return shape

    # Records.

    def _record(self, annotation: Any, kind: Any, arguments: tuple[Any, ...]) -> Shape:
        if hasattr(kind, "__pydantic_validator__"):
            return self._foreign(annotation)
        free: tuple[Any, ...] = getattr(annotation, "__parameters__", ()) if arguments else ()
        if free:  # Box[T] within Box[int] is Box[int]
            annotation = annotation[tuple(self._parameters.get(one, Any) for one in free)]
            arguments = typing.get_args(annotation)
        known = self._known.get(annotation)
        if known is not None:
            return known
        record = self._known[annotation] = Record(kind.__name__, kind, _description(kind))
        outer = self._parameters, self._namespace
        self._parameters = dict(zip(getattr(kind, "__parameters__", ()), arguments))
        self._namespace = {**self._namespace, **vars(sys.modules.get(kind.__module__, types)), kind.__name__: kind}
        try:
            hints = self._hints(kind)
            for name, required, default in _entries(kind, hints):
                with _within("." + name):
                    record.fields.append(self._field(name, hints.get(name, Any), required, default))
        finally:
            self._parameters, self._namespace = outer
        return record

    def _field(self, name: str, hint: Any, required: bool, default: Any) -> RecordField:
        shape = self.read(hint)
        info = shape.info if isinstance(shape, Refined) else EMPTY
        if isinstance(default, InputField):
            info = info.merged(default)
            shape = Refined(shape.shape if isinstance(shape, Refined) else shape, info)
            default = default.default
            required = default is MISSING
        return RecordField(name, shape, required, default, info)

    def _hints(self, kind: Any) -> dict[str, Any]:
        try:
            return typing.get_type_hints(kind, None, self._namespace, include_extras=True)
        except Exception as error:  # evaluating an annotation runs the author's own code
            raise UnsupportedType(f"the annotations of {kind.__name__}: {explain(error)}") from error


def field_of(metadata: typing.Iterable[Any]) -> InputField:
    """What the extras of Annotated say: Input(), and what other libraries write there for the same purpose."""
    info = EMPTY
    for extra in metadata:
        if isinstance(extra, InputField):
            info = info.merged(extra)
        elif isinstance(extra, str):
            info = info.merged(InputField(description=extra))
        elif isinstance(getattr(extra, "documentation", None), str):  # typing_extensions.Doc
            info = info.merged(InputField(description=extra.documentation))
        else:
            said = {name: getattr(extra, name, None) for name in _BOUNDS}
            info = info.merged(InputField(**{name: value for name, value in said.items() if value is not None}))
    return info


def evaluate(text: str, namespace: dict[str, Any]) -> Any:
    """The value of an annotation that is written as a text; raises UnsupportedType."""
    holder = types.SimpleNamespace(__annotations__={"value": text})
    try:
        return typing.get_type_hints(holder, namespace, include_extras=True)["value"]
    except Exception as error:  # evaluating an annotation runs the author's own code
        raise UnsupportedType(f"the annotation {text!r}: {explain(error)}") from error


def explain(error: Exception) -> str:
    """Why an annotation could not be evaluated, with the way out where it is known."""
    if isinstance(error, NameError):
        return f"{error}; import it at the top of the module, outside `if TYPE_CHECKING`"
    if isinstance(error, TypeError) and "|" in str(error):
        return "this Python does not know `X | Y`; write Optional[X] or Union[X, Y], or require Python 3.10"
    return f"{type(error).__name__}: {error}"


def name_of(annotation: Any) -> str:
    """An annotation as its author would write it."""
    if isinstance(annotation, type) and typing.get_origin(annotation) is None:
        return annotation.__qualname__.rpartition("<locals>.")[2]
    return str(annotation).replace("typing.", "")


@contextlib.contextmanager
def _within(step: str) -> typing.Generator[None, None, None]:
    try:
        yield
    except UnsupportedType as error:
        error.place = step + error.place
        raise


def _is_record(kind: Any) -> bool:
    base: Any = kind
    return (
        dataclasses.is_dataclass(kind)
        or (issubclass(kind, tuple) and hasattr(base, "_fields"))
        or (issubclass(kind, dict) and hasattr(base, "__total__"))
    )


def _description(kind: Any) -> str | None:
    text = kind.__doc__
    # A dataclass and a NamedTuple without a docstring get one that only repeats their fields.
    if not text or text.startswith(kind.__name__ + "(") or text == dict.__doc__:
        return None
    return str(text).strip() or None


def _entries(kind: Any, hints: dict[str, Any]) -> typing.Iterator[tuple[str, bool, Any]]:
    """Name, whether it must be given, and default, of each field of a record."""
    if dataclasses.is_dataclass(kind):
        for one in dataclasses.fields(kind):
            if one.init:
                factory = one.default_factory
                default = MISSING if one.default is dataclasses.MISSING else one.default
                if default is MISSING and factory in _EMPTY:  # others may give another value each time
                    default = _EMPTY[factory]
                yield one.name, default is MISSING and factory is dataclasses.MISSING, default
    elif hasattr(kind, "_fields"):
        defaults: dict[str, Any] = getattr(kind, "_field_defaults", {})
        for name in kind._fields:
            yield name, name not in defaults, defaults.get(name, MISSING)
    else:
        for name, hint in hints.items():
            marker = getattr(typing.get_origin(hint), "_name", None)
            required = marker == "Required" if marker in ("Required", "NotRequired") else name in kind.__required_keys__
            yield name, required, MISSING


def _unsupported(annotation: Any) -> UnsupportedType:
    name = name_of(annotation)
    if annotation in (bytes, bytearray, memoryview):
        return UnsupportedType(f"{name} is not JSON; use File for binary data, or str")
    if annotation is TextStream:
        return UnsupportedType("TextStream stands for the whole output: write `def predict(...) -> TextStream`")
    if (typing.get_origin(annotation) or annotation) in STREAMS:
        return UnsupportedType(f"{name} stands for the whole output only; inside of others use list[...]")
    module: str = getattr(annotation, "__module__", "")
    if module.startswith("PIL."):
        return UnsupportedType(f"{name} is not JSON; use File and open it with PIL.Image.open(file)")
    if module.split(".")[0] in ("numpy", "torch", "jax", "tensorflow"):
        return UnsupportedType(f"{name} is not JSON; use list[float], or list[list[float]] and so on")
    if module.split(".")[0] in ("pandas", "polars"):
        return UnsupportedType(f"{name} is not JSON; use list[dict[str, Any]], or File for a table")
    known = "str, int, float, bool, list, dict, Literal, Enum, a dataclass, a TypedDict, a pydantic model or File"
    return UnsupportedType(f"{name} is not a type that JSON can carry; use {known}")


_EMPTY: dict[Any, Any] = {list: [], dict: {}, set: [], tuple: []}
_BOUNDS = ("ge", "gt", "le", "lt", "multiple_of", "min_length", "max_length", "description", "title", "deprecated")
_WRAPPERS = ("Required", "NotRequired", "ReadOnly", "InitVar")
_KEYS = ("any", "string", "integer", "datetime", "date", "uuid")
_SCALARS: dict[Any, str] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    datetime.datetime: "datetime",
    datetime.date: "date",
    datetime.time: "time",
    datetime.timedelta: "duration",
    uuid.UUID: "uuid",
    decimal.Decimal: "decimal",
    Secret: "secret",
}
_ITEMS: dict[Any, Any] = {
    list: list,
    set: set,
    frozenset: frozenset,
    collections.deque: collections.deque,
    collections.abc.Sequence: list,
    collections.abc.MutableSequence: list,
    collections.abc.Collection: list,
    collections.abc.Set: set,
    collections.abc.MutableSet: set,
}
_ENTRIES = (
    dict,
    collections.OrderedDict,
    collections.defaultdict,
    collections.abc.Mapping,
    collections.abc.MutableMapping,
)
_BARE: dict[Any, Shape] = {
    **{kind: Items(ANY, container) for kind, container in _ITEMS.items()},
    **{kind: Entries(Scalar("string"), ANY) for kind in _ENTRIES},
    tuple: Items(ANY, tuple),
}
