"""The page about OpenAI's clients: its models are published, and its blocks print what stands below them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import openai
import pytest
from pydantic import BaseModel

from augury.compat.openai.conversation import MOST_CHOICES, MOST_STOPS, ChatRequest
from augury.compat.openai.embeddings import MOST_TEXTS, EmbeddingsRequest
from augury.compat.openai.images import MOST, ImagesRequest
from tests.support import publishing
from tests.support.server import running

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "openai.md").read_text()
TITLE = "OpenAI's clients"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Generator[publishing.Client]:
    folder = tmp_path_factory.mktemp("page")
    with running(folder) as server, closing(publishing.Client(server, folder)) as made:
        for name, heading in (("parrot", "A model"), ("measure", "Embeddings"), ("poster", "Images")):
            (folder / f"{name}.py").write_text(_blocks(heading, "python")[0])
            made.publish_path(name, folder / f"{name}.py")
        yield made


@pytest.mark.parametrize("number", [0, 1])
def test_a_block_of_chat_prints_what_stands_below_it(client: publishing.Client, number: int) -> None:
    printed = _run(client, sys.executable, "-c", _blocks("Chat", "python")[number])
    assert printed.strip() == _blocks("Chat", "text")[number].strip()


@pytest.mark.parametrize("heading", ["Embeddings", "Images"])
def test_a_block_that_calls_a_model_of_its_own_prints_what_stands_below_it(
    client: publishing.Client, heading: str
) -> None:
    printed = _run(client, sys.executable, "-c", _blocks(heading, "python")[1])
    assert printed.strip() == _blocks(heading, "text")[0].strip()


@pytest.mark.parametrize(("kind", "name"), [(EmbeddingsRequest, "embeddings"), (ImagesRequest, "images")])
def test_every_parameter_of_vectors_and_pictures_is_in_its_table(kind: type[BaseModel], name: str) -> None:
    table = _section(f"Parameters of {name}")
    assert not [field for field in kind.model_fields if field != "model" and f"`{field}`" not in table]
    assert f"1 to {MOST_TEXTS if name == 'embeddings' else MOST}" in table


def test_the_list_of_models_is_what_stands_below_it(client: publishing.Client) -> None:
    printed = _run(client, sys.executable, "-c", _blocks("Models", "python")[0])
    assert _blocks("Models", "text")[0].strip() in printed.splitlines()


def test_the_blocks_of_shell_answer(client: publishing.Client) -> None:
    script = f"{_blocks(TITLE, 'sh')[0]}\n{_blocks('Chat', 'sh')[0]}"
    answer = json.loads(_run(client, "bash", "-ec", script))
    assert answer["choices"][0]["message"]["content"] == "You said hello"


def test_the_native_model_answers_with_a_call_of_a_tool(client: publishing.Client) -> None:
    path = client.folder / "native.py"
    path.write_text(_blocks("Native models", "python")[0])
    client.publish_path("native", path)
    with openai.OpenAI(base_url=client.server.api, api_key=client.server.token) as asking:
        answer = asking.chat.completions.create(
            model="owner/native",
            messages=[{"role": "user", "content": "what time is it?"}],
            tools=[{"type": "function", "function": {"name": "clock", "parameters": {"type": "object"}}}],
        )
    choice = answer.choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.tool_calls is not None
    assert choice.message.tool_calls[0].to_dict()["function"] == {"name": "clock", "arguments": "{}"}


def test_every_parameter_of_a_chat_is_in_the_table() -> None:
    table = _section("Parameters")
    assert not [name for name in ChatRequest.model_fields if not re.search(rf"`{name}\b", table)]
    assert f"1 to {MOST_CHOICES}" in table
    assert f"up to {MOST_STOPS}" in table


def _run(client: publishing.Client, *command: str) -> str:
    environment = {
        **os.environ,
        "AUGURY_URL": client.server.url,
        "AUGURY_TOKEN": client.server.token,
        "OPENAI_BASE_URL": client.server.api,
        "OPENAI_API_KEY": client.server.token,
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=25)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _section(heading: str) -> str:
    """What is below a heading, to the next one of any level; in code, `# ...` is none."""
    found: list[str] = []
    fenced = wanted = False
    for line in PAGE.splitlines(keepends=True):
        fenced ^= line.startswith("```")
        if not fenced and (title := re.fullmatch(r"#+ (.*)\n", line)):
            wanted = title[1] == heading
        elif wanted:
            found.append(line)
    assert found, heading
    return "".join(found)


def _blocks(heading: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", _section(heading), re.MULTILINE | re.DOTALL)
