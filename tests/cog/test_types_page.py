"""The tables of types in docs/cog.md: each line is what a signature becomes."""

from __future__ import annotations

import json
import pathlib
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated, Any, Dict, List, Literal, Optional, Union  # noqa: UP035  # models write them

import pytest

from augury.sdk import cog
from augury.sdk.cog_signature import inspect_cog
from augury.sdk.signature import schemas

PAGE = (Path(__file__).parents[2] / "docs" / "cog.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (`.+?) \| `(.+?)`(, required)?(?:: [^|]*)? \|$", PAGE, re.MULTILINE)
INPUTS = [
    (code.replace("\\|", "|"), json.loads(schema), bool(required))
    for codes, schema, required in ROWS
    for code in re.findall(r"`([^`]+)`", codes)
    if code.startswith("x: ")
]
OUTPUTS = [
    (code, json.loads(schema))
    for codes, schema, _ in ROWS
    for code in re.findall(r"`([^`]+)`", codes)
    if schema.startswith("{") and not code.startswith("x: ")
]


class Thing:
    """A class that only Opaque lets pass."""


NAMES: dict[str, Any] = {
    **{name: getattr(cog, name) for name in cog.__all__},
    "Annotated": Annotated,
    "Any": Any,
    "AsyncIterator": AsyncIterator,
    "Dict": Dict,  # noqa: UP006
    "Iterator": Iterator,
    "List": List,  # noqa: UP006
    "Literal": Literal,
    "Optional": Optional,
    "Thing": Thing,
    "Union": Union,
    "pathlib": pathlib,
}


def written(parameters: str, returns: str = "") -> dict[str, Any]:
    space = dict(NAMES)
    exec(f"def predict({parameters}){returns}: ...", space)
    return schemas(inspect_cog(space["predict"]))


@pytest.mark.parametrize(("code", "schema", "required"), INPUTS, ids=[code for code, _, _ in INPUTS])
def test_an_input_becomes_what_the_page_says(code: str, schema: dict[str, Any], required: bool) -> None:
    found = written(code)["input"]
    assert found.get("required", []) == (["x"] if required else [])
    assert found["properties"]["x"] == {**schema, "title": "X", "x-order": 0}


@pytest.mark.parametrize(("code", "schema"), OUTPUTS, ids=[code for code, _ in OUTPUTS])
def test_an_output_becomes_what_the_page_says(code: str, schema: dict[str, Any]) -> None:
    found = written("", f" -> {code}")["output"]
    found.pop("$schema")
    assert found == schema


def test_the_page_has_its_tables() -> None:
    assert len(INPUTS) >= 20
    assert [code for code, _ in OUTPUTS] == [
        "Iterator[str]",
        "AsyncIterator[str]",
        "ConcatenateIterator[str]",
        "AsyncConcatenateIterator[str]",
        "Any",
        "Optional[str]",
    ]
