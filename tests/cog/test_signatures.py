"""A table of signatures, each read by Cog 0.19.3 itself and by ours: both must say the same, or differ as is stated."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import uv

import augury
from tests.cog.case import Absent, Case
from tests.cog.normal import of_cog, of_inspected, of_ours, types_of
from tests.cog.signatures import forms, inputs, newer, outputs

REFERENCE, NEWER = "cog==0.19.3", "cog==0.23.1"
FORKING = Path(__file__).parent / "forking.py"
CASES = [*inputs.CASES, *outputs.CASES, *forms.CASES, *newer.CASES]
LIKE_NEWER = [case for case in CASES if case.why.startswith("0.23")]
DESCRIBE = str(Path(augury.__file__).parent / "runner" / "describe.py")


def interpreter(folder: Path, package: str) -> Path:
    """An interpreter of its own with a package from the index."""
    python = folder / "bin" / "python"
    for arguments in (
        ("venv", "--quiet", "--allow-existing", "--python", sys.executable, str(folder)),
        ("pip", "install", "--quiet", "--python", str(python), package, "pydantic>=2"),
    ):
        made = subprocess.run([uv.find_uv_bin(), *arguments], capture_output=True, text=True, check=False)
        assert made.returncode == 0, f"these tests need {package}, which is not to be had from the index: {made.stderr}"
    return python


class Program:
    """A program of another interpreter, as a process that answers what it says about a folder."""

    def __init__(self, python: Path, preloaded: str, program: str, *flags: str) -> None:
        command = [str(python), *flags, str(FORKING), preloaded, program]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, folder: Path, *arguments: str) -> dict[str, Any]:
        """How it ended and what it wrote: code, out and err."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps({"folder": str(folder), "arguments": arguments}), file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate()
        assert self._process.returncode == 0


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """Cog itself: the last release that makes a model's document in Python."""
    python = interpreter(tmp_path_factory.mktemp("cog"), REFERENCE)
    program = Program(python, "cog.command.openapi_schema", "cog.command.openapi_schema")
    yield program
    program.close()


@pytest.fixture(scope="session")
def newer_reference(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """What a newer Cog takes a model's inputs and output for when it runs it."""
    python = interpreter(tmp_path_factory.mktemp("cog"), NEWER)
    program = Program(python, "cog._inspector", str(FORKING.with_name("inspected.py")))
    yield program
    program.close()


@pytest.fixture(scope="session")
def ours() -> Iterator[Program]:
    """What reads a model at every push."""
    program = Program(Path(sys.executable), "augury.runner.loader", DESCRIBE)
    yield program
    program.close()


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
def test_a_cog_signature_says_what_cog_says(case: Case, reference: Program, ours: Program, tmp_path: Path) -> None:
    case.write(tmp_path)
    theirs = reference.run(tmp_path)
    written = json.loads(ours.run(tmp_path, str(tmp_path), case.entry)["out"])
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
    case: Case, newer_reference: Program, ours: Program, tmp_path: Path
) -> None:
    case.write(tmp_path)
    theirs = newer_reference.run(tmp_path, case.entry)
    assert theirs["code"] == 0, theirs["err"]
    written = of_ours(json.loads(ours.run(tmp_path, str(tmp_path), case.entry)["out"]))
    inputs = {name: types_of(one) for name, one in written["input"]["properties"].items()}
    assert {"inputs": inputs, "output": written["output"]} == of_inspected(json.loads(theirs["out"]))


def test_the_table_has_every_signature_once_and_says_why_it_differs() -> None:
    assert len(CASES) >= 60
    assert len(LIKE_NEWER) >= 10
    assert len({case.name for case in CASES}) == len(CASES)
    assert [case.name for case in CASES if (case.differs or case.refused) and not case.why] == []
