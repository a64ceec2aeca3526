"""The servers that are measured, each a process of its own on a free loopback port."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
START_SECONDS = 60.0


@dataclass(frozen=True)
class Augury:
    """A running `augury serve`; `started_in` is how many seconds it took to be ready."""

    url: str
    data: Path
    pid: int
    started_in: float

    @property
    def token(self) -> str:
        """The owner's token."""
        return (self.data / "token").read_text().strip()

    def headers(self, **more: str) -> dict[str, str]:
        """What a request needs."""
        return {"Authorization": f"Bearer {self.token}", **more}

    def push(self, path: Path, name: str) -> float:
        """Publish a model; returns how many seconds that took."""
        began = time.perf_counter()
        environment = {**os.environ, "AUGURY_URL": self.url, "AUGURY_TOKEN": self.token}
        command = [sys.executable, "-m", "augury", "push", str(path), name]
        subprocess.run(command, check=True, env=environment, capture_output=True)
        return time.perf_counter() - began


@contextmanager
def augury(data: Path, **settings: str) -> Generator[Augury]:
    """Augury on an empty or earlier data folder."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    given = {f"AUGURY_{name.upper()}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "augury", "serve", "--port", str(port), "--data", str(data)]
    began = time.perf_counter()
    with _process(command, {**os.environ, **given}, data.parent / f"{data.name}.log") as process:
        _wait_for(f"{url}/readyz", process)
        yield Augury(url, data, process.pid, time.perf_counter() - began)


@contextmanager
def litserve(folder: Path, script: str = "litserve_echo.py") -> Generator[str]:
    """One of the scripts beside this file on LitServe; gives the address of its endpoint."""
    port = _free_port()
    command = [sys.executable, str(HERE / script), str(port)]
    with _process(command, dict(os.environ), folder / "litserve.log") as process:
        _wait_for(f"http://127.0.0.1:{port}/health", process)
        yield f"http://127.0.0.1:{port}/predict"


@contextmanager
def receiver(folder: Path) -> Generator[str]:
    """A receiver of webhooks; gives its address."""
    port = _free_port()
    command = [sys.executable, str(HERE / "receiver.py"), str(port)]
    with _process(command, dict(os.environ), folder / "receiver.log") as process:
        _wait_for(f"http://127.0.0.1:{port}/seen", process)
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _process(command: list[str], environment: dict[str, str], log: Path) -> Generator[subprocess.Popen[bytes]]:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=out, start_new_session=True)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + START_SECONDS
    while time.monotonic() < ends:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args} ended with {process.returncode}")
        # Not httpx: making its client again and again would take the time that is measured.
        with suppress(OSError), urllib.request.urlopen(url, timeout=2) as answer:
            if answer.status == 200:
                return
        time.sleep(0.005)
    raise RuntimeError(f"{url} did not answer within {START_SECONDS:g} s")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
