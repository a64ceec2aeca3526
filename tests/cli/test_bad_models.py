"""Models that cannot run: every mistake is named with file, line and name, and nothing is published."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.commands import Augury, write_model


@dataclass(frozen=True)
class Bad:
    """A model's code and what has to be said about it."""

    code: str
    said: tuple[str, ...]


BAD = {
    "syntax error": Bad("def predict(x: int) -> int:\n    return x +\n", ("predict.py:2",)),
    "missing predictor": Bad("def prophesy(x: int) -> int:\n    return x\n", ("predict.py", "predict")),
    "unsupported type": Bad(
        "import threading\n\ndef predict(lock: threading.Lock) -> int:\n    return 1\n", ("predict.py:3", "lock")
    ),
    "unsupported output": Bad("import re\n\ndef predict(x: int) -> re.Pattern:\n    return x\n", ("predict.py:3",)),
    "failing import": Bad("import nothing_of_that_name\n\ndef predict() -> int:\n    return 1\n", (
        "predict.py:1", "nothing_of_that_name",
    )),
    "failing at import": Bad("limits = {}\nlimit = limits['most']\ndef predict() -> int:\n    return 1\n", (
        "predict.py:2", "most",
    )),
    "impossible requirement": Bad(
        "# /// script\n# dependencies = ['numpy>=999']\n# ///\ndef predict() -> int:\n    return 1\n", ("numpy>=999",)
    ),
    "no requirement": Bad(
        "# /// script\n# dependencies = ['nu mpy']\n# ///\ndef predict() -> int:\n    return 1\n",
        ("predict.py:2", "nu mpy"),
    ),
    "impossible Python": Bad(
        "# /// script\n# requires-python = '<3'\n# ///\ndef predict() -> int:\n    return 1\n",
        ("requires-python", "<3"),
    ),
    "unknown option": Bad(
        "# /// script\n# [tool.augury]\n# concurency = 2\n# ///\ndef predict() -> int:\n    return 1\n",
        ("predict.py:3", "concurency"),
    ),
    "batch of no lists": Bad(
        "# /// script\n# tool.augury.batch.max_size = 2\n# ///\ndef predict(x: int) -> list[int]:\n    return [x]\n",
        ("predict.py:4", "list[int] instead of int"),
    ),
    "batch that yields": Bad(
        "# /// script\n# tool.augury.batch.max_size = 2\n# ///\ndef predict(x: list[int]) -> list[int]:\n    yield x\n",
        ("predict.py:4", "a batch cannot yield", "remove `batch`"),
    ),
    "batch and concurrency": Bad(
        "# /// script\n# [tool.augury]\n# concurrency = 2\n# batch = {max_size = 2}\n# ///\n",
        ("predict.py:3", "exclude each other", "remove concurrency"),
    ),
    "exit at import": Bad("import os\nos._exit(7)\ndef predict() -> int:\n    return 1\n", ("7",)),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_model_is_named_with_its_place_and_not_published(augury: Augury, tmp_path: Path, kind: str) -> None:
    bad = BAD[kind]
    before = augury.done("models", "list", "--json").json
    ran = augury("push", write_model(tmp_path, bad.code), "bad")
    assert (ran.code, ran.out) == (1, "")
    for words in bad.said:
        assert words in ran.err
    assert augury.done("models", "list", "--json").json == before


@pytest.mark.parametrize("kind", BAD)
def test_check_says_the_same_without_a_server(alone: Augury, tmp_path: Path, kind: str) -> None:
    bad = BAD[kind]
    ran = alone("check", write_model(tmp_path, bad.code))
    assert (ran.code, ran.out) == (1, "")
    for words in bad.said:
        assert words in ran.err


def test_the_place_of_a_mistake_is_said_once(alone: Augury, tmp_path: Path) -> None:
    ran = alone("check", write_model(tmp_path, BAD["syntax error"].code))
    assert ran.err.splitlines()[0] == "error: predict.py:2: SyntaxError: invalid syntax"


@pytest.mark.parametrize("what", ["nothing-there", "empty", "notes.txt"])
def test_a_path_that_is_no_model_is_named(alone: Augury, tmp_path: Path, what: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("not a model")
    ran = alone("check", tmp_path / what)
    assert (ran.code, ran.out) == (1, "")
    assert what in ran.err
