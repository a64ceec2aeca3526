"""The vocabulary of a model's signature: Input, File, Secret and TextStream.

A model's author writes these in the annotations of predict(); `annotations.py` reads them, the runner fills them in.
Knows nothing about schemas, files on the network or the platform. Standard library only; Python 3.9 and newer.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol


class _Missing:
    """What a parameter without a default has for one; None is a value like any other."""

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Any = _Missing()


@dataclass(frozen=True)
class InputField:
    """What Input() says about one value; None means that nothing was said, MISSING that there is no default."""

    default: Any = MISSING
    description: str | None = None
    title: str | None = None
    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None
    multiple_of: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    regex: str | None = None
    choices: tuple[Any, ...] | None = None
    deprecated: bool | None = None
    media_types: tuple[str, ...] | None = None
    max_bytes: int | None = None

    def __hash__(self) -> int:
        # Not of all fields: a default may be a list, and still its Annotated has to go into an Optional.
        return hash((self.description, self.title, self.regex))

    def merged(self, other: InputField) -> InputField:
        """The two together; where both speak, `other` wins."""
        said = {name: value for name, value in vars(other).items() if value is not _UNSAID[name]}
        return InputField(**{**vars(self), **said})


_UNSAID = {one.name: one.default for one in fields(InputField)}
EMPTY = InputField()


def Input(
    default: Any = MISSING,
    *,
    description: str | None = None,
    title: str | None = None,
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    lt: float | None = None,
    multiple_of: float | None = None,
    min_length: int | None = None,
    max_length: int | None = None,
    regex: str | None = None,
    choices: Sequence[Any] | None = None,
    deprecated: bool | None = None,
    media_types: Sequence[str] | None = None,
    max_bytes: int | None = None,
) -> Any:
    """Describe and bound an input: `n: Annotated[int, Input(ge=1)] = 3`, or as the default, `n: int = Input(3, ge=1)`.

    Lengths count characters of a text, items of a list and entries of a dict; `choices` of a list bound its items.
    `regex` may match anywhere in the text. `media_types` ("image/png", "image/*") and `max_bytes` are for files.
    `default=None` makes an input that may be left out, whatever its type; `default=...` is no default.
    Raises ValueError where the description contradicts itself.
    """
    field = InputField(
        default=MISSING if default is ... else default,
        description=description,
        title=title,
        ge=ge,
        gt=gt,
        le=le,
        lt=lt,
        multiple_of=multiple_of,
        min_length=min_length,
        max_length=max_length,
        regex=regex,
        choices=None if choices is None else tuple(choices),
        deprecated=deprecated,
        media_types=None if media_types is None else tuple(media_types),
        max_bytes=max_bytes,
    )
    _refuse_mistakes(field)
    return field


def _refuse_mistakes(field: InputField) -> None:
    for name in ("ge", "gt", "le", "lt", "multiple_of", "min_length", "max_length", "max_bytes"):
        bound: Any = getattr(field, name)
        if bound is not None and (isinstance(bound, bool) or not isinstance(bound, (int, float)) or bound - bound != 0):
            raise ValueError(f"Input({name}={bound!r}) must be a finite number")
    for name in ("description", "title", "regex"):
        text: Any = getattr(field, name)
        if text is not None and not isinstance(text, str):
            raise ValueError(f"Input({name}={text!r}) must be a text")
    if field.choices is not None and not field.choices:
        raise ValueError("Input(choices=...) is empty: no value could ever be given")
    _refuse_contradictions(field)


def _refuse_contradictions(field: InputField) -> None:
    if field.min_length is not None and field.max_length is not None and field.min_length > field.max_length:
        raise ValueError(f"Input(min_length={field.min_length}, max_length={field.max_length}) allows no value")
    if field.ge is not None and field.le is not None and field.ge > field.le:
        raise ValueError(f"Input(ge={field.ge}, le={field.le}) allows no value")
    if field.multiple_of is not None and field.multiple_of <= 0:
        raise ValueError(f"Input(multiple_of={field.multiple_of}) must be over 0")
    if field.regex is not None:
        try:
            re.compile(field.regex)
        except re.error as error:
            raise ValueError(f"Input(regex={field.regex!r}) is no regular expression: {error}") from None


class File(os.PathLike[str]):
    """A local file: an input that was fetched for predict(), or an output that it wrote, as in `return File("a.png")`.

    Path-like: `open(file)`, `PIL.Image.open(file)` and `shutil.copy(file, ...)` take it as it is.
    `name` is the file name to show, `content_type` its media type; both are found from the path where not given.
    """

    __slots__ = ("_content_type", "_name", "path")

    path: Path

    def __init__(
        self, path: str | os.PathLike[str], *, name: str | None = None, content_type: str | None = None
    ) -> None:
        self.path = Path(path)
        self._name = name
        self._content_type = content_type

    @property
    def name(self) -> str:
        return self._name or self.path.name

    @property
    def content_type(self) -> str:
        if self._content_type is None:
            import mimetypes  # a slow import that most models never need

            guessed = mimetypes.guess_type(self.name)[0]
            self._content_type = guessed or "application/octet-stream"
        return self._content_type

    def open(self, mode: str = "rb", encoding: str | None = None) -> IO[Any]:
        """Open the file; for reading bytes unless `mode` says otherwise."""
        return open(self.path, mode, encoding=encoding)

    def read_bytes(self) -> bytes:
        return self.path.read_bytes()

    def read_text(self, encoding: str = "utf-8") -> str:
        return self.path.read_text(encoding=encoding)

    def __fspath__(self) -> str:
        return str(self.path)

    def __str__(self) -> str:
        return str(self.path)

    def __repr__(self) -> str:
        return f"File({str(self.path)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, File) and other.path == self.path

    def __hash__(self) -> int:
        return hash(self.path)

    # pydantic asks these two of a class that it meets as a field; nothing of pydantic is imported for it.

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> dict[str, Any]:
        return {"type": "function-plain", "function": {"type": "with-info", "function": cls._from_pydantic}}

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": "string", "format": "uri", "x-augury-type": "file"}

    @classmethod
    def _from_pydantic(cls, value: Any, info: Any) -> File:
        if isinstance(value, File):
            return value
        if isinstance(value, str):
            context: dict[str, Any] = info.context or {}
            fetched: dict[str, File] = context.get("augury_files", {})
            return fetched.get(value) or cls(value)
        if isinstance(value, os.PathLike):
            return cls(value)  # pyright: ignore[reportUnknownArgumentType]  # PathLike of what is found by Path()
        raise ValueError("expected a File or the path of one")


class Secret:
    """A text that must not be shown: printing it gives stars, `get_secret_value()` the text."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def get_secret_value(self) -> str:
        return self._value

    def __str__(self) -> str:
        return "**********" if self._value else ""

    def __repr__(self) -> str:
        return f"Secret({str(self)!r})"

    def __len__(self) -> int:
        return len(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> dict[str, Any]:
        return {"type": "function-plain", "function": {"type": "no-info", "function": cls._from_pydantic}}

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": "string", "format": "password", "writeOnly": True, "x-augury-type": "secret"}

    @classmethod
    def _from_pydantic(cls, value: Any) -> Secret:
        if isinstance(value, Secret):
            return value
        if isinstance(value, str):
            return cls(value)
        raise ValueError("expected a text")


if TYPE_CHECKING:

    class TextStream(Protocol):
        """What a generator of text returns, as type checkers see it: any generator fits."""

else:

    class TextStream:
        """Annotation of a generator that yields pieces of one text: `def predict(prompt: str) -> TextStream`.

        The output is the joined text. For async generators too.
        """
