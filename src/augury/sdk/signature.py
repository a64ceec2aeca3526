"""A predict() -> its Signature, and the Signature -> the JSON Schemas of input, output and stream items.

inspect_predict() reads parameters, defaults, Input() and the return annotation, in order; schemas() writes them down.
`cog_signature.py` and `batches.py` do the same for other models, by Readings of their own. Nothing is called.
Standard library only; Python 3.9 and newer.
"""

from __future__ import annotations

import functools
import inspect
import typing
from dataclasses import dataclass, field, replace
from typing import Any, Callable, ClassVar

from .annotations import STREAMS, Reader, UnsupportedType, evaluate, name_of
from .docstrings import read_docstring
from .fields import EMPTY, MISSING, InputField, TextStream
from .schema import Schema, SchemaWriter
from .shapes import ANY, Refined, Scalar, Shape, or_null
from .source import Where, innermost


class SignatureError(Exception):
    """A predict() that Augury cannot offer; says in which file and line, which parameter, and what would work."""

    def __init__(self, message: str, file: str | None = None, line: int | None = None, name: str | None = None):
        super().__init__(message)
        self.message = message
        self.file = file
        self.line = line
        self.name = name


@dataclass(frozen=True)
class Parameter:
    """One parameter of predict()."""

    name: str
    annotation: Any
    shape: Shape
    """With what Input() says, and with null where None is its default."""
    default: Any
    """The author's own object, or MISSING."""
    field: InputField
    shown: Any = MISSING
    """The default as the schema has it, where that is not the author's own."""

    @property
    def required(self) -> bool:
        return self.default is MISSING


@dataclass(frozen=True)
class Signature:
    """All there is to know about a predict() without calling it."""

    name: str
    parameters: tuple[Parameter, ...]
    extra: Shape | None
    """The shape of further inputs, where predict() takes **kwargs."""
    output: Shape
    """Of the value that is returned, or of each item of a stream."""
    is_async: bool
    """Calling it gives an awaitable or an asynchronous iterator."""
    is_generator: bool
    """It gives items one by one."""
    is_text: bool
    """Its items are pieces of one text (TextStream)."""
    description: str | None
    file: str | None
    line: int | None
    warnings: tuple[str, ...] = field(default=())
    method: str = "predict"
    """Which method of a class it is of."""
    words: tuple[tuple[str, str], ...] = ()
    """What the schema of a stream's whole output says besides."""


def inspect_predict(target: Any) -> Signature:
    """The signature of a function, a bound method or a class with predict(); raises SignatureError."""
    function, bound = function_of(target)
    about = inspect.getdoc(target) if inspect.isclass(target) else None
    return read_signature(Reading(function), bound, about)


def read_signature(reading: Reading, bound: bool, about: str | None, method: str = "predict") -> Signature:
    """The signature of a function that is being read; without `bound` its first parameter is left out.

    `about` describes it where it has no docstring of its own. Raises SignatureError.
    """
    function, where = reading.function, reading.where
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError) as error:
        raise SignatureError(f"{method}() has no readable signature: {error}") from error
    documented = read_docstring(inspect.getdoc(function))
    extra: Shape | None = None
    read: list[Parameter] = []
    for parameter in parameters[0 if bound else 1 :]:
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            extra = ANY if parameter.annotation is inspect.Parameter.empty else reading.shape(parameter)
        else:
            read.append(reading.parameter(parameter, documented.arguments.get(parameter.name)))
    output, is_generator, is_text = reading.output()
    outermost = inspect.isasyncgenfunction(function), inspect.iscoroutinefunction(function)
    return Signature(
        name=getattr(function, "__qualname__", "predict"),
        parameters=tuple(read),
        extra=extra,
        output=output,
        is_async=any(outermost) or reading.returns_async,
        is_generator=is_generator,
        is_text=is_text,
        description=documented.description or about,
        file=where.file,
        line=where.line,
        warnings=tuple(reading.warnings),
        method=method,
        words=reading.words,
    )


def schemas(signature: Signature) -> dict[str, Schema]:
    """The JSON Schemas (2020-12) of the input, the output and, of a generator, each item of its stream."""
    found = {"input": _input_schema(signature)}
    writer = SchemaWriter()
    item = writer.write(signature.output)
    if not signature.is_generator:
        return {**found, "output": writer.document(item)}
    whole: Schema = {"type": "string"} if signature.is_text else {"type": "array", "items": item}
    whole.update(signature.words)
    return {**found, "output": writer.document(whole), "stream_output": writer.document(item)}


def _input_schema(signature: Signature) -> Schema:
    writer = SchemaWriter()
    schema: Schema = {"type": "object"}
    if signature.description:
        schema["description"] = signature.description
    schema["properties"] = {
        one.name: writer.describe(one.shape, one.field, one.default if one.shown is MISSING else one.shown, order)
        for order, one in enumerate(signature.parameters)
    }
    required = [one.name for one in signature.parameters if one.required]
    if required:
        schema["required"] = required
    if signature.extra is not None:
        schema["additionalProperties"] = True if signature.extra is ANY else writer.write(signature.extra)
    return writer.document(schema)


def is_function(target: Any) -> bool:
    """Whether it is called itself, rather than having a predict() to call."""
    return inspect.isroutine(target) or isinstance(target, functools.partial)


def function_of(target: Any) -> tuple[Callable[..., Any], bool]:
    """The function to read, and whether `self` is filled in already; raises SignatureError."""
    if not inspect.isclass(target):
        return (target if is_function(target) else getattr(target, "predict", target)), True
    try:
        found = inspect.getattr_static(target, "predict")
    except AttributeError:
        raise SignatureError(f"class {target.__name__} has no predict()", *Where(target).pair()) from None
    if isinstance(found, (staticmethod, classmethod)):
        return getattr(target, "predict"), True  # noqa: B009  # a descriptor of an unknown class
    if not callable(found):
        raise SignatureError(f"{target.__name__}.predict is no function", *Where(target).pair())
    return found, False


class Reading:
    """Reads the annotations of one function, and says of which parameter it could not."""

    reader: ClassVar[type[Reader]] = Reader
    streams: ClassVar[dict[Any, bool]] = STREAMS

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.where = Where(function)
        self.warnings: list[str] = []
        self.returns_async = False
        self.words: tuple[tuple[str, str], ...] = ()
        self._function: Any = innermost(function)
        self._namespace: dict[str, Any] = dict(getattr(self._function, "__globals__", {}))
        code = getattr(self._function, "__code__", None)
        for name, cell in zip(getattr(code, "co_freevars", ()), getattr(self._function, "__closure__", None) or ()):
            try:
                self._namespace[name] = cell.cell_contents
            except ValueError:  # not filled in yet
                continue
        self._reader = self.reader(self._namespace, "validation")

    def parameter(self, parameter: inspect.Parameter, documented: str | None) -> Parameter:
        name = parameter.name
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            raise self._error(name, f"*{name} has no names for its values; use a list")
        if parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
            raise self._error(name, f"{name} is positional only, but inputs are given by name; remove the `/`")
        shape = self.shape(parameter)
        info = shape.info if isinstance(shape, Refined) else EMPTY
        default = parameter.default
        if default is inspect.Parameter.empty:
            default = info.default
        elif isinstance(default, InputField):
            info = info.merged(default)
            shape = Refined(shape.shape if isinstance(shape, Refined) else shape, info)
            default = info.default
        if documented and info.description is None:
            info = replace(info, description=documented)
        if default is None:  # D56: `x: str = None` may be left out, and may be null
            shape = replace(shape, shape=or_null(shape.shape)) if isinstance(shape, Refined) else or_null(shape)
        return Parameter(name, parameter.annotation, shape, default, info)

    def shape(self, parameter: inspect.Parameter) -> Shape:
        if parameter.annotation is inspect.Parameter.empty:
            self.warnings.append(f"parameter {parameter.name} has no type: any JSON value is accepted")
            return ANY
        try:
            return self._reader.read(self._evaluated(parameter.annotation))
        except UnsupportedType as error:
            raise self._error(parameter.name, error.message, error.place) from error
        except RecursionError:
            raise self._error(parameter.name, "its type nests without end") from None

    def output(self) -> tuple[Shape, bool, bool]:
        """The shape of the output or of its items, whether it comes in items, and whether these are text."""
        yields = inspect.isgeneratorfunction(self._function) or inspect.isasyncgenfunction(self._function)
        annotation: Any = getattr(self._function, "__annotations__", {}).get("return", inspect.Signature.empty)
        if annotation is inspect.Signature.empty:
            return ANY, yields, False
        try:
            annotation = self._evaluated(annotation)
            if typing.get_origin(annotation) is typing.Annotated and self._is_stream(annotation.__origin__):
                annotation = annotation.__origin__
            if annotation is TextStream:
                return Scalar("string"), True, True
            if self._is_stream(annotation):
                kind: Any = typing.get_origin(annotation) or annotation
                self.returns_async = self.streams[kind]
                self.words = self.said_of(kind)
                arguments = typing.get_args(annotation)
                return self._output_reader().read(arguments[0]) if arguments else ANY, True, False
            if yields:
                self.found_yielding(annotation)
            return self._output_reader().read(annotation), yields, False
        except UnsupportedType as error:
            raise self._error("return", error.message, error.place) from error
        except RecursionError:
            raise self._error("return", "its type nests without end") from None

    def said_of(self, kind: Any) -> tuple[tuple[str, str], ...]:
        """What the schema of the whole output says besides, of a stream that is annotated with this class."""
        return ()

    def found_yielding(self, annotation: Any) -> None:
        """Take or refuse a generator whose annotation is that of no stream."""
        hint = "predict() yields, so it returns Iterator[{0}] (or AsyncIterator[{0}]), not {0}"
        raise UnsupportedType(hint.format(name_of(annotation)))

    def _output_reader(self) -> Reader:
        return self.reader(self._namespace, "serialization")

    def _is_stream(self, annotation: Any) -> bool:
        origin = typing.get_origin(annotation) or annotation
        return annotation is TextStream or (inspect.isclass(origin) and origin in self.streams)

    def _evaluated(self, annotation: Any) -> Any:
        return evaluate(annotation, self._namespace) if isinstance(annotation, str) else annotation

    def _error(self, name: str, message: str, place: str = "") -> SignatureError:
        file, line = self.where.pair(name)
        subject = "the output" if name == "return" else f"parameter {name}"
        text = "{}: {}{}: {}".format(self.where.text(line), subject, f" at {name + place}" if place else "", message)
        return SignatureError(text, file, line, name)
