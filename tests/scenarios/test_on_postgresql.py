"""The same server on PostgreSQL: it says what to do about an old schema, runs, and loses nothing when it is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.publishing import Client
from tests.support.server import Server, running
from tests.support.signals import until


def _augury(*arguments: str, data: Path, url: str) -> subprocess.CompletedProcess[str]:
    given = {"AUGURY_DATABASE_URL": url, "AUGURY_DATA": str(data), "AUGURY_SECRET_KEY": "0123456789abcdef" * 2}
    environment = {**os.environ, **given}
    command = [sys.executable, "-m", "augury", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=25, check=False)


@pytest.fixture
def server(tmp_path: Path, postgres_url: str) -> Generator[Server]:
    assert _augury("migrate", data=tmp_path / "data", url=postgres_url).returncode == 0
    with running(tmp_path, database_url=postgres_url, cancel_grace="1", lease="3") as server:
        yield server


@pytest.fixture
def client(server: Server, tmp_path: Path) -> Generator[Client]:
    with closing(Client(server, tmp_path)) as client:
        yield client


def test_a_server_refuses_a_schema_that_is_not_there_and_names_the_command(tmp_path: Path, postgres_url: str) -> None:
    refused = _augury("serve", "--port", "0", data=tmp_path / "data", url=postgres_url)
    assert refused.returncode == 3
    assert "augury migrate" in refused.stderr


def test_predictions_run_cancel_fail_and_are_listed(client: Client) -> None:
    model = client.publish(
        "all-sorts",
        """
        import time
        def predict(text: str, seconds: float = 0) -> str:
            time.sleep(seconds)
            if text == "fail":
                raise ValueError("as asked")
            return text
        """,
    )
    assert client.create(model, wait=15, text="nul \0 and \u2028")["output"] == "nul \0 and \u2028"
    assert client.create(model, wait=15, text="fail")["error"]["message"].count("as asked") == 1
    running = client.create(model, text="long", seconds=60)
    client.reaches(running["id"], "started")
    queued = client.create(model, text="queued")
    assert (client.cancel(queued["id"]), client.cancel(running["id"])) == (202, 202)
    assert client.ended(running["id"])["status"] == "cancelled"
    page = client.http.get("/predictions").json()["items"]
    assert [one["status"] for one in page] == ["cancelled", "cancelled", "failed", "succeeded"]


def test_two_hundred_at_once_all_succeed_with_their_own_output(client: Client) -> None:
    model = client.publish("echo", "def predict(n: int) -> int:\n    return n")

    def output(n: int) -> int:
        return client.create(model, wait=20, n=n)["output"]

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(output, range(200))) == list(range(200))


def test_a_killed_server_loses_nothing_on_postgresql(server: Server, client: Client) -> None:
    model = client.publish("slow", "import time\ndef predict(n: int) -> int:\n    time.sleep(0.05)\n    return n")
    accepted = [client.create(model, n=n) for n in range(30)]
    until(lambda: client.get(accepted[5]["id"])["status"] == "succeeded", "some are done")
    server.restart(signal.SIGKILL)
    assert [client.ended(one["id"])["output"] for one in accepted] == list(range(30))


def test_a_stream_goes_on_after_a_kill_on_postgresql_without_a_gap_or_a_double(
    server: Server, client: Client, tmp_path: Path
) -> None:
    model = client.publish(
        "counter",
        """
        import os, time
        from typing import Iterator
        def predict(gate: str) -> Iterator[str]:
            for n in range(600):
                while n == 300 and not os.path.exists(gate):
                    time.sleep(0.005)
                print("line", n)
                yield "nul \\0 %d" % n
        """,
    )
    gate = tmp_path / "gate"
    one = client.http.post("/predictions", json={"model": model, "input": {"gate": str(gate)}, "stream": True}).json()
    text = ""
    with client.http.stream("GET", f"/predictions/{one['id']}/stream") as answer:
        for piece in answer.iter_text():
            text += piece
            if "id: 301\n" in text:
                break
    seen = text.rpartition("\n\n")[0]
    after = seen.rpartition("id: ")[2].partition("\n")[0]
    server.restart(signal.SIGKILL)
    gate.touch()
    rest = client.http.get(f"/predictions/{one['id']}/stream", params={"after_id": after}).text
    frames = [frame for frame in f"{seen}\n\n{rest}".split("\n\n") if frame and not frame.startswith(":")]
    assert [frame.partition("\n")[0] for frame in frames] == [f"id: {number}" for number in range(1, 603)]
    assert frames[-1].startswith("id: 602\nevent: done\n")
    items = [json.loads(frame.rpartition("data: ")[2]) for frame in frames[1:-1]]
    assert items == [f"nul \0 {n}" for n in range(600)] == client.get(one["id"])["output"]
