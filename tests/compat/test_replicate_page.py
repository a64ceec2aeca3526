"""The page about Replicate's clients: its model is published, and its blocks print what stands below them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest

from augury.compat.replicate.predictions import LINES, PAGE, CreateByVersionBody
from tests.support import publishing
from tests.support.server import running

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "replicate.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Generator[publishing.Client]:
    folder = tmp_path_factory.mktemp("page")
    with running(folder) as server, closing(publishing.Client(server, folder)) as made:
        (folder / "repeat.py").write_text(blocks("python")[0])
        made.publish_path("repeat", folder / "repeat.py")
        yield made


@pytest.mark.parametrize("number", range(4))
def test_a_block_prints_what_stands_below_it(client: publishing.Client, number: int) -> None:
    exports = {"AUGURY_URL": client.server.url, "AUGURY_TOKEN": client.server.token}
    named = dict(re.findall(r'(REPLICATE_\w+)="([^"]+)"', blocks("sh")[0]))
    given = {name: re.sub(r"\$(\w+)", lambda found: exports[found[1]], value) for name, value in named.items()}
    ran = subprocess.run(
        [sys.executable, "-c", blocks("python")[number + 1]],
        env={**os.environ, **given},
        capture_output=True,
        text=True,
        timeout=25,
        check=False,
    )
    assert ran.stdout == blocks("text")[number], ran.stderr


def test_every_parameter_and_bound_is_described() -> None:
    assert not [name for name in CreateByVersionBody.model_fields if f"`{name}`" not in TEXT]
    assert f"A page has {PAGE}." in TEXT
    assert f"the last {LINES:,} lines" in TEXT
