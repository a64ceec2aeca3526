"""What may be left out, what may be null, and what predict() gets then; a default of None is None and no text."""

# ruff: noqa: UP007, UP045
# Models write Optional, and so do the tests.

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional, Union

import jsonschema_rs
import pytest

from augury.runner.convert import InputError, decode_input
from augury.sdk import cog, fields
from augury.sdk.cog_signature import inspect_cog
from augury.sdk.signature import schemas

NOT_GIVEN = object()
REFUSED = object()
UNTYPED: Any = None

NEEDED = cog.Input(description="No default")
NONE = cog.Input(default=None)
VALUE = cog.Input(default="d")


def bare(x: str) -> str:
    return x


def needed(x: str = NEEDED) -> str:
    return x


def with_value(x: str = VALUE) -> str:
    return x


def none(x: str = NONE) -> str:
    return x


def plain_none(x: str = UNTYPED) -> str:
    return x


def optional(x: Optional[str]) -> Any:
    return x


def optional_described(x: Optional[str] = NEEDED) -> Any:
    return x


def optional_none(x: Optional[str] = None) -> Any:
    return x


def optional_value(x: Optional[str] = VALUE) -> Any:
    return x


def or_none(x: str | None = NONE) -> Any:
    return x


# Left out, null, and "v": what predict() is called with.
MATRIX: list[tuple[Any, tuple[Any, Any, Any]]] = [
    (bare, (REFUSED, REFUSED, "v")),
    (needed, (REFUSED, REFUSED, "v")),
    (with_value, ("d", REFUSED, "v")),
    (none, (None, None, "v")),
    (plain_none, (None, None, "v")),
    (optional, (None, None, "v")),
    (optional_described, (None, None, "v")),
    (optional_none, (None, None, "v")),
    (optional_value, ("d", None, "v")),
    (or_none, (None, None, "v")),
]


@pytest.mark.parametrize("given", [0, 1, 2], ids=["left out", "null", "given"])
@pytest.mark.parametrize(("predict", "outcomes"), MATRIX, ids=[predict.__name__ for predict, _ in MATRIX])
def test_what_may_be_left_out_or_null_is_said_and_done(
    predict: Any, outcomes: tuple[Any, Any, Any], given: int
) -> None:
    # cases 85 and 86, D56
    signature = inspect_cog(predict)
    values: dict[str, Any] = [{}, {"x": None}, {"x": "v"}][given]
    expected = outcomes[given]
    assert jsonschema_rs.is_valid(schemas(signature)["input"], values) == (expected is not REFUSED)
    if expected is REFUSED:
        with pytest.raises(InputError):
            decode_input(signature, values, no_file)
    else:
        assert decode_input(signature, values, no_file).kwargs == {"x": expected}


def no_file(*_: Any) -> Any:
    raise AssertionError


@pytest.mark.parametrize("kind", [cog.Secret, cog.Path, cog.File, int, float, bool, list[str], dict, Any])
def test_whatever_its_type_a_default_of_none_may_be_left_out_and_be_null(kind: Any) -> None:
    def predict(x: Any = NONE) -> str:
        return str(x)

    predict.__annotations__["x"] = kind
    signature = inspect_cog(predict)
    written = schemas(signature)["input"]
    assert "required" not in written
    for values in ({}, {"x": None}):
        assert jsonschema_rs.is_valid(written, values)
        assert decode_input(signature, values, no_file).kwargs == {"x": None}


@pytest.mark.parametrize("given", ["data:text/plain,hello", "https://example.org/a.txt"])
def test_a_file_among_other_types_is_fetched_and_opened_once(given: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hello")
    fetched: list[str] = []

    def fetch(text: str, _: Any) -> fields.File:
        fetched.append(text)
        return fields.File(tmp_path / "a.txt")

    def predict(x: Union[cog.File, str, int], y: Union[cog.Secret, int], z: Union[cog.Path, list[str]]) -> str:
        return str((x, y, z))

    arguments = decode_input(inspect_cog(predict), {"x": given, "y": "s", "z": given}, fetch).kwargs
    with arguments["x"] as opened:
        assert opened.read() == b"hello"
    assert (type(arguments["y"]), arguments["y"].get_secret_value()) == (cog.Secret, "s")
    assert (type(arguments["z"]), arguments["z"].read_text()) == (cog.Path, "hello")
    assert fetched == [given, given]
    assert decode_input(inspect_cog(predict), {"x": "text", "y": 1, "z": ["a"]}, fetch).kwargs["x"] == "text"
