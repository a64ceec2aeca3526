"""A server as a process, for tests that use Augury as a client does.

    with running(folder, max_body="1MiB") as server: server.url, server.token, server.pid, server.restart()

The way down is checked: whatever processes the server had must be gone with it. Knows nothing about what runs inside.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from tests.support.prepared import Forked, Prepared
from tests.support.signals import until

START_SECONDS = 20.0
STOP_SECONDS = 40.0
_PREPARED = Prepared("augury", "augury.cli.app", "augury.server", "alembic.command")


@dataclass
class Server:
    """A running `augury serve` and its data folder, which outlives each of its processes."""

    data: Path
    port: int
    settings: dict[str, str] = field(default_factory=dict[str, str])
    _process: Forked | subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The server's address, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def api(self) -> str:
        """What the official client calls its base URL."""
        return f"{self.url}/v1"

    @property
    def token(self) -> str:
        """The owner's token, as the first start left it in the data folder."""
        return (self.data / "token").read_text().strip()

    @property
    def pid(self) -> int:
        """The process id of the server as it runs now."""
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        """Everything that the server has written so far."""
        return self._log_path.read_text(errors="replace")

    def start(self) -> None:
        """Start the server and wait until it can take work."""
        arguments = ["serve", "--port", str(self.port), "--data", str(self.data)]
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AUGURY_")}
        given = {f"AUGURY_{name.upper()}": value for name, value in self.settings.items()}
        with self._log_path.open("ab") as log:
            self._process = _PREPARED.start(arguments, out=log, err=log, environment={**inherited, **given})
        until(self._is_ready, "the server is ready", deadline=START_SECONDS)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Stop the server and return its exit code; fails if a process of its stays."""
        assert self._process is not None
        family = descendants(self._process.pid)
        self._process.send_signal(how)
        try:
            code = self._process.wait(STOP_SECONDS)
        finally:
            with suppress(ProcessLookupError):
                self._process.kill()
            self._process.wait()
            self._process = None
        until(lambda: not any(map(_is_alive, family)), "the server's processes end with it", deadline=10)
        return code

    def restart(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop the server and start it again on the same data and port."""
        self.stop(how)
        self.start()

    @property
    def _log_path(self) -> Path:
        return self.data.parent / f"{self.data.name}.log"

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"the server ended by itself:\n{self.log}"
        # Asked again and again: a client of httpx would take most of a core just to be made each time.
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=5)) as connection, suppress(OSError, HTTPException):
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        return False


@contextmanager
def running(folder: Path, **settings: str) -> Generator[Server]:
    """A server on an empty data folder in `folder`, with these settings; stopped and checked at the end."""
    if settings.get("database_url", "").startswith("postgresql"):
        settings.setdefault("secret_key", "0123456789abcdef" * 2)
    server = Server(folder / "data", free_port(), settings)
    try:
        server.start()
        yield server
    finally:
        if server._process is not None:  # pyright: ignore[reportPrivateUsage] - this module's own
            server.stop()


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def descendants(pid: int) -> list[int]:
    """Every process below this one, however deep."""
    parents = dict(_parents())
    found = [pid]
    for parent in found:
        found += [child for child, its in parents.items() if its == parent]
    return found[1:]


def _parents() -> Iterator[tuple[int, int]]:
    """Every process and its parent."""
    for name in filter(str.isdigit, os.listdir("/proc")):
        with suppress(FileNotFoundError, ProcessLookupError), open(f"/proc/{name}/stat", "rb") as stat:
            # The name of a program may hold spaces and brackets; the parent is the second field after it.
            yield int(name), int(stat.read().rpartition(b")")[2].split()[1])


def _is_alive(pid: int) -> bool:
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
