"""What the page about OpenAI's clients says of responses: its blocks print what stands below them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest

from augury.compat.openai.responses.asking import ResponseRequest
from tests.support import publishing
from tests.support.server import running

SECTION = (Path(__file__).resolve().parents[2] / "docs" / "openai.md").read_text().partition("\n## Responses\n")[2]
MODEL, *CALLS = re.findall(r"^```python\n(.*?)^```", SECTION, re.MULTILINE | re.DOTALL)
PRINTED = re.findall(r"^```text\n(.*?)^```", SECTION, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Generator[publishing.Client]:
    folder = tmp_path_factory.mktemp("page")
    with running(folder) as server, closing(publishing.Client(server, folder)) as made:
        (folder / "recall.py").write_text(MODEL)
        made.publish_path("recall", folder / "recall.py")
        yield made


def test_the_model_of_the_page_offers_responses(client: publishing.Client) -> None:
    made = client.create("owner/recall", wait=25, messages=[{"role": "user", "content": "warm"}])
    assert "".join(made["output"]) == "1 heard: warm"
    assert client.http.get("/models/owner/recall/versions/1").json()["compatibilities"]["openai_responses"] is True


@pytest.mark.parametrize("number", range(len(CALLS)))
def test_a_block_prints_what_stands_below_it(client: publishing.Client, number: int) -> None:
    environment = {**os.environ, "OPENAI_BASE_URL": client.server.api, "OPENAI_API_KEY": client.server.token}
    command = (sys.executable, "-c", CALLS[number])
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=25)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == PRINTED[number].strip()


def test_every_parameter_is_in_the_table() -> None:
    assert len(CALLS) == len(PRINTED) == 2
    table = SECTION.partition("### Parameters of responses\n")[2]
    assert not [name for name in ResponseRequest.model_fields if not re.search(rf"`{name}\b", table)]
