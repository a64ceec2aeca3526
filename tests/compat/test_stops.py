"""Where a text is cut: at the stop string that is complete first, however the text is divided."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.compat.stops import LONGEST, Cutter, cut


@pytest.mark.parametrize(
    ("stops", "text", "left", "found"),
    [
        (["END"], "one END two", "one ", "END"),
        (["END"], "one EN", "one EN", None),
        (["END"], "ENEND", "EN", "END"),
        (["\n\n"], "a\n\n\nb", "a", "\n\n"),
        (["bc", "abcd"], "abcd", "a", "bc"),
        (["bcd", "abcd"], "abcd", "", "abcd"),
        (["aab"], "aaab", "a", "aab"),
        (["END", ""], "END", "", "END"),
        ([], "END", "END", None),
        (["😀"], "a😀b", "a", "😀"),
    ],
)
def test_a_text_ends_before_the_stop_string_that_is_complete_first(
    stops: list[str], text: str, left: str, found: str | None
) -> None:
    assert cut(text, stops) == (left, found)


@given(
    st.lists(st.text("ab", min_size=1, max_size=5), max_size=4),
    st.lists(st.text("abc", max_size=6), max_size=12),
)
def test_it_does_not_matter_where_a_text_is_divided(stops: list[str], pieces: list[str]) -> None:
    text = "".join(pieces)
    ends = [(text.find(one) + len(one), text.find(one), one) for one in stops if one in text]
    expected = (text[: min(ends)[1]], min(ends)[2]) if ends else (text, None)
    for divided in (pieces, list(text), [text]):
        cutter = Cutter(stops)
        said = "".join(map(cutter.feed, divided))
        assert (said + cutter.rest(), cutter.found) == expected


def test_what_cannot_become_a_stop_string_is_passed_on_at_once() -> None:
    cutter = Cutter(["stop", "\n"])
    assert [cutter.feed(one) for one in ("a", "b s", "t", "a", "sto", "rm")] == ["a", "b ", "", "sta", "", "storm"]
    assert cutter.feed("st") + "|" + cutter.rest() + "|" + cutter.rest() == "|st|"


def test_nothing_is_passed_on_after_the_end() -> None:
    cutter = Cutter(["x"])
    assert (cutter.feed("ax"), cutter.feed("b"), cutter.rest()) == ("a", "", "")


def test_the_worst_stop_strings_take_little_time() -> None:
    cutter = Cutter(["a" * LONGEST + str(one) for one in range(4)])
    began = time.perf_counter()
    for _ in range(100):
        cutter.feed("a" * LONGEST)
    assert time.perf_counter() - began < 5
