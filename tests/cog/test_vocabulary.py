"""`from cog import ...`: the names that Cog has, and that they do what they do in Cog 0.23.1."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import augury
from augury.sdk import cog, fields
from augury.sdk.cog_scope import current_scope
from augury.sdk.reporting import activate
from tests.cog.program import Program

# The first test that needs Cog fetches it from the package index.
pytestmark = pytest.mark.timeout(180)

SOURCE = Path(augury.__file__).parents[1]
SHIM = SOURCE / "augury" / "sdk" / "shim"
PROGRAM = Path(__file__).parent / "vocabulary.py"


def answers(command: list[str]) -> dict[str, str]:
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)


@pytest.fixture(scope="module")
def ours() -> dict[str, str]:
    paths = f"import sys, runpy; sys.path[:0] = [{str(SHIM)!r}, {str(SOURCE)!r}]"
    return answers([sys.executable, "-I", "-c", f"{paths}; runpy.run_path({str(PROGRAM)!r}, run_name='__main__')"])


def test_every_name_that_cog_exports_is_there(cog_interpreter: Path) -> None:
    listed = "import cog, json; print(json.dumps({name: '' for name in cog.__all__}))"
    theirs = answers([str(cog_interpreter), "-c", listed])
    ours = answers(
        [sys.executable, "-I", "-c", f"import sys; sys.path[:0] = [{str(SHIM)!r}, {str(SOURCE)!r}]; {listed}"]
    )
    assert len(theirs) > 15
    assert theirs.keys() - ours.keys() == set()


def test_the_names_do_what_they_do_in_cog(cog_interpreter: Path, ours: dict[str, str]) -> None:
    theirs = answers([str(cog_interpreter), str(PROGRAM)])
    assert len(theirs) > 40
    assert ours == theirs


def test_the_packages_own_modules_are_there_too() -> None:
    wanted = """
from cog.types import ConcatenateIterator, File, Path, Secret
from cog.predictor import BasePredictor
from cog.input import FieldInfo, Input
from cog.model import BaseModel
from cog.server.exceptions import CancelationException
import cog
print('{"same": ' + str(cog.Path is Path and cog.CancelationException is CancelationException).lower() + '}')
"""
    paths = f"import sys; sys.path[:0] = [{str(SHIM)!r}, {str(SOURCE)!r}]"
    assert answers([sys.executable, "-I", "-c", paths + wanted]) == {"same": True}


class Recorded:
    """A run that keeps what is reported to it."""

    def __init__(self, scratch: str) -> None:
        self.scratch = scratch
        self.metrics: dict[str, Any] = {}
        self.warnings: list[str] = []

    def metric(self, name: str, value: Any) -> None:
        self.metrics[name] = value

    def progress(self, fraction: float, message: str | None) -> None:
        raise AssertionError

    def warn(self, text: str) -> None:
        self.warnings.append(text)


# What Cog 0.23.1 answers with after the same calls in a prediction.
METRICS: list[tuple[list[tuple[str, Any, str | None]], dict[str, Any]]] = [
    ([("a", 1, None), ("a", 2, "incr")], {"a": 3}),
    ([("a", 1, "incr"), ("a", 2, "replace")], {"a": 2}),
    ([("a", 0.5, "incr"), ("a", 0.5, "incr")], {"a": 1.0}),
    ([("q", 1, "append"), ("q", "x", "append")], {"q": [1, "x"]}),
    ([("b", [1], "append")], {"b": [[1]]}),
    ([("w", 1, None), ("w", 2, "append")], {"w": [1, 2]}),
    ([("t.a", 1, None), ("t.b.c", 2, None)], {"t": {"a": 1, "b": {"c": 2}}}),
    ([("t.a", 1, None), ("t", 5, None)], {"t": 5}),
    ([("z", {"a": {"b": 1}}, None)], {"z": {"a": {"b": 1}}}),
]


@pytest.mark.parametrize(("calls", "metrics"), METRICS)
def test_metrics_add_up_as_in_cog(
    calls: list[tuple[str, Any, str | None]], metrics: dict[str, Any], tmp_path: Path
) -> None:
    run = Recorded(str(tmp_path))
    with activate(run):
        for key, value, mode in calls:
            current_scope().record_metric(key, value, mode)
    assert run.metrics == metrics


def test_a_metric_may_change_its_type_once_it_is_deleted(tmp_path: Path) -> None:
    run = Recorded(str(tmp_path))
    with activate(run):
        metrics = current_scope().metrics
        metrics["a"] = 1
        with pytest.raises(TypeError, match="Metric 'a' has type int, cannot set to float"):
            metrics["a"] = 1.5
        del metrics["a"]
        assert run.metrics == {"a": None}
        metrics["a"] = "text"
        del metrics["never"]
    assert run.metrics == {"a": "text"}


def test_a_metric_without_a_json_form_is_dropped_with_a_warning(tmp_path: Path) -> None:
    run = Recorded(str(tmp_path))
    with activate(run):
        current_scope().record_metric("a", float("nan"))
    assert run.metrics == {}
    assert run.warnings == ["metric dropped: a: NaN became null"]


def test_each_run_has_metrics_of_its_own_and_none_outside(tmp_path: Path) -> None:
    first, second = Recorded(str(tmp_path)), Recorded(str(tmp_path))
    for run in (first, second):
        with activate(run):
            cog.emit_metric("steps", 1)
            current_scope().record_metric("steps", 1, "incr")
    current_scope().record_metric("steps", 1, "incr")
    assert (first.metrics, second.metrics) == ({"steps": 2}, {"steps": 2})


def test_a_secret_of_cogs_is_one_of_ours_which_all_that_hides_secrets_knows() -> None:
    assert isinstance(cog.Secret("x"), fields.Secret)


@pytest.mark.parametrize(
    ("accept", "types"),
    [
        (None, None),
        ("image/*", ("image/*",)),
        ("image/png, .JPG", ("image/png", "image/jpeg")),
        (".safetensors,.bin", None),
        ("*", None),
    ],
)
def test_what_a_file_may_be_becomes_media_types(accept: str | None, types: tuple[str, ...] | None) -> None:
    assert cog.Input(accept=accept).media_types == types


def test_a_description_with_a_comma_too_many_is_one_all_the_same() -> None:
    too_many: Any = ("A", "B")
    assert cog.Input(description=too_many).description == "A B"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"cog.yaml": "predict: predict.py"}, "predict.py, line 1: there is no module cog.coder; of Cog's own modules"),
        ({}, "predict.py, line 1: there is no module cog; a model for Cog has a cog.yaml"),
    ],
    ids=["a module that is not offered", "no cog.yaml"],
)
def test_what_of_cog_cannot_be_imported_says_why(
    files: dict[str, str], message: str, described: Program, tmp_path: Path
) -> None:
    files = {"predict.py": "from cog.coder import Coder\n\nclass Predictor:\n    pass\n", **files}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    told = json.loads(described.run(tmp_path, str(tmp_path))["out"])
    assert told["error"]["message"].startswith(message)
