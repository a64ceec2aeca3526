"""A predict() that gets several predictions at once -> the Signature that each of them has for its caller.

Each parameter is a list with one value for each prediction, and so is the result; what callers see is one item of each.
What Input() says of such a parameter, its default too, is of one item. Nothing is called.
Standard library only; Python 3.9 and newer.
"""

from __future__ import annotations

import inspect
import typing
from typing import Any, ClassVar

from .annotations import Reader, name_of
from .fields import EMPTY, InputField
from .shapes import Alias, Items, Refined, Shape
from .signature import Parameter, Reading, Signature, SignatureError, function_of, read_signature

_REMEDY = "or remove `batch` from [tool.augury]"


def inspect_batched(target: Any) -> Signature:
    """The signature that each prediction of a batch has; raises SignatureError."""
    function, bound = function_of(target)
    about = inspect.getdoc(target) if inspect.isclass(target) else None
    reading = _BatchReading(function)
    signature = read_signature(reading, bound, about)
    if signature.extra is not None:
        raise reading.refusal("**kwargs may differ within a batch: name each input")
    if not signature.parameters:
        raise reading.refusal(f"without inputs predict() cannot know how big its batch is: give it one, {_REMEDY}")
    return signature


class _BatchReader(Reader):
    """Reads annotations; of an output, an exception is not a value but the failure of one prediction."""

    def _union(self, arguments: tuple[Any, ...]) -> Shape:
        if self._mode == "serialization":
            arguments = tuple(one for one in arguments if not _is_exception(one)) or arguments
        return super()._union(arguments)


class _BatchReading(Reading):
    """Reads the annotations of one function, each for one item of its list."""

    reader: ClassVar[type[Reader]] = _BatchReader

    def parameter(self, parameter: inspect.Parameter, documented: str | None) -> Parameter:
        default = parameter.default
        if default is not inspect.Parameter.empty and not isinstance(default, InputField):
            advice = "in a batch a default is one prediction's: write Annotated[list[...], Input(default=...)]"
            raise self._error(parameter.name, advice)
        return super().parameter(parameter, documented)

    def shape(self, parameter: inspect.Parameter) -> Shape:
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            return super().shape(parameter)
        if parameter.annotation is inspect.Parameter.empty:
            raise self._error(parameter.name, f"it has no type: in a batch write list[...], {_REMEDY}")
        item = _item(super().shape(parameter), (list,))
        if item is None:
            written = self._evaluated(parameter.annotation)
            raise self._error(parameter.name, _no_list("it gets a list with one value for each prediction", written))
        return item

    def output(self) -> tuple[Shape, bool, bool]:
        annotation: Any = getattr(self._function, "__annotations__", {}).get("return", inspect.Signature.empty)
        yields = inspect.isgeneratorfunction(self._function) or inspect.isasyncgenfunction(self._function)
        if yields or (annotation is not inspect.Signature.empty and super().output()[1]):
            raise self._error("return", f"a batch cannot yield: return list[...] with one for each, {_REMEDY}")
        if annotation is inspect.Signature.empty:
            raise self._error("return", f"it has no type: in a batch write list[...], {_REMEDY}")
        item = _item(super().output()[0], (list, tuple))
        if item is None:
            written = self._evaluated(annotation)
            raise self._error("return", _no_list("it is a list with one output for each prediction", written))
        return item, False, False

    def refusal(self, message: str) -> SignatureError:
        """What is wrong with the function as a whole."""
        return SignatureError(f"{self.where.text(self.where.line)}: {message}", *self.where.pair())


def _item(shape: Shape, containers: tuple[Any, ...]) -> Shape | None:
    """What each item of a list is, with what Input() says of the list; None for what is no list."""
    info = EMPTY
    while isinstance(shape, (Refined, Alias)):
        if isinstance(shape, Alias):
            shape = shape.target
        else:
            info, shape = shape.info.merged(info), shape.shape
    if not isinstance(shape, Items) or shape.container not in containers:
        return None
    item = shape.item
    if info == EMPTY:
        return item
    return Refined(item.shape, item.info.merged(info)) if isinstance(item, Refined) else Refined(item, info)


def _no_list(what: str, annotation: Any) -> str:
    if typing.get_origin(annotation) is typing.Annotated:
        annotation = annotation.__origin__
    name = name_of(annotation)
    return f"in a batch {what}: write list[{name}] instead of {name}, {_REMEDY}"


def _is_exception(annotation: Any) -> bool:
    return inspect.isclass(annotation) and issubclass(annotation, BaseException)
