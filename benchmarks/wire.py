"""Requests as bytes on a socket: a client library with many connections would be what is measured."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing
from urllib.parse import urlsplit

_PIECE = 262_144


def request(url: str, body: object, headers: Mapping[str, str]) -> bytes:
    """A whole POST request; the connection ends with its answer."""
    parts = urlsplit(url)
    content = json.dumps(body).encode()
    given = {
        "Host": parts.netloc,
        "Connection": "close",
        "Content-Type": "application/json",
        "Content-Length": str(len(content)),
        **headers,
    }
    lines = [f"POST {parts.path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def address(url: str) -> tuple[str, int]:
    """Where to connect to."""
    parts = urlsplit(url)
    return parts.hostname or "127.0.0.1", parts.port or 80


def answer(url: str, body: object, headers: Mapping[str, str]) -> Iterator[bytes]:
    """The bytes of the answer, as they come."""
    with closing(socket.create_connection(address(url), timeout=60)) as connection:
        connection.sendall(request(url, body, headers))
        while piece := connection.recv(_PIECE):
            yield piece
