"""Files in inputs and outputs: a local file becomes a data: URI, and a data: URI or a signed link a local file.

Knows nothing about predictions.
"""

from __future__ import annotations

import base64
import binascii
import mimetypes
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote, unquote_to_bytes

from augury.cli.failing import CommandFailed

Fetch = Callable[[str, Path], None]
"""Writes what a link leads to into a new file; raises OSError where that cannot be written."""

_DATA = re.compile(r"data:(?P<type>[^,;]*)(?P<parameters>(?:;[^,;]*)*),", re.IGNORECASE)
_LINK = re.compile(
    r"https?://[^/\s]+(?:/[^\s?]*)?/v1/files/[0-9a-f-]{36}/([^/?\s]+)\?(?:expires=\d+&)?signature=[0-9a-f]{64}"
)
_SHOWN = 60


def data_uri(path: Path) -> str:
    """The file as a data: URI with its media type, told by its name; raises CommandFailed."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CommandFailed(f"{path} cannot be read: {error.strerror}", code=2) from None
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def is_data(value: Any) -> bool:
    """Whether a value of an output is a file that came with it."""
    return isinstance(value, str) and _DATA.match(value) is not None


def is_file(value: Any) -> bool:
    """Whether a value of an output stands for a file: one that came with it, or a signed link."""
    return is_data(value) or (isinstance(value, str) and _LINK.fullmatch(value) is not None)


def shortened(value: Any) -> Any:
    """An output without the bytes of its files, for a terminal."""
    return _replaced(
        value, (), lambda text, _: f"{text[:_SHOWN]}… ({len(text):,} characters)" if is_data(text) else text
    )


def saved(output: Any, folder: Path, fetch: Fetch) -> tuple[Any, list[Path]]:
    """Save the files of an output; the output with their paths instead, and the paths. Raises CommandFailed."""
    paths: list[Path] = []

    def save(text: str, where: tuple[str, ...]) -> str:
        if is_data(text):
            content, kind, name = _decoded(text)
            path = _free(folder, _file_name(name, where, kind))
            path.write_bytes(content)
        elif (link := _LINK.fullmatch(text)) is not None:
            path = _free(folder, _file_name(unquote(link[1]), where, ""))
            fetch(text, path)
        else:
            return text
        paths.append(path)
        return str(path)

    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _replaced(output, (), save), paths
    except OSError as error:
        raise CommandFailed(f"{error.filename or folder} cannot be written: {error.strerror}") from None


def refuse_links(url: str, path: Path) -> None:
    """For outputs in which no link can be: without a server there are none."""
    raise CommandFailed(f"{url} leads to a server, and there is none")


def _replaced(value: Any, where: tuple[str, ...], change: Callable[[str, tuple[str, ...]], str]) -> Any:
    if isinstance(value, str):
        return change(value, where)
    if isinstance(value, list):
        items = cast("list[Any]", value)
        return [_replaced(one, (*where, str(index)), change) for index, one in enumerate(items)]
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        return {name: _replaced(one, (*where, name), change) for name, one in fields.items()}
    return value


def _decoded(uri: str) -> tuple[bytes, str, str]:
    match = _DATA.match(uri)
    assert match is not None  # noqa: S101 - is_data has looked
    parameters = match["parameters"].split(";")[1:]
    name = next((unquote(one[5:]) for one in parameters if one.lower().startswith("name=")), "")
    kind = match["type"] or "text/plain"
    rest = uri[match.end() :]
    if "base64" not in (one.lower() for one in parameters):
        return unquote_to_bytes(rest), kind, name
    try:
        return base64.b64decode(rest, validate=True), kind, name
    except binascii.Error:
        raise CommandFailed("the output holds a file whose base64 is damaged") from None


def _file_name(name: str, where: tuple[str, ...], kind: str) -> str:
    """A name that stays in its folder, from what the file says of itself or from its place in the output."""
    if name := re.sub(r"[^\w.-]+", "_", Path(name).name).strip("."):
        return name[-120:]
    stem = re.sub(r"[^\w-]+", "_", "-".join(where))[:100] or "output"
    return stem + (mimetypes.guess_extension(kind) or ".bin")


def _free(folder: Path, name: str) -> Path:
    """A path in the folder that nothing has yet."""
    path, number = folder / name, 1
    while path.exists():
        number += 1
        path = folder / f"{Path(name).stem}-{number}{Path(name).suffix}"
    return path
