"""The page about Anthropic's clients: its models are published, and its blocks print what stands below them."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any

import anthropic
import pytest

from augury.compat.anthropic import asking
from augury.compat.anthropic.asking import MessagesBody
from augury.compat.anthropic.errors import TYPES
from augury.compat.stops import LONGEST
from tests.support import publishing
from tests.support.server import running

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "anthropic.md").read_text()
BLOCKS = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
TOP = "Anthropic's clients"


def section(heading: str) -> str:
    """What is below a heading, to the next one; in code, `# ...` is none."""
    found: dict[str, list[str]] = {}
    fenced = False
    title = ""
    for line in PAGE.splitlines(keepends=True):
        fenced ^= line.startswith("```")
        if not fenced and (match := re.fullmatch(r"#+ (.*)\n", line)):
            title = match[1]
        else:
            found.setdefault(title, []).append(line)
    return "".join(found[heading])


def blocks(heading: str, language: str) -> list[str]:
    """The blocks of one language below a heading."""
    return [text for kind, text in BLOCKS.findall(section(heading)) if kind == language]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Generator[publishing.Client]:
    folder = tmp_path_factory.mktemp("page")
    with running(folder) as server, closing(publishing.Client(server, folder)) as made:
        for name, heading in (("echo", "A model"), ("native", "Native models")):
            (folder / f"{name}.py").write_text(blocks(heading, "python")[0])
            made.publish_path(name, folder / f"{name}.py")
        yield made


@pytest.fixture(autouse=True)
def environment(client: publishing.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the page's first block sets, and what it takes for granted."""
    for prefix, url, token in (("AUGURY", "URL", "TOKEN"), ("ANTHROPIC", "BASE_URL", "API_KEY")):
        monkeypatch.setenv(f"{prefix}_{url}", client.server.url)
        monkeypatch.setenv(f"{prefix}_{token}", client.server.token)


def test_every_parameter_is_in_the_table() -> None:
    table = section("Parameters")
    named = {*MessagesBody.model_fields, *asking.REFUSED}
    assert not [name for name in named if f"`{name}`" not in table]
    assert f"up to {asking.MOST_STOPS} of {LONGEST:,} characters" in table


def test_every_status_is_in_the_table_with_its_type() -> None:
    rows = re.findall(r"^\| (\d+) \| `\w+` \| `(\w+)` \|", section("Errors"), re.MULTILINE)
    # A wrong method, a server's own fault, and what was removed: no news to these clients.
    assert {int(status): kind for status, kind in rows}.items() <= TYPES.items()
    assert TYPES.keys() - {int(status) for status, _ in rows} == {405, 410, 500}


@pytest.mark.parametrize("number", [0, 1], ids=["whole", "streamed"])
def test_a_block_of_messages_prints_what_stands_below_it(
    number: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # In this process, where the client is loaded already: that takes seconds.
    (tmp_path / "block.py").write_text(blocks("Messages", "python")[number])
    runpy.run_path(str(tmp_path / "block.py"))
    assert capsys.readouterr().out.strip() == blocks("Messages", "text")[number].strip()


def test_the_blocks_of_shell_answer() -> None:
    script = blocks(TOP, "sh")[0] + blocks("Messages", "sh")[0]
    done = subprocess.run(["bash", "-ec", script], capture_output=True, text=True, check=True, timeout=25)
    assert json.loads(done.stdout)["content"] == [{"type": "text", "text": "Last you said hello"}]


def test_the_native_model_of_the_page_uses_a_tool(client: publishing.Client) -> None:
    tools: list[Any] = [{"name": "clock", "input_schema": {"type": "object"}}]
    with anthropic.Anthropic(base_url=client.server.url, api_key=client.server.token) as asking_client:
        message = asking_client.messages.create(
            model="owner/native", max_tokens=9, messages=[{"role": "user", "content": "what time is it?"}], tools=tools
        )
    (block,) = message.content
    assert block.type == "tool_use"
    assert (block.name, message.stop_reason) == ("clock", "tool_use")
