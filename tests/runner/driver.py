"""Drives one real runner process over a real socket pair, as the engine does, but step by step."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import augury
from augury import protocol
from augury.protocol import Done, Hello, Load, Log, Output, Predict, Ready
from tests.support.signals import until

RUNTIME = Path(augury.__file__).parent.parent
PATIENCE = 15.0
M = TypeVar("M")


class EndOfStream(Exception):
    """The runner closed its end."""


class Worker:
    """A runner with a model whose source is given; every message it ever sent is in `messages`."""

    def __init__(
        self,
        folder: Path,
        source: str,
        *,
        slots: int = 1,
        batch_wait: float | None = None,
        entry: str | None = None,
        max_output: int = 32 << 20,
        fetch_allow: list[str] | None = None,
        lifeline: bool = False,
        outbox: bool = False,
        drain: bool = True,
        files: dict[str, str] | None = None,
        environ: dict[str, str] | None = None,
        command: tuple[str, ...] = (sys.executable, "-I", "-S"),
    ) -> None:
        self.model, self.scratch, self.spill = folder / "model", folder / "scratch", folder / "spill"
        for one in (self.model, self.scratch, self.spill):
            one.mkdir()
        for name, text in {"predict.py": source, **(files or {})}.items():
            (self.model / name).write_text(textwrap.dedent(text))
        ours, theirs = socket.socketpair()
        self.socket = ours
        program = str(RUNTIME / "augury" / "runner" / "__main__.py")
        self.process = subprocess.Popen(
            [*command, program, str(theirs.fileno()), str(self.spill)],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.PIPE if lifeline else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd="/",
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **(environ or {})},
        )
        theirs.close()
        self.messages: list[Any] = []
        self._frames = protocol.Frames(str(self.spill))
        self._seen = 0
        self._raw = bytearray()
        self._drain = threading.Thread(target=self._read_raw, daemon=True)
        if drain:
            self._drain.start()
        self.hello = self.expect(Hello)
        load = Load(str(self.model), entry, slots, str(self.scratch), max_output, fetch_allow or [])
        self.send(replace(load, batch_wait=batch_wait, outbox=str(self.spill) if outbox else None))

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        """End the runner and what it started, and give everything back."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)
        self.socket.close()
        if self.process.stdin is not None:
            self.process.stdin.close()
        if self._drain.ident is not None:
            self._drain.join(PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def ready(self) -> Ready:
        return self.expect(Ready)

    def send(self, *messages: protocol.ToRunner) -> None:
        self.socket.sendall(b"".join(protocol.encode(message, str(self.spill)) for message in messages))

    def start(self, prediction: str, **inputs: Any) -> None:
        self.send(Predict(prediction, inputs))

    def stream(self, *predictions: str, **inputs: Any) -> None:
        """Start predictions whose items are wanted one by one."""
        self.send(*[Predict(prediction, inputs, stream=True) for prediction in predictions])

    def items(self, prediction: str) -> list[Any]:
        """What has been streamed of it so far; none may come after its end."""
        found: list[Any] = []
        ended = False
        for message in self.messages:
            if isinstance(message, Output) and message.id == prediction:
                assert not ended
                assert message.items
                found += message.items
            ended = ended or (isinstance(message, Done) and message.id == prediction)
        return found

    def predict(self, prediction: str, **inputs: Any) -> Done:
        """Run one prediction to its end."""
        self.start(prediction, **inputs)
        return self.done(prediction)

    def done(self, prediction: str) -> Done:
        return self.expect(Done, lambda message: message.id == prediction)

    def output(self, prediction: str, **inputs: Any) -> Any:
        """The output of a prediction that must succeed."""
        done = self.predict(prediction, **inputs)
        assert done.outcome == "succeeded", done
        return done.output

    def logs(self, prediction: str | None) -> list[tuple[str, str]]:
        """Stream and text of the lines that came so far."""
        return [(one.stream, one.text) for one in self.messages if isinstance(one, Log) and one.id == prediction]

    def log(self, text: str) -> Log:
        """Wait for a line with this text in it."""
        return self.expect(Log, lambda message: text in message.text)

    def expect(self, kind: type[M], accept: Callable[[M], bool] = lambda _: True) -> M:
        """The first message of this kind that is accepted, of those that came already or come now."""
        checked = 0
        while True:
            for message in self.messages[checked:]:
                checked += 1
                if isinstance(message, kind) and accept(message):
                    return message
            self.receive()

    def receive(self) -> None:
        """Wait for more messages."""
        self.socket.settimeout(PATIENCE)
        data = self.socket.recv(1 << 16)
        if not data:
            raise EndOfStream(self.raw())
        self.messages += [protocol.decode(body) for body in self._frames.feed(data)]

    def exit_code(self) -> int:
        return self.process.wait(PATIENCE)

    def raw(self) -> str:
        """What came through the real stdout and stderr so far."""
        return self._raw.decode(errors="replace")

    def raw_now(self) -> str:
        """What is in the pipe of stdout and stderr at this moment, where no thread drains it."""
        assert self.process.stdout is not None
        pipe, found = self.process.stdout.fileno(), b""
        while select.select([pipe], [], [], 0)[0]:
            found += os.read(pipe, 1 << 16)
        return found.decode()

    def raw_until(self, text: str) -> str:
        until(lambda: text in self.raw(), text)
        return self.raw()

    def _read_raw(self) -> None:
        assert self.process.stdout is not None
        while data := os.read(self.process.stdout.fileno(), 1 << 16):
            self._raw += data


def alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be collected does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
