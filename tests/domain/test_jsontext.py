"""JSON goes in and out exactly, or not at all."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.domain import jsontext
from augury.domain.jsontext import InvalidJson, JsonValue

VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(VALUES)
def test_a_value_comes_back_as_it_was(value: JsonValue) -> None:
    assert jsontext.loads(jsontext.dumps(value)) == value


@given(st.integers(min_value=10**17) | st.integers(max_value=-(10**17)))
def test_integers_of_any_size_stay_exact(value: int) -> None:
    assert jsontext.loads(json.dumps({"n": value})) == {"n": value}
    assert jsontext.dumps({"n": value}) == f'{{"n":{value}}}'


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        "Infinity",
        "-Infinity",
        "1e999",
        '{"a": 1e999, "b": 1234567890123456789012}',
        '"\\ud800"',
        '{"n": 12345678901234567890, "s": "\\ud800"}',
        "{",
        "",
        "[1,]",
        "[" * 5000 + "]" * 5000,
    ],
)
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(InvalidJson):
        jsontext.loads(text)


def test_bytes_that_are_no_utf_8_are_refused() -> None:
    with pytest.raises(InvalidJson):
        jsontext.loads(b'"\xff\xfe"')


def test_a_lone_surrogate_in_a_string_is_refused_both_ways() -> None:
    with pytest.raises(InvalidJson):
        jsontext.loads('"\ud800"')
    with pytest.raises(InvalidJson):
        jsontext.dumps({"s": "\ud800"})
