"""The web app as it is built: how much of it the first page needs, and that it needs nobody else."""

from __future__ import annotations

import json
import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DIST = ROOT / "src" / "augury" / "web" / "dist"
MOST_OF_THE_FIRST_PAGE = 300_000
"""Bytes of JavaScript, compressed."""


class Page(HTMLParser):
    """The elements of a page, with their attributes and, of scripts and styles, their text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inline: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.elements and self.elements[-1][0] in ("script", "style") and data.strip():
            self.inline.append(data)


@cache
def index() -> Page:
    assert (DIST / "index.html").is_file(), "the web app is not built: `make setup` builds it"
    return Page((DIST / "index.html").read_text())


def scripts_of_the_first_page() -> set[Path]:
    """What the page runs and what the list of models does, which is the page at `/`, with all that they import."""
    manifest: dict[str, dict[str, Any]] = json.loads((DIST / ".vite" / "manifest.json").read_text())
    found: set[str] = set()
    waiting = ["index.html", "src/models/page.tsx"]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += manifest[name].get("imports", [])
    return {DIST / manifest[name]["file"] for name in found}


def compressed(path: Path) -> int:
    best = path.with_name(path.name + ".br")
    return (best if best.is_file() else path).stat().st_size


def test_the_first_page_needs_little_javascript() -> None:
    sizes = {path.name: compressed(path) for path in scripts_of_the_first_page()}
    assert len(sizes) > 2
    assert sum(sizes.values()) < MOST_OF_THE_FIRST_PAGE, sizes


def test_the_page_holds_no_script_and_no_style_of_its_own() -> None:
    assert index().inline == []
    attributes = {name for _, attrs in index().elements for name in attrs}
    assert [name for name in attributes if name == "style" or name.startswith("on")] == []


def test_everything_that_the_page_names_is_there() -> None:
    named = [attrs.get("src") or attrs.get("href") for tag, attrs in index().elements if tag in ("script", "link")]
    assert named
    for name in named:
        assert name is not None
        assert name.startswith("/")
        assert (DIST / name.removeprefix("/")).is_file(), name


@pytest.mark.parametrize("kind", ["css", "html", "js"])
def test_nothing_is_loaded_from_elsewhere(kind: str) -> None:
    loads = re.compile(r"""url\(\s*["']?(?:https?:)?//|import\s*\(\s*["'`]https?:|(?:src|href)=["']?https?:""")
    files = sorted(DIST.rglob(f"*.{kind}"))
    assert files
    assert [path.name for path in files if loads.search(path.read_text())] == []


def test_each_bigger_text_is_there_compressed_as_well() -> None:
    texts = [path for path in DIST.rglob("*") if path.suffix in (".js", ".css") and path.stat().st_size >= 1024]
    assert texts
    lacking = [
        path.name for path in texts if not all(path.with_name(path.name + end).is_file() for end in (".br", ".gz"))
    ]
    assert lacking == []
