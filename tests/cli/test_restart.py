"""A command that follows a prediction outlasts its server: no line twice, none missing."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.cli.commands import Augury, write_model
from tests.support.server import running

COUNTER = """
import os, time
from typing import Iterator

print("getting ready")

def predict(until: str) -> Iterator[int]:
    for number in range(1, 4):
        print("line", number)
        yield number
    while not os.path.exists(until):
        time.sleep(0.01)
    print("line 4")
    yield 4
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_stream_and_a_log_go_on_where_the_server_starts_again(tmp_path: Path, how: signal.Signals) -> None:
    go = tmp_path / "go"
    with running(tmp_path, grace_period="1") as server:
        augury = Augury({"url": server.url, "token": server.token, "data": str(server.data)}, tmp_path)
        augury.done("push", write_model(tmp_path / "counter", COUNTER), "counter")
        stream = augury.start("predict", "counter", "--stream", "-i", f"until={go}")
        assert stream.stdout is not None
        assert [stream.stdout.readline() for _ in range(3)] == ["1\n", "2\n", "3\n"]
        made = augury.done("predictions", "list").rows[0][0]
        log = augury.start("predictions", "logs", made, "--follow")
        assert log.stdout is not None
        lines = [log.stdout.readline() for _ in range(4)]
        assert [_text(line) for line in lines] == ["getting ready", "line 1", "line 2", "line 3"]
        server.stop(how)
        go.touch()
        server.start()
        rest, err = stream.communicate(timeout=20)
        assert (stream.returncode, rest) == (0, "4\n"), err
        followed, err = log.communicate(timeout=20)
        assert log.returncode == 0, err
        lines += followed.splitlines(keepends=True)
        assert _text(lines[-1]) == "line 4"
        # Of both attempts; the log as it is kept has the lines of both setups first.
        whole = augury.done("predictions", "logs", made).out.splitlines(keepends=True)
        assert sorted(lines) == sorted(whole)
        assert len(set(whole)) == len(whole)


def _text(line: str) -> str:
    return line.rstrip("\n").split("\t")[-1]
