"""Shapes: what a type annotation means, as one small closed set of nodes.

`annotations.py` makes them from annotations, `schema.py` writes them as JSON Schema, the runner's `convert.py` reads
JSON by them; so that what is promised and what is accepted cannot differ. Knows nothing about any of the three.
Standard library only; Python 3.9 and newer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Union

from .fields import InputField


@dataclass(frozen=True)
class Scalar:
    """A value without parts; `kind` is one of KINDS. What is read goes through `made`, where there is one."""

    kind: str
    made: Any = None


KINDS = (
    "any",
    "null",
    "boolean",
    "integer",
    "number",
    "string",
    "datetime",
    "date",
    "time",
    "duration",
    "uuid",
    "decimal",
    "secret",
    "file",
    "path",
)
ANY, NULL = Scalar("any"), Scalar("null")


@dataclass(frozen=True)
class Choice:
    """One of these values (Literal, Enum): pairs of the JSON form and the Python value."""

    values: tuple[tuple[Any, Any], ...]


@dataclass(frozen=True)
class Items:
    """An array of any length, read into `container` (list, tuple, set, frozenset, deque)."""

    item: Shape
    container: Any

    @property
    def unique(self) -> bool:
        return issubclass(self.container, (set, frozenset))


@dataclass(frozen=True)
class Fixed:
    """An array of exactly these items: tuple[int, str]."""

    items: tuple[Shape, ...]


@dataclass(frozen=True)
class Entries:
    """An object with any keys: dict[K, V]; keys are read from text by the shape `key`."""

    key: Shape
    value: Shape


@dataclass(frozen=True)
class RecordField:
    """One entry of a Record."""

    name: str
    shape: Shape
    required: bool
    default: Any
    """For the schema and, where the class itself would not apply it, for the value; MISSING: the class knows."""
    info: InputField


@dataclass(eq=False)
class Record:
    """An object with named fields: a dataclass, a TypedDict or a NamedTuple. Filled in once made, as it may recurse."""

    name: str
    kind: Any
    description: str | None
    fields: list[RecordField] = field(default_factory=list)


@dataclass(eq=False)
class Alias:
    """A named type that may contain itself: `type Json = ...`, or a forward reference."""

    name: str
    target: Shape


@dataclass(frozen=True)
class Either:
    """One of several shapes, tried in this order."""

    options: tuple[Shape, ...]

    @property
    def nullable(self) -> bool:
        return NULL in self.options


@dataclass(frozen=True)
class Refined:
    """A shape within the bounds that Input() sets."""

    shape: Shape
    info: InputField


@dataclass(eq=False)
class Foreign:
    """A type that pydantic describes and reads: its TypeAdapter, and the JSON Schema that this gives."""

    name: str
    adapter: Any
    document: dict[str, Any]
    has_files: bool


Shape = Union[Scalar, Choice, Items, Fixed, Entries, Record, Alias, Either, Refined, Foreign]


def allows_null(shape: Shape) -> bool:
    """Whether null is a value of it."""
    if isinstance(shape, Refined):
        return allows_null(shape.shape)
    if isinstance(shape, Either):
        return any(map(allows_null, shape.options))
    if isinstance(shape, Alias):
        return allows_null(shape.target)
    if isinstance(shape, Choice):
        return any(form is None for form, _ in shape.values)
    return shape in (ANY, NULL)


def or_null(shape: Shape) -> Shape:
    """The shape, or null."""
    if allows_null(shape):
        return shape
    return Either((*shape.options, NULL) if isinstance(shape, Either) else (shape, NULL))
