"""Cog's Path, File, Secret, URLPath and URLFile: what a Cog model's predict() gets and returns for files and secrets.

The runner has fetched an input before predict() is called, so a Path is always local; the two URL classes are for model
code that makes them itself. `__augury_shape__` tells `annotations.py` what each of them is. Knows nothing about the
platform. Standard library only; Python 3.9 and newer.
"""

from __future__ import annotations

import io
import os
import pathlib
from typing import IO, TYPE_CHECKING, Any

from . import fields
from .shapes import Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME_BYTES = 200
"""How long the name of a file may be that was made from a URL."""


class Path(pathlib.PosixPath):
    """A path, as every other one of pathlib's; of a file input, the local copy."""

    __augury_shape__: Scalar

    @classmethod
    def validate(cls, value: Any) -> pathlib.Path:
        """The path that a text stands for: of a URL, one that is fetched when it is asked for."""
        if isinstance(value, pathlib.Path):
            return value
        if _scheme(value) in ("data", "http", "https"):
            return URLPath(source=value, filename=file_name(value), fileobj=File.validate(value))
        return cls(value)

    # pydantic asks these two of a class that it meets as a field; nothing of pydantic is imported for it.

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> dict[str, Any]:
        return {"type": "function-plain", "function": {"type": "no-info", "function": cls._from_pydantic}}

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": "string", "format": "uri", "x-augury-type": "file"}

    @classmethod
    def _from_pydantic(cls, value: Any) -> Path:
        if isinstance(value, (str, os.PathLike)):
            return cls(value)  # pyright: ignore[reportUnknownArgumentType]  # PathLike of what is found by Path()
        raise ValueError("expected a Path")


class File(io.IOBase):
    """An open file, to be read; as an input it is the local copy, open for reading bytes. Path is the newer way."""

    __augury_shape__: Scalar

    @classmethod
    def validate(cls, value: Any) -> io.IOBase:
        """The open file that a URL or a data URI stands for."""
        if isinstance(value, io.IOBase):
            return value
        scheme = _scheme(value)
        if scheme == "data":
            return io.BytesIO(_data(value)[0])
        if scheme in ("http", "https"):
            return URLFile(value)
        raise ValueError(f"{scheme or value!r} is no scheme of a file: use data, http or https")


class Secret(fields.Secret):
    """A text that must not be shown: printing it gives stars, `get_secret_value()` the text."""

    __slots__ = ()
    __augury_shape__: Scalar

    def __init__(self, secret_value: str | None = None) -> None:
        super().__init__(secret_value)  # pyright: ignore[reportArgumentType]  # Cog's may hold nothing

    @property
    def secret_value(self) -> str | None:
        return self.get_secret_value()

    def __str__(self) -> str:
        return "" if self.secret_value is None else "**********"

    def __repr__(self) -> str:
        return f"Secret({self})"


class URLFile(io.IOBase):
    """The body of an http(s) URL as a file; it is asked for when it is first read."""

    def __init__(self, url: str, filename: str | None = None) -> None:
        if _scheme(url) not in ("http", "https"):
            raise ValueError("URLFile needs an http or https URL")
        self.name = filename or _last_part(url)
        self._url = url
        self._body: IO[bytes] | None = None

    @property
    def _opened(self) -> IO[bytes]:
        if self._body is None:
            from urllib.request import urlopen  # slow to import, and hardly ever needed

            self._body = urlopen(self._url, timeout=10)  # noqa: S310  # its scheme is checked above
        body: Any = self._body
        return body

    def read(self, size: int = -1) -> bytes:
        return self._opened.read(size)

    def readable(self) -> bool:
        return True

    def __iter__(self) -> Iterator[bytes]:  # pyright: ignore[reportIncompatibleMethodOverride]  # the lines of the body
        return iter(self._opened)

    def close(self) -> None:
        body, self._body = getattr(self, "_body", None), None
        if body is not None:
            body.close()
        super().close()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._opened, name)

    def __getstate__(self) -> dict[str, Any]:
        return {"filename": self.name, "url": self._url}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)

    def __repr__(self) -> str:
        return f"<URLFile {self._url!r}>"


class URLPath(pathlib.PosixPath):
    """A path that stands for a URL; convert() fetches it into a temporary file."""

    source: str
    filename: str
    fileobj: io.IOBase
    _local: Path | None

    def __new__(cls, *, source: str, filename: str, fileobj: io.IOBase) -> URLPath:
        return super().__new__(cls, filename or "file")

    def __init__(self, *, source: str, filename: str, fileobj: io.IOBase) -> None:
        try:  # since Python 3.12 pathlib's paths take their parts here
            super().__init__(filename or "file")  # pyright: ignore[reportCallIssue]
        except TypeError:
            super().__init__()
        self.source = source
        self.filename = _shortened(filename)
        self.fileobj = fileobj
        self._local = None

    def convert(self) -> Path:
        """The local copy, fetched once."""
        if self._local is None:
            import shutil
            import tempfile

            with tempfile.NamedTemporaryFile(suffix=self.filename, delete=False) as copy:
                source: Any = self.fileobj
                shutil.copyfileobj(source, copy)
            self._local = Path(copy.name)
        return self._local

    def unlink(self, missing_ok: bool = False) -> None:
        if self._local is not None:
            self._local.unlink(missing_ok=missing_ok)

    def __str__(self) -> str:
        return self.source


def file_name(url: str) -> str:
    """The name of a file that a URL or data URI stands for."""
    from urllib.parse import unquote_plus

    if _scheme(url) == "data":
        import mimetypes

        return "file" + (mimetypes.guess_extension(_data(url)[1]) or "")
    name = unquote_plus(_last_part(url))
    return _shortened(name.replace("\0", "_").replace("/", "_"))


def _last_part(url: str) -> str:
    from urllib.parse import urlsplit

    return os.path.basename(urlsplit(url).path)


def _shortened(name: str) -> str:
    if len(name.encode()) <= _NAME_BYTES:
        return name
    stem, extension = os.path.splitext(name)
    kept = _NAME_BYTES - len(extension.encode()) - 1
    return stem.encode()[: max(kept, 0)].decode(errors="ignore") + "~" + extension


def _scheme(value: str) -> str:
    scheme, separator, _ = str(value).partition(":")
    return scheme.lower() if separator and scheme.isalnum() else ""


def _data(uri: str) -> tuple[bytes, str]:
    """The bytes of a data URI and their media type."""
    from urllib.request import urlopen

    with urlopen(uri) as body:  # noqa: S310  # a data URI: nothing is called
        return body.read(), body.headers.get_content_type()


def _opened(file: fields.File) -> Any:
    return open(file, "rb")  # the run's folder, and so the file, goes when predict() has ended


def _secret(secret: fields.Secret) -> Secret:
    return Secret(secret.get_secret_value())


Path.__augury_shape__ = Scalar("path", Path)
File.__augury_shape__ = Scalar("file", _opened)
Secret.__augury_shape__ = Scalar("secret", _secret)
