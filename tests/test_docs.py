"""What the pages promise to list is what the code has."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import inspect
import json
import pathlib
import re
import tomllib
import uuid
from pathlib import Path
from typing import Any, Literal, Optional, Union

import pytest

import augury
from augury import File, Secret
from augury.packaging.check import describe
from augury.packaging.environment import Environment
from augury.packaging.interpreters import own_interpreter
from augury.packaging.options import KEYS
from augury.packaging.project import read
from augury.packaging.runtime import materialize
from augury.sdk.annotations import evaluate
from augury.sdk.signature import inspect_predict, schemas

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


@pytest.mark.parametrize("page", ["tests/README.md", "docs/guarantees.md"])
def test_every_test_that_a_list_of_behaviours_names_exists(page: str) -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / page).read_text()))
    sources = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    assert len(named) > 25
    assert not {name for name in named if f"def {name}(" not in sources}


MODELS = (ROOT / "docs" / "models.md").read_text()
_BLOCK = re.compile(r"^```(python|toml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _blocks(language: str) -> list[str]:
    return [text for kind, text in _BLOCK.findall(MODELS) if kind == language]


def _rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading, without its head."""
    section = MODELS.partition(f"\n{heading}\n")[2]
    table = re.search(r"(?:^\|.*\|\n)+", section, re.MULTILINE)
    assert table is not None
    lines = table.group().splitlines()[2:]
    return [[cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return materialize(tmp_path_factory.mktemp("runtime"))


@pytest.mark.parametrize("block", _blocks("python"), ids=lambda block: block.partition("\n")[0])
def test_every_model_of_the_authors_page_can_be_published(block: str, tmp_path: Path, runtime: Path) -> None:
    title, _, _ = block.partition("\n")
    path = tmp_path / title.removeprefix("# ")
    assert path.suffix == ".py"
    path.write_text(block)
    bare = Environment(own_interpreter().path, "bare", no_site=True)
    description, warnings = describe(read(path), bare, runtime)
    assert description.schemas["output"]
    assert not warnings


@pytest.mark.parametrize("block", _blocks("toml"))
def test_every_description_of_the_authors_page_can_be_read(block: str, tmp_path: Path) -> None:
    (tmp_path / "predict.py").touch()
    (tmp_path / "pyproject.toml").write_text(block)
    assert read(tmp_path).entry == "predict.py:Predictor"


def test_every_key_of_tool_augury_is_described_with_its_default_and_shown() -> None:
    rows = _rows("## `[tool.augury]`")
    assert sorted(row[0].strip("`") for row in rows) == sorted(KEYS)
    assert all(all(row) for row in rows)
    shown = tomllib.loads(_blocks("toml")[-1])["tool"]["augury"]
    assert set(shown) == set(KEYS)


class Color(enum.Enum):
    """The one of the table."""

    RED = "red"
    BLUE = "blue"


@dataclasses.dataclass
class Box:
    """The one of the table."""

    x: int


_NAMES: dict[str, Any] = {
    **{one.__name__: one for one in (Box, Color, File, Secret)},
    **{"Any": Any, "Literal": Literal, "Optional": Optional, "Union": Union},
    **{one.__name__: one for one in (datetime, decimal, pathlib, uuid)},
}


@pytest.mark.parametrize("row", _rows("## Types"), ids=lambda row: row[0])
def test_every_type_of_the_authors_page_gives_the_schema_that_stands_there(row: list[str]) -> None:
    annotation, schema, _ = row
    written = re.findall(r"`([^`]+)`", annotation)[0]

    def predict(x: object) -> None: ...

    predict.__annotations__["x"] = evaluate(written, _NAMES)
    found = schemas(inspect_predict(predict))["input"]["properties"]["x"]
    found.pop("x-order")
    assert found == json.loads(schema.strip("`"))


def test_everything_that_a_model_can_import_is_described() -> None:
    arguments = {name.strip("` ") for row in _rows("### Input") for name in row[0].split(",")}
    assert arguments == set(inspect.signature(augury.Input).parameters)
    assert not {name for name in augury.__all__ if not re.search(rf"\b{name}\b", _BLOCK.sub("", MODELS))}
