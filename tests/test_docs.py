"""What the pages promise to list is what the code has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "augury"
CODE = re.compile(r'code="([a-z_]+)"')
TYPE = re.compile(r'type="([a-z_]+)"')


def _named(pattern: re.Pattern[str], *folders: str) -> set[str]:
    files = [path for folder in folders for path in (SOURCE / folder).rglob("*.py")]
    return {name for path in files for name in pattern.findall(path.read_text())}


def test_every_error_code_of_the_api_is_described() -> None:
    text = (ROOT / "docs" / "errors.md").read_text()
    codes = _named(CODE, "api", "service", "domain")
    assert len(codes) > 10
    assert not {code for code in codes if f"`{code}`" not in text}


def test_every_type_of_a_422_and_of_a_failed_prediction_is_described() -> None:
    text = (ROOT / "docs" / "errors.md").read_text()
    types = _named(TYPE, "api", "service", "domain", "engine") - {"http", "object", "string"}
    assert not {kind for kind in types if f"`{kind}`" not in text and not kind.endswith("_type")}


@pytest.mark.parametrize("page", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_every_file_and_page_that_is_named_exists(page: str) -> None:
    text = (ROOT / page).read_text()
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    files = re.findall(r"`((?:src|docs|tests|scripts|examples|benchmarks)/[\w./-]+\.(?:py|md|toml))`", text)
    assert links or files
    assert not [name for name in (*links, *files) if not (ROOT / name).exists()]
    short = re.findall(r"`((?:api|service|store|engine|runner|domain|packaging|sdk)/[\w/]+\.py)[`:]", text)
    assert not [name for name in short if not (SOURCE / name).exists()]


def test_the_life_of_a_prediction_names_eight_files_in_order() -> None:
    section = (ROOT / "ARCHITECTURE.md").read_text().partition("## The life of a prediction")[2].partition("\n## ")[0]
    steps = re.findall(r"^(\d)\. \*\*`(src/augury/[\w/]+\.py)`\*\*", section, re.MULTILINE)
    assert [number for number, _ in steps] == list("12345678")
    assert all((ROOT / path).exists() for _, path in steps)


def test_every_test_that_the_list_of_behaviours_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "tests" / "README.md").read_text()))
    sources = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    assert len(named) > 25
    assert not {name for name in named if f"def {name}(" not in sources}
