"""The page about streaming: its model is published, and its blocks of code do what they say against a server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support import publishing
from tests.support.server import Server, running

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "streaming.md").read_text()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    with running(tmp_path_factory.mktemp("page")) as started:
        yield started


@pytest.fixture(scope="module")
def client(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Generator[publishing.Client]:
    folder = tmp_path_factory.mktemp("models")
    (folder / "words.py").write_text(_blocks("python")[0])
    with closing(publishing.Client(server, folder)) as made:
        made.publish_path("words", folder / "words.py")
        yield made


@pytest.mark.parametrize("number", [1, 2])
def test_a_block_of_python_prints_the_text(client: publishing.Client, number: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _blocks("python")[number]],
        env=_environment(client),
        capture_output=True,
        text=True,
        timeout=25,
    )
    assert done.stdout.strip() == "to be continued", done.stderr


def test_the_blocks_of_shell_show_events_and_the_log(client: publishing.Client) -> None:
    stream, logs = _blocks("sh")
    shown = subprocess.run(
        ["bash", "-ec", stream], env=_environment(client), capture_output=True, text=True, timeout=25
    )
    assert re.findall(r"event: (\w+)", shown.stdout) == ["init", "output", "output", "output", "done"]
    prediction = re.search(r'"id":"([0-9a-f-]{36})"', shown.stdout)
    assert prediction is not None
    environment = {**_environment(client), "PREDICTION": prediction[1]}
    shown = subprocess.run(["bash", "-ec", logs], env=environment, capture_output=True, text=True, timeout=25)
    assert shown.stdout.count("100% word 3") == 2
    assert shown.stdout.rstrip().endswith('"status":"succeeded"}')


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def _environment(client: publishing.Client) -> dict[str, str]:
    server = client.server
    given = {
        "AUGURY_URL": server.url,
        "AUGURY_TOKEN": server.token,
        "WRIFTAI_API_BASE_URL": server.api,
        "WRIFTAI_ACCESS_TOKEN": server.token,
    }
    return {name: value for name, value in os.environ.items() if not name.startswith("AUGURY_")} | given
