"""What a mask finds in a text, and what it leaves."""

from __future__ import annotations

import base64
import json
import time
from html import escape
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.domain.logline import LINE_LIMIT
from augury.domain.mask import RECENT, SHORTEST, STARS, Mask
from augury.domain.prediction import external

SECRET = 'tok-9f"\\é 7%/+ü-0123456789'
KEY = "-----BEGIN KEY-----\n" + "\n".join(f"MIIE{n}" + "vQ" * 30 for n in range(5)) + "\n-----END KEY-----\n"


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        repr(SECRET),
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        json.dumps({"a": [SECRET]}),
        quote(SECRET),
        str(SECRET.encode()),
        escape(SECRET),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(SECRET.encode()).decode(),
        f"https://user:{quote(SECRET, safe='')}@host/?key={quote_plus(SECRET)}&key={SECRET}",
    ],
)
def test_a_value_is_found_however_it_is_written(written: str) -> None:
    masked = Mask([SECRET]).text(f"<{written}>")
    assert STARS in masked
    assert "0123456789" not in masked
    assert masked.startswith("<")
    assert masked.endswith(">")


def test_a_value_of_several_lines_is_found_line_by_line_and_as_a_whole() -> None:
    mask = Mask([KEY])
    for line in KEY.splitlines():
        assert mask.text(f"  {line}").strip() == STARS
    assert "vQvQ" not in mask.text(repr(KEY))
    assert "vQvQ" not in mask.text(json.dumps({"key": KEY}))
    assert "vQvQ" not in mask.text(" ".join(KEY.split()))


def test_the_beginning_and_the_end_of_a_long_value_are_found_alone() -> None:
    value = "sk-live-" + "0123456789abcdef" * 4
    mask = Mask([value])
    assert mask.text(f"input_value='{value[:24]}...{value[-24:]}'") == f"input_value='{STARS}...{STARS}'"
    assert mask.text(value[:15]) == value[:15]


@pytest.mark.parametrize("mark", ["… [line cut]", "…"])
@pytest.mark.parametrize("length", [SHORTEST, 9, 15])
def test_what_a_cut_left_of_a_value_is_masked(mark: str, length: int) -> None:
    value = "correct-horse-battery-staple"
    assert Mask([value]).text(f"x {value[:length]}{mark}") == f"x {STARS}{mark}"
    assert Mask([value]).text(f"x {value[:length]}") == f"x {value[:length]}"
    line = "x" * LINE_LIMIT
    assert Mask([value]).text(line[:-length] + value[:length]).endswith(f"x{STARS}")


def test_overlapping_values_leave_nothing_of_either() -> None:
    assert Mask(["abcdef", "defghi"]).text("<abcdefghi>") == f"<{STARS}>"
    assert Mask(["abcd", "abcdefgh"]).text("<abcdefgh abcd>") == f"<{STARS} {STARS}>"
    assert Mask(["abab"]).text("<ababab>") == f"<{STARS}>"
    periodic = "ab" * 20 + "_SECRET"
    assert Mask([periodic]).text(f"ab{periodic}!") == f"{STARS}!"


@given(st.lists(st.text(min_size=SHORTEST, max_size=60), min_size=1, max_size=4), st.data())
def test_no_value_is_left_anywhere(values: list[str], data: st.DataObject) -> None:
    pieces = st.one_of(st.sampled_from(values), st.text(max_size=10))
    text = "".join(data.draw(st.lists(pieces, max_size=8)))
    masked = Mask(values).text(text)
    for value in values:
        stars = value.replace("*", "")
        assert not stars or value not in masked.replace(STARS, "\0")
    if not any(value in text for value in values) and masked == text:
        assert Mask(values).text(text) is text


@pytest.mark.parametrize("values", [[], ["", "abc"], ["a\nb"]])
def test_what_is_too_short_or_not_there_changes_nothing(values: list[str]) -> None:
    mask = Mask(values)
    text = "abc a b"
    assert mask.text(text) is text
    failure = external("abc", logs=["abc"])
    assert mask.failure(failure) is failure


def test_everything_in_a_failure_is_masked_and_one_without_secrets_stays_the_same() -> None:
    mask = Mask(["hunter2"])
    masked = mask.failure(external("bad hunter2", type="x", logs=["a", {"hunter2": ["hunter2", 1, None, True]}]))
    assert masked.message == f"bad {STARS}"
    assert masked.detail == {"type": "x", "logs": ["a", {STARS: [STARS, 1, None, True]}]}
    assert mask.failure(masked) is masked


def test_what_was_added_is_forgotten_some_time_after_its_end_and_what_is_fixed_never() -> None:
    mask = Mask(["fixed-value"])
    for number in range(2 * RECENT):
        mask.add(f"run {number}", [f"value of {number:03}"])
        if number != 5:
            mask.ended(f"run {number}")
    mask.ended("unknown")
    found = [number for number in range(2 * RECENT) if mask.text(f"<value of {number:03}>") == f"<{STARS}>"]
    assert found == [5, *range(RECENT + 1, 2 * RECENT)]
    assert mask.text("fixed-value") == STARS


def test_values_with_many_lines_are_forgotten_sooner_but_never_while_their_run_lasts() -> None:
    mask = Mask()
    lines = ["\n".join(f"line {number} of value {value}" for number in range(400)) for value in range(30)]
    for number, value in enumerate(lines):
        mask.add(f"run {number}", [value])
        if number != 3:
            mask.ended(f"run {number}")
    assert mask.text("line 399 of value 3") == mask.text("line 399 of value 29") == STARS
    assert mask.text("line 399 of value 0") == "line 399 of value 0"


def test_of_many_lines_the_short_ones_are_not_looked_for() -> None:
    mask = Mask(["true\n" * 300 + "a line that is long enough"])
    assert mask.text("true: a line that is long enough").replace(" ", "") == f"true:{STARS}"


def test_a_line_made_to_be_slow_is_masked_quickly() -> None:
    began = time.perf_counter()
    assert Mask(["a" * 32_000]).text("a" * LINE_LIMIT) == STARS
    assert Mask(["ab" * 16_000]).text("ab" * (LINE_LIMIT // 2)) == STARS
    assert time.perf_counter() - began < 2
