"""Samples of "Use from code", copied from the page and run as they are: the answer is what the form's input gives."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Axe, OpenPage
from tests.support.publishing import Client
from tests.support.server import Server

HOSTILE = (
    'it\'s "quoted" \\ and \\n $(touch {0}/ran) `touch {0}/ran` ${{HOME}} %s !! 😀 é\r\n\tEOF\nJSON\n\'\'\'"""</script>'
)
SECONDS = 25

REPEAT = """
from typing import Annotated, Any, Optional
import json
from augury import Input, Secret, TextStream, metric


def predict(
    prompt: str,
    system: str = "",
    max_tokens: int = 4096,
    temperature: float = 1.0,
    flag: bool = False,
    maybe: Optional[str] = "something",
    words: list[str] = [],
    extra: dict[str, Any] = {},
    password: Optional[Secret] = None,
) -> TextStream:
    said = {"prompt": prompt, "system": system, "max_tokens": max_tokens, "temperature": temperature}
    beside = {"flag": flag, "maybe": maybe, "words": words, "extra": extra}
    text = json.dumps({"said": said, "beside": beside})
    for start in range(0, len(text), 9):
        yield text[start : start + 9]
"""
VECTORS = """
def predict(texts: list[str]) -> list[list[float]]:
    return [[float(len(text)), 2.0] for text in texts]
"""
POSTER = """
from augury import File, scratch


def predict(prompt: str, width: int = 10, height: int = 20, seed: int = 0) -> File:
    path = scratch() / "poster.svg"
    path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"><!-- {seed} --></svg>')
    return File(path)
"""


@pytest.fixture(scope="module")
def repeat(client: Client) -> str:
    """The path of a model's code page: it gives back as JSON what it was given."""
    client.publish("repeat", REPEAT)
    return "/models/owner/repeat/code"


@pytest.fixture
def page(open_page: OpenPage, server: Server) -> Page:
    """The owner's page, which may read what was copied."""
    return open_page(server.token, permissions=["clipboard-read", "clipboard-write"])


class Run(Protocol):
    """Runs samples of a language with a token in the environment, and nothing else of ours; says what each printed."""

    def __call__(self, language: str, *texts: str) -> list[str]: ...


# One process for all of them: loading the clients takes longer than what they do.
EACH = """
import contextlib, io, json, sys
printed = []
for text in json.load(sys.stdin):
    with contextlib.redirect_stdout(io.StringIO()) as heard:
        exec(compile(text, text, "exec"), {"__name__": "__main__"})
    printed.append(heard.getvalue())
json.dump(printed, sys.stdout)
"""


@pytest.fixture
def run(server: Server, tmp_path: Path) -> Run:
    """Runs samples as their reader would."""
    ours = Path(sys.executable).parent
    environment = {
        "AUGURY_TOKEN": server.token,
        "PATH": f"{ours}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "LANG": "C.UTF-8",
        "PYTHONIOENCODING": "utf-8",
    }

    def one(command: Sequence[str], text: str, given: str = "") -> str:
        done = subprocess.run(
            command, input=given.encode(), env=environment, cwd=tmp_path, capture_output=True, timeout=SECONDS
        )
        assert done.returncode == 0, f"{text}\n\n{done.stderr.decode()}"
        return done.stdout.decode()

    def ran(language: str, *texts: str) -> list[str]:
        if language == "python":
            return json.loads(one([sys.executable, "-c", EACH], "", json.dumps(texts)))
        if language == "shell":
            return [one(["bash", "-eu", "-c", text], text) for text in texts]
        script = tmp_path / "sample.mjs"
        return [one(["node", str(script)], text) for text in texts if script.write_text(text)]

    return ran


def with_input(path: str, given: dict[str, Any]) -> str:
    """The path with an input in its hash, as the playground links to it."""
    packed = base64.urlsafe_b64encode(json.dumps(given).encode()).decode().rstrip("=")
    return f"{path}#input={packed}"


def copied(page: Page, tab: str, title: str) -> tuple[str, str]:
    """The language and the text of a sample, by its copy button."""
    page.get_by_role("tab", name=tab, exact=True).click()
    block = page.get_by_role("group", name=title, exact=True).locator("code")
    expect(block).to_be_visible()
    page.evaluate("navigator.clipboard.writeText('nothing yet')")
    page.get_by_role("button", name=f"Copy {title.lower()}", exact=True).click()
    page.wait_for_function("async () => (await navigator.clipboard.readText()) !== 'nothing yet'")
    return block.get_attribute("data-language") or "", page.evaluate("navigator.clipboard.readText()")


def given(tmp_path: Path) -> dict[str, Any]:
    """An input in which everything is that quoting may get wrong."""
    hostile = HOSTILE.format(tmp_path)
    return {
        "prompt": hostile,
        "system": "Be 'kind'.",
        "max_tokens": 3000,
        "temperature": 0.25,
        "flag": True,
        "maybe": None,
        "words": [hostile, "@file", "5", "null", ""],
        "extra": {hostile: [1, None, True, {"__proto__": "x"}], "__proto__": {"a": 1}},
    }


WAIT, STREAM = "Wait for the output", "Stream the output"
SAMPLES = {
    "shell": [("curl", WAIT), ("curl", STREAM), ("augury", WAIT), ("augury", STREAM)],
    "javascript": [("JavaScript", WAIT), ("JavaScript", STREAM)],
    "python": [("Python", WAIT), ("Python", STREAM), ("Replicate", WAIT), ("Replicate", STREAM)],
    "openai": [("OpenAI", "Chat completion"), ("OpenAI", "Chat completion, streamed"), ("OpenAI", "Response")],
    "anthropic": [("Anthropic", "Message"), ("Anthropic", "Message, streamed")],
}


@pytest.mark.parametrize("kind", list(SAMPLES))
def test_every_sample_makes_the_call_of_the_form(page: Page, repeat: str, run: Run, tmp_path: Path, kind: str) -> None:
    wanted = given(tmp_path)
    page.goto(with_input(repeat, wanted))
    samples = [copied(page, *way) for way in SAMPLES[kind]]
    [language] = {written for written, _ in samples}
    for way, printed in zip(SAMPLES[kind], run(language, *(text for _, text in samples)), strict=True):
        said = heard(way, printed)
        assert said["said"] == {name: wanted[name] for name in said["said"]}, way
        # The other APIs have no place for what is beside.
        if way[0] not in ("OpenAI", "Anthropic"):
            assert said["beside"] == {name: wanted[name] for name in said["beside"]}, way
    assert not (tmp_path / "ran").exists()


def heard(way: tuple[str, str], printed: str) -> dict[str, Any]:
    """What the model said, out of what a sample printed."""
    if way == ("curl", WAIT):
        return json.loads(json.loads(printed)["output"])
    if way == ("curl", STREAM):
        events = [dict(line.split(": ", 1) for line in event.splitlines()) for event in printed.strip().split("\n\n")]
        return json.loads("".join(json.loads(event["data"]) for event in events if event["event"] == "output"))
    return json.loads(printed)


def test_replicates_client_calls_a_chosen_version(page: Page, repeat: str, run: Run) -> None:
    page.goto(with_input(f"{repeat}?version=1", {"prompt": "hello"}))
    texts = [copied(page, "Replicate", title)[1] for title in (WAIT, STREAM)]
    for text, printed in zip(texts, run("python", *texts), strict=True):
        assert "owner/repeat:1" in text
        assert json.loads(printed)["said"]["prompt"] == "hello"


def test_vectors_come_by_openais_client(page: Page, client: Client, run: Run) -> None:
    client.publish("vectors", VECTORS)
    page.goto(with_input("/models/owner/vectors/code", {"texts": ["it's", "$(id)"]}))
    [printed] = run(*copied(page, "OpenAI", "Embeddings"))
    assert printed.split() == ["0", "2", "[4.0,", "2.0]", "1", "2", "[5.0,", "2.0]"]


def test_a_picture_comes_by_openais_client(page: Page, client: Client, run: Run) -> None:
    client.publish("poster", POSTER)
    page.goto(with_input("/models/owner/poster/code", {"prompt": "a 'cat'", "width": 30, "height": 40, "seed": 7}))
    [printed] = run(*copied(page, "OpenAI", "Image"))
    picture = client.http.get(printed.strip()).text
    assert 'width="30" height="40"' in picture
    assert "<!-- 7 -->" in picture


def test_a_secret_in_the_form_is_in_no_sample(page: Page, repeat: str) -> None:
    page.goto(with_input(repeat, {"prompt": "hello", "password": "hunter2"}))
    for name in ("curl", "Python", "JavaScript", "augury", "OpenAI", "Anthropic", "Replicate"):
        page.get_by_role("tab", name=name, exact=True).click()
        expect(page.get_by_role("tabpanel")).to_contain_text("hello")
        expect(page.get_by_role("tabpanel")).not_to_contain_text("hunter2")


def test_the_tabs_go_by_arrow_keys_and_the_chosen_one_is_kept(page: Page, repeat: str) -> None:
    page.goto(repeat)
    page.get_by_role("tab", name="curl").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Python")).to_have_attribute("aria-selected", "true")
    page.reload()
    expect(page.get_by_role("tab", name="Python")).to_have_attribute("aria-selected", "true")


def test_code_is_coloured_and_harmless_to_read(page: Page, repeat: str, axe: Axe) -> None:
    page.goto(with_input(repeat, {"prompt": "<img src=x onerror=alert(1)>"}))
    page.get_by_role("tab", name="Python", exact=True).click()
    code = page.get_by_role("group", name="Wait for the output").locator("code")
    expect(code.locator("span[style]").first).to_be_visible()
    expect(code).to_contain_text("<img src=x onerror=alert(1)>")
    expect(page.locator("main img")).to_have_count(0)
    axe(page)
