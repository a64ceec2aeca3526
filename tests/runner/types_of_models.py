"""The types that the tests of conversion use, as a model's author would write them."""

from __future__ import annotations

import collections
import dataclasses
import enum
from typing import Annotated, Any, Generic, Literal, NamedTuple, NotRequired, TypedDict, TypeVar, Union

import pydantic

from augury import File, Input

T = TypeVar("T")

Json = Union[  # noqa: UP007  # names itself, which `|` cannot
    None, bool, float, str, list["Json"], dict[str, "Json"]
]


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Size(enum.IntEnum):
    SMALL = 1
    LARGE = 2


class Corner(NamedTuple):
    x: int
    y: int = 0


Plain = collections.namedtuple("Plain", ["a", "b"])  # pyright: ignore[reportUntypedNamedTuple]  # the untyped kind is meant


@dataclasses.dataclass
class Box:
    width: float
    label: str | None = None
    tags: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Node:
    value: int
    next: Node | None = None
    children: list[Node] = dataclasses.field(default_factory=lambda: [])


@dataclasses.dataclass
class Pair(Generic[T]):
    first: T
    second: T


@dataclasses.dataclass
class Tree(Generic[T]):
    value: T
    branches: list[Tree[T]] = dataclasses.field(default_factory=lambda: [])


@dataclasses.dataclass
class Endless(Generic[T]):
    value: T
    inner: Endless[list[T]] | None = None


@dataclasses.dataclass
class Bounded:
    level: int = Input(3, ge=1, le=5, description="How much")
    name: str = Input(min_length=1)


@dataclasses.dataclass
class Positive:
    value: int

    def __post_init__(self) -> None:
        if self.value <= 0:
            raise ValueError("value must be over 0")


class Message(TypedDict):
    role: Literal["user", "system"]
    content: str
    name: NotRequired[str]


class Loose(TypedDict, total=False):
    a: int
    b: str


class Cat(TypedDict):
    kind: Literal["cat"]
    lives: int


class Dog(TypedDict):
    kind: Literal["dog"]
    lives: int
    name: NotRequired[str]


class Options(pydantic.BaseModel):
    steps: int = pydantic.Field(default=4, ge=1, le=8, description="How often")
    color: Color = Color.RED
    parent: Options | None = None


class Scan(pydantic.BaseModel):
    pages: list[File]
    cover: File | None = None
    note: str = ""


class Node_(pydantic.BaseModel):  # in $defs it is near the other Node
    any: Any = None


Level = Annotated[int, Input(ge=1, le=3)]
