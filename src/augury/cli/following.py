"""Server-sent events of the server, followed to their end: a connection that breaks is resumed where it broke.

Events of streams come through the official client; for those of logs it has no call. Knows nothing about what is shown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import httpx

# Its decoder cuts lines at line feeds only: other libraries also cut inside of data, at U+2028.
from wriftai._sse import SSEDecoder

from augury.cli.remote import Connection

Event = Mapping[str, Any]
"""What came: "id", "event" and "data"."""
LAST = ("done", "error")
TRIES = 6
"""How often in a row a connection is tried again that brings nothing."""
_PAUSE = 0.5


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


def _resumed(events: Callable[[str | None], Iterator[Event]]) -> Iterator[Event]:
    last: str | None = None
    fruitless = 0
    while True:
        try:
            for event in events(last):
                yield event
                if event["event"] in LAST:
                    return
                last, fruitless = event["id"], 0
        except (httpx.TransportError, httpx.HTTPStatusError) as error:
            fruitless += 1
            # A server that starts or stops may say so; what else it refuses, it will refuse again.
            refused = isinstance(error, httpx.HTTPStatusError) and not error.response.is_server_error
            if refused or fruitless >= TRIES:
                raise
            time.sleep(_PAUSE * fruitless)
