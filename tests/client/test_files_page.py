"""What the page about files says to type works."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.client.test_files import DIGESTS
from tests.support import models
from tests.support.server import Server

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "files.md").read_text()
BLOCKS = dict(re.findall(r"^```python\n# (\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))


def run(block: str, server: Server, folder: Path) -> str:
    environment = {
        **os.environ,
        "AUGURY_URL": server.url,
        "AUGURY_TOKEN": server.token,
        "WRIFTAI_API_BASE_URL": server.api,
        "WRIFTAI_ACCESS_TOKEN": server.token,
    }
    done = subprocess.run(
        [sys.executable, "-c", BLOCKS[block]], env=environment, cwd=folder, capture_output=True, text=True, timeout=25
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_three_steps_of_an_upload_give_a_link(server: Server, tmp_path: Path) -> None:
    link = run("upload", server, tmp_path)
    assert "/note.txt?expires=" in link
    assert httpx.get(link).text == "anything at all"


def test_the_official_client_takes_files_in_an_input(server: Server, tmp_path: Path) -> None:
    headers = {"Authorization": f"Bearer {server.token}"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=30) as http:
        models.publish(http, "pages", DIGESTS)
        (tmp_path / "page.png").write_bytes(b"a page")
        run("client", server, tmp_path)
        newest = http.get("/v1/predictions", params={"page_size": 1}).json()["items"][0]
        found = http.get(f"/v1/predictions/{newest['id']}").json()
        assert found["status"] == "succeeded"
        assert [kind for _, kind in found["output"]["pages"]] == ["image/png", "text/csv"]


@pytest.mark.parametrize("setting", re.findall(r"`([a-z]+_[a-z_]+)`", PAGE))
def test_every_name_on_the_page_is_known(setting: str) -> None:
    docs = Path(__file__).resolve().parents[2] / "docs"
    known = (docs / "settings.md").read_text() + (docs / "errors.md").read_text()
    assert setting in known or setting in {"download_url", "part_size"}
