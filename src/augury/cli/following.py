"""Server-sent events of the server, followed to their end: a connection that breaks is resumed where it broke.

Events of streams come through the official client; for those of logs it has no call. Knows nothing about what is shown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar, cast

import httpx

# Its decoder cuts lines at line feeds only: other libraries also cut inside of data, at U+2028.
from wriftai._sse import SSEDecoder

from augury.cli.remote import Connection

Answer = TypeVar("Answer")
Event = Mapping[str, Any]
"""What came: "id", "event" and "data"."""
LAST = ("done", "error")
PATIENCE = 45.0
"""Seconds that a server may be away, as it is while it starts again."""
_PAUSES = (0.1, 2.0)
"""Seconds between tries, the first and the longest."""


def stream_events(connection: Connection, prediction_id: str) -> Iterator[Event]:
    """The events of a prediction's stream, to the last."""
    stream = connection.client.predictions.stream
    return _resumed(lambda after: cast("Iterator[Event]", stream(prediction_id, after_id=after)))


def log_events(connection: Connection, prediction_id: str) -> Iterator[Event]:
    """The lines of a prediction's log as they are written, to its end."""
    return _resumed(lambda after: _log_events(connection, prediction_id, after))


def _log_events(connection: Connection, prediction_id: str, after: str | None) -> Iterator[Event]:
    params = {"follow": "true", **({} if after is None else {"after": after})}
    url = f"{connection.target.url}/v1/predictions/{prediction_id}/logs"
    with connection.http.stream("GET", url, params=params) as answer:
        if answer.is_error:
            answer.read()
        answer.raise_for_status()
        decoder = SSEDecoder()
        for piece in answer.iter_bytes():
            yield from cast("list[Event]", decoder.feed(piece))


def patiently(ask: Callable[[], Answer]) -> Answer:
    """What a server answers that may be away for a while."""
    away = _Away()
    while True:
        try:
            return ask()
        except (httpx.TransportError, httpx.HTTPStatusError) as error:
            away.wait_after(error)


class _Away:
    """How long a server has been away."""

    def __init__(self) -> None:
        self.back()

    def back(self) -> None:
        self._until = time.monotonic() + PATIENCE
        self._pause = _PAUSES[0]

    def wait_after(self, error: httpx.TransportError | httpx.HTTPStatusError) -> None:
        """Wait for the next try; raises the error where another would not help."""
        # A server that starts or stops may say so; what else it refuses, it will refuse again.
        refused = isinstance(error, httpx.HTTPStatusError) and not error.response.is_server_error
        if refused or time.monotonic() > self._until:
            raise error
        self.wait()

    def wait(self) -> None:
        time.sleep(self._pause)
        self._pause = min(_PAUSES[1], self._pause * 1.5)


def _resumed(events: Callable[[str | None], Iterator[Event]]) -> Iterator[Event]:
    last: str | None = None
    away = _Away()
    tried = False
    while True:
        try:
            for event in events(last):
                yield event
                if event["event"] in LAST:
                    return
                last, tried = event["id"], True
                away.back()
            # A server that stops ends its streams in good order.
            away.wait()
        except (httpx.TransportError, httpx.HTTPStatusError) as error:
            if isinstance(error, httpx.ConnectError) and not tried:
                # It has never been there.
                raise
            away.wait_after(error)
        tried = True
