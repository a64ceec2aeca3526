"""A table of signatures, each read by Cog 0.19.3 itself and by ours: both must say the same, or differ as is stated."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from tests.cog.case import Absent, Case
from tests.cog.normal import of_cog, of_inspected, of_ours, types_of
from tests.cog.program import Program
from tests.cog.signatures import forms, inputs, newer, outputs

# The first test that needs Cog fetches it from the package index.
pytestmark = pytest.mark.timeout(180)

CASES = [*inputs.CASES, *outputs.CASES, *forms.CASES, *newer.CASES]
LIKE_NEWER = [case for case in CASES if case.why.startswith("0.23")]


def place(document: dict[str, Any], path: str) -> tuple[dict[str, Any], str]:
    *steps, last = path.split(".")
    for step in steps:
        document = document[step]
    return document, last


def differing(document: dict[str, Any], differences: dict[str, Any]) -> dict[str, Any]:
    """What Cog says, with the differences that are stated; each must be one."""
    document = copy.deepcopy(document)
    for path, value in differences.items():
        node, last = place(document, path)
        assert node.get(last, Absent) != value, f"{path} is no difference"
        if value is Absent:
            del node[last]
        else:
            node[last] = value
    return document


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_cog_signature_says_what_cog_says(case: Case, documents: Program, described: Program, tmp_path: Path) -> None:
    case.write(tmp_path)
    theirs = documents.run(tmp_path)
    written = json.loads(described.run(tmp_path, str(tmp_path), case.entry)["out"])
    assert written["ok"], written
    for schema in written["schemas"].values():
        jsonschema_rs.meta.validate(schema)
    if case.refused:
        assert theirs["code"] != 0
        assert case.refused in theirs["err"]
        assert of_ours(written) == case.expected
    else:
        assert theirs["code"] == 0, theirs["err"]
        document = theirs["out"][theirs["out"].index("{") :]  # after what the model prints while it is loaded
        assert of_ours(written) == differing(of_cog(json.loads(document)), case.differs)


@pytest.mark.parametrize("case", LIKE_NEWER, ids=[case.name for case in LIKE_NEWER])
def test_what_only_newer_releases_of_cog_take_is_what_they_take_it_for(
    case: Case, inspected: Program, described: Program, tmp_path: Path
) -> None:
    case.write(tmp_path)
    theirs = inspected.run(tmp_path, case.entry)
    assert theirs["code"] == 0, theirs["err"]
    written = of_ours(json.loads(described.run(tmp_path, str(tmp_path), case.entry)["out"]))
    inputs = {name: types_of(one) for name, one in written["input"]["properties"].items()}
    assert {"inputs": inputs, "output": written["output"]} == of_inspected(json.loads(theirs["out"]))


def test_the_table_has_every_signature_once_and_says_why_it_differs() -> None:
    assert len(CASES) >= 60
    assert len(LIKE_NEWER) >= 10
    assert len({case.name for case in CASES}) == len(CASES)
    assert [case.name for case in CASES if (case.differs or case.refused) and not case.why] == []
