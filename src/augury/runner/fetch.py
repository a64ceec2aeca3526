"""A file input's text, a data: URI or an http(s) URL, becomes a file in the run's folder.

URLs are foreign input: only public addresses are connected to, and networks that the operator allows. The name is
resolved once, the addresses are checked, and the connection goes to the address that was checked; every redirect
passes the same gate. Knows nothing about predictions. Loaded with the first file input, as the imports are slow.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import fnmatch
import http.client
import io
import mimetypes
import os
import re
import socket
import time
from typing import Iterator, List, NamedTuple, Optional, Sequence
from urllib.parse import SplitResult, quote, unquote, unquote_to_bytes, urljoin, urlsplit

from augury.sdk import addresses
from augury.sdk.addresses import Address, Allowed
from augury.sdk.storing import storing

SIZE_LIMIT = 1 << 30
"""Bytes of a fetched file."""
TIME_LIMIT = 300.0
"""Seconds for a fetch, redirects included."""
CONNECT_LIMIT = 10.0
"""Seconds for one address to answer."""
STALL_LIMIT = 30.0
"""Seconds without a byte."""
REDIRECTS = 5
_CHUNK = 1 << 18
_REDIRECTED = (301, 302, 303, 307, 308)


class FetchError(Exception):
    """The file could not be had; the text is a sentence for the caller."""


class Fetched(NamedTuple):
    path: str
    name: str
    content_type: str


class Fetcher:
    """Fetches what one input accepts.

    `allow` are networks (CIDR) that may be reached although they are not public. `media_types`, such as image/png or
    image/*, and `max_bytes` are the input's own conditions.
    """

    def __init__(
        self,
        allow: Sequence[str] = (),
        media_types: Sequence[str] = (),
        max_bytes: Optional[int] = None,
        time_limit: float = TIME_LIMIT,
    ) -> None:
        self._allowed = Allowed(allow)
        self._media_types = [one.lower() for one in media_types]
        self._max_bytes = max_bytes
        self._size_limit = SIZE_LIMIT if max_bytes is None else min(max_bytes, SIZE_LIMIT)
        self._time_limit = time_limit

    def fetch(self, text: str, folder: str) -> Fetched:
        """The file that `text` names, in a new folder of its own inside `folder`; raises FetchError and NotStored."""
        scheme = text[:5].lower()
        if scheme == "data:":
            return self._data(text, folder)
        if scheme.startswith("http"):
            try:
                return self._follow(text, folder)
            except FetchError:
                raise
            except (OSError, http.client.HTTPException, UnicodeError, ValueError) as error:
                reason = str(error) or type(error).__name__
                raise FetchError(f"{_shown(text)} could not be fetched: {reason}") from None
        raise FetchError(f"a file must be given as an http(s) URL or a data: URI, not {_shown(text)!r}")

    def copy(self, source: str, name: str, content_type: str, folder: str) -> Fetched:
        """A file of this machine, in a new folder of its own inside `folder`; raises FetchError and NotStored.

        Copied in the kernel, not linked: a model may write into its input.
        """
        from .handover import copy

        self._accept(content_type)
        path = _place(folder, _file_name(name, content_type))
        try:
            if self._max_bytes is not None and os.path.getsize(source) > self._max_bytes:
                raise FetchError(_too_big(self._max_bytes))
            copy(source, path, name)
        except OSError as error:
            raise FetchError(f"{name} cannot be had: {error.strerror}") from None
        return Fetched(path, name, content_type)

    def _data(self, uri: str, folder: str) -> Fetched:
        head, comma, body = uri[5:].partition(",")
        if not comma:
            raise FetchError("a data: URI needs a comma before its data")
        kind, *parameters = [part.strip() for part in head.split(";")]
        encoded = bool(parameters) and parameters[-1].lower() == "base64"
        data = unquote_to_bytes(body)
        if encoded:
            data = _base64(data)
        if len(data) > self._size_limit:
            raise FetchError(_too_big(self._size_limit))
        content_type = kind.lower() if re.fullmatch(r"[\w.+-]+/[\w.+-]+", kind) else "text/plain"
        self._accept(content_type)
        named = [unquote(p.partition("=")[2]) for p in parameters if re.match("(file)?name=", p, re.IGNORECASE)]
        name = _file_name(named[0] if named else "", content_type)
        path = _place(folder, name)
        with storing(name), open(path, "xb") as file:
            file.write(data)
        return Fetched(path, name, content_type)

    def _follow(self, url: str, folder: str) -> Fetched:
        deadline = time.monotonic() + self._time_limit
        for _ in range(REDIRECTS + 1):
            parts = _checked(url)
            connection = self._connect(parts, deadline)
            with contextlib.closing(connection):
                sock: socket.socket = connection.sock  # getresponse() lets go of it where the answer ends with it
                answer = _get(connection, parts)
                if answer.status in _REDIRECTED and answer.getheader("Location"):
                    url = urljoin(url, answer.getheader("Location") or "")
                    continue
                if answer.status != 200:
                    text = f"{_shown(url)} answered {answer.status} {answer.reason}"
                    raise FetchError(text.rstrip())
                return self._save(answer, sock, parts, folder, deadline)
        raise FetchError(f"{_shown(url)} redirects more than {REDIRECTS} times")

    def _connect(self, parts: SplitResult, deadline: float) -> http.client.HTTPConnection:
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        failure: Optional[OSError] = None
        for address in self._addresses(host, port):
            wait = min(CONNECT_LIMIT, _left(deadline))
            try:
                plain = socket.create_connection((str(address), port), timeout=wait)
            except OSError as error:
                failure = error
                continue
            return _connection(plain, host, port, parts.scheme == "https", wait)
        raise FetchError(f"{host} cannot be reached: {failure}")

    def _addresses(self, host: str, port: int) -> List[Address]:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or error
            raise FetchError(f"{host} cannot be resolved: {reason}") from None
        candidates = [addresses.parse(str(entry[4][0])) for entry in found]
        allowed = [address for address in candidates if self._allowed.permits(address)]
        if not allowed:
            raise FetchError(f"{host} is not a public address: files are fetched from the internet only")
        return allowed

    def _save(
        self,
        answer: http.client.HTTPResponse,
        sock: socket.socket,
        parts: SplitResult,
        folder: str,
        deadline: float,
    ) -> Fetched:
        announced = answer.getheader("Content-Length") or ""
        if announced.isdigit() and int(announced) > self._size_limit:
            raise FetchError(_too_big(self._size_limit))
        content_type = answer.headers.get_content_type() if answer.getheader("Content-Type") else ""
        named = answer.headers.get_filename() or unquote(parts.path.rpartition("/")[2])
        name = _file_name(named, content_type)
        content_type = content_type or mimetypes.guess_type(name)[0] or "application/octet-stream"
        self._accept(content_type)
        path = _place(folder, name)
        with storing(name):
            file = open(path, "xb", buffering=0)  # noqa: SIM115 - closed below: reading between writes fails otherwise
        with file:
            for chunk in _chunks(answer, sock, deadline):
                with storing(name):
                    _write(file, chunk)
                _refuse_over(file, self._size_limit)
        if announced.isdigit() and os.path.getsize(path) != int(announced):
            raise FetchError(f"{_shown(parts.geturl())} broke off before the end of the file")
        return Fetched(path, name, content_type)

    def _accept(self, content_type: str) -> None:
        accepted = self._media_types
        if accepted and not any(fnmatch.fnmatchcase(content_type, pattern) for pattern in accepted):
            raise FetchError("a file of type {} is not accepted, only {}".format(content_type, ", ".join(accepted)))


def _checked(url: str) -> SplitResult:
    if re.search(r"[\x00-\x20\x7f]", url):
        raise FetchError(f"{_shown(url)!r} has spaces or control characters")
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises for a port that is none
    except ValueError as error:
        raise FetchError(f"{_shown(url)} is no URL: {error}") from None
    if parts.scheme not in ("http", "https"):
        raise FetchError(f"{_shown(url)} is neither http nor https")
    if not parts.hostname:
        raise FetchError(f"{_shown(url)} names no host")
    if "@" in parts.netloc:
        raise FetchError("a URL with a user name or password in it is refused")
    return parts


def _connection(plain: socket.socket, host: str, port: int, secure: bool, wait: float) -> http.client.HTTPConnection:
    if not secure:
        connection = http.client.HTTPConnection(host, port)
        connection.sock = plain
        return connection
    import ssl  # megabytes that plain URLs do without

    connection = http.client.HTTPSConnection(host, port)
    try:
        plain.settimeout(wait)
        connection.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=host)
    except BaseException:
        plain.close()
        raise
    return connection


def _get(connection: http.client.HTTPConnection, parts: SplitResult) -> http.client.HTTPResponse:
    target = quote(parts.path or "/", safe="/%:=&~+!$,;'@()*")
    if parts.query:
        target += "?" + quote(parts.query, safe="/%:=&?~+!$,;'@()*[]")
    connection.request("GET", target, headers={"Accept-Encoding": "identity", "User-Agent": "augury"})
    return connection.getresponse()


def _chunks(answer: http.client.HTTPResponse, sock: socket.socket, deadline: float) -> Iterator[bytes]:
    while True:
        left = _left(deadline)
        if sock.fileno() >= 0:
            sock.settimeout(min(left, STALL_LIMIT))
        chunk = answer.read1(_CHUNK)
        if not chunk:
            return
        yield chunk


def _write(file: io.FileIO, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise FetchError("the file took too long to fetch")
    return left


def _refuse_over(file: io.FileIO, limit: int) -> None:
    if file.tell() > limit:
        raise FetchError(_too_big(limit))


def _base64(data: bytes) -> bytes:
    compact = re.sub(rb"\s+", b"", data).rstrip(b"=")
    try:
        return base64.b64decode(compact + b"=" * (-len(compact) % 4), altchars=_alphabet(compact), validate=True)
    except (binascii.Error, ValueError):
        raise FetchError("a data: URI has invalid base64") from None


def _alphabet(data: bytes) -> Optional[bytes]:
    return b"-_" if b"-" in data or b"_" in data else None


def _file_name(wanted: str, content_type: str) -> str:
    # What comes from outside names a file in one folder, whatever it says.
    name = re.sub(r"[\x00-\x1f\x7f/\\]+", "_", os.path.basename(wanted.replace("\\", "/"))).strip(" .")
    name = name.encode("utf-8", "replace").decode()
    if not name:
        name = "file"
    stem, extension = os.path.splitext(name)
    if not extension:
        extension = (mimetypes.guess_extension(content_type) or "") if content_type else ""
    return _fitting(stem, extension)


def _fitting(stem: str, extension: str) -> str:
    extension = extension[:32]
    while len((stem + extension).encode()) > 200:
        stem = stem[:-1]
    return (stem or "file") + extension


def _place(folder: str, name: str) -> str:
    with storing(name):
        return os.path.join(_own_folder(folder), name)


def _own_folder(folder: str) -> str:
    # One folder a file: two inputs may have the same name, and a model may write beside its input.
    number = 0
    while True:
        path = os.path.join(folder, f"input-{number}")
        try:
            os.mkdir(path)
        except FileExistsError:
            number += 1
            continue
        return path


def _shown(text: str) -> str:
    # Without the query, which may hold a signature.
    plain = text.partition("?")[0]
    return plain if len(plain) <= 200 else plain[:200] + "…"


def _too_big(limit: int) -> str:
    return f"the file has more than the {limit} bytes that a file input may have"
