"""A receiver of webhooks: a real HTTP server in this process that keeps what it gets and answers as it is told.

    with receiving() as receiver: receiver.url; receiver.next(); receiver.answers.put(Reply(500))

Knows nothing about predictions.
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, SimpleQueue
from typing import Any

from augury.domain import jsontext


@dataclass(frozen=True)
class Reply:
    """What is answered; `hold` keeps the answer back until it is set."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    hold: threading.Event | None = None


@dataclass(frozen=True)
class Got:
    """One request. The names of its headers are in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body's value."""
        return jsontext.loads(self.body)

    @property
    def status(self) -> str:
        """The status that it tells of."""
        return self.json["status"]


@dataclass
class Receiver:
    """What was received, and what will be answered: 200 where nothing was said."""

    port: int
    got: SimpleQueue[Got] = field(default_factory=SimpleQueue[Got])
    answers: SimpleQueue[Reply] = field(default_factory=SimpleQueue[Reply])
    usual: Reply = field(default_factory=Reply)

    @property
    def url(self) -> str:
        """An address of it."""
        return f"http://127.0.0.1:{self.port}/hook"

    def next(self, timeout: float = 10.0) -> Got:
        """The next request, in the order that they came."""
        return self.got.get(timeout=timeout)

    def until_ended(self, timeout: float = 10.0) -> list[Got]:
        """The requests up to the first one that tells of an end."""
        found = [self.next(timeout)]
        while found[-1].status in ("pending", "starting", "started"):
            found.append(self.next(timeout))
        return found

    def answer(self, got: Got) -> Reply:
        """Keep a request, and say what to answer."""
        try:
            reply = self.answers.get_nowait()
        except Empty:
            reply = self.usual
        self.got.put(got)
        return reply


@contextmanager
def receiving(port: int = 0) -> Generator[Receiver]:
    """A receiver that listens until the context is left; 0 takes a free port."""
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length)
            if len(body) < length:
                # Its sender died in the middle of it: nothing was received.
                self.close_connection = True
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = receiver.answer(Got(self.path, headers, body))
            if reply.hold is not None:
                while not reply.hold.wait(0.05) and not ended.is_set():
                    pass
            try:
                self.send_response(reply.status)
                for name, value in (*reply.headers, ("Content-Length", str(len(reply.body)))):
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply.body)
            except OSError:
                # The sender does not wait for ever.
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        # Connections that are kept open would be waited for.
        block_on_close = False
        request_queue_size = 128

    server = Server(("127.0.0.1", port), Handler)
    receiver = Receiver(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        ended.set()
        server.shutdown()
        server.server_close()
        thread.join()
