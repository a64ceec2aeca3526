"""The page about cancelling: its models do what stands there, and so do its lines of shell."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.publishing import Client, Json
from tests.support.server import Server, descendants, running
from tests.support.signals import until

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "cancellation.md").read_text()


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


MODELS = {block.partition("\n")[0].removeprefix("# ").removesuffix(".py"): block for block in _blocks("python")}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    with running(tmp_path_factory.mktemp("page"), grace_period="2") as started:
        yield started


@pytest.fixture(scope="module")
def client(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Generator[Client]:
    folder = tmp_path_factory.mktemp("models")
    with closing(Client(server, folder)) as made:
        for name, block in MODELS.items():
            (folder / f"{name}.py").write_text(f"# /// script\n# dependencies = []\n# ///\n{block}")
            made.publish_path(name, folder / f"{name}.py")
        yield made


@pytest.mark.parametrize(("name", "words"), [("render", "cancelled at frame"), ("gather", "")])
def test_a_model_of_the_page_gives_its_lock_back(client: Client, name: str, words: str, tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    one = client.create(f"owner/{name}", lock=str(lock))
    until(lock.exists, "it runs")
    _shell(client, _blocks("sh")[0], PREDICTION=one["id"])
    assert client.ended(one["id"])["status"] == "cancelled"
    assert not lock.exists()
    log = client.http.get(f"/predictions/{one['id']}/logs")
    assert words in log.text


def test_the_child_of_the_page_is_ended_by_its_model_and_the_worker_stays(client: Client) -> None:
    one = client.create("owner/encode")
    sleeping = until(lambda: _sleepers(client.server), "the child runs")
    client.reaches(one["id"], "started")
    assert client.cancel(one["id"]) == 202
    assert client.ended(one["id"], deadline=3)["status"] == "cancelled"
    until(lambda: not _sleepers(client.server), "the child is gone")
    again = client.create("owner/encode", wait=10, seconds=0)
    assert (again["output"], again["setup_time"]) == (0, None)
    assert sleeping


def test_the_teardown_of_the_page_runs_when_the_server_stops(client: Client, tmp_path: Path) -> None:
    assert client.create("owner/pooled", wait=10, mark=str(tmp_path / "mark"))["status"] == "succeeded"
    client.server.restart(signal.SIGTERM)
    assert (tmp_path / "mark").read_text() == "closed"


def test_the_limit_of_the_page_ends_a_prediction_and_is_named(client: Client) -> None:
    assert client.create("owner/encode", wait=10, seconds=0)["output"] == 0
    answer: Json = json.loads(_shell(client, _blocks("sh")[1]))
    assert answer["status"] == "cancelled"
    assert answer["error"]["detail"]["limit"] == "life"


def _shell(client: Client, line: str, **names: str) -> str:
    given = {"AUGURY_URL": client.server.url, "AUGURY_TOKEN": client.server.token, **names}
    done = subprocess.run(
        ["bash", "-ec", line], env={**os.environ, **given}, capture_output=True, text=True, timeout=25, check=True
    )
    return done.stdout


def _sleepers(server: Server) -> list[int]:
    found: list[int] = []
    for pid in descendants(server.pid):
        try:
            if Path(f"/proc/{pid}/cmdline").read_bytes() == b"sleep\x0060\x00":
                found.append(pid)
        except OSError:
            continue
    return found
