"""Sizes and durations as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.quantities import (
    Rate,
    Share,
    parse_bytes,
    parse_rates,
    parse_seconds,
    parse_share,
    show_bytes,
    show_seconds,
)


@pytest.mark.parametrize(
    ("text", "size"), [("32MiB", 2**25), ("1.5 GB", 1_500_000_000), ("10", 10), ("2k", 2048), ("1 kb", 1000), ("7B", 7)]
)
def test_sizes_are_read_as_people_write_them(text: str, size: int) -> None:
    assert parse_bytes(text) == size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("0.5", 0.5), ("500ms", 0.5), ("5m", 300), ("1h30m", 5400), ("1h 30m", 5400), ("2d", 172800)],
)  # fmt: skip
def test_durations_are_read_as_people_write_them(text: str, seconds: float) -> None:
    assert parse_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "m5", "5m5", "1e3", "-5", "5 m x", "٣m4"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="should be a duration"):
        parse_seconds(text)


@pytest.mark.parametrize("text", ["", "MiB", "5 apples", "-5", "1e6", "5MiB5", "nan", "1,5GB"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="should be a size"):
        parse_bytes(text)


@pytest.mark.parametrize("parse", [parse_bytes, parse_seconds])
def test_a_yes_or_no_is_no_quantity(parse: type) -> None:
    with pytest.raises(ValueError, match="not a yes or no"):
        parse(True)


@given(st.integers(1, 2**50))
def test_a_size_is_read_back_as_it_is_shown(size: int) -> None:
    assert parse_bytes(show_bytes(size)) == size


@given(st.integers(0, 10**9))
def test_a_duration_is_read_back_as_it_is_shown(seconds: int) -> None:
    assert parse_seconds(show_seconds(seconds)) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (0.25, "0.25s"), (60, "60s"), (90, "90s"), (120, "2m"), (172800, "2d")],
)
def test_durations_are_shown_as_people_write_them(seconds: float, text: str) -> None:
    assert show_seconds(seconds) == text


def test_rates_are_read_as_they_are_shown() -> None:
    names = ("read", "write")
    read = parse_rates("read=3/s burst 10,  write = 100/m", names)
    assert read == (Rate("read", 3, 1.0, 10), Rate("write", 100, 60.0, 100))
    assert read[0].interval == pytest.approx(1 / 3)
    assert parse_rates(",".join(map(str, read)), names) == read
    assert parse_rates("", names) == ()


@pytest.mark.parametrize(
    "text", ["read", "read=3", "read=0/s", "read=3/s burst 0", "read=-1/s", "read=3/w", "all=3/s", "read=1/s,read=2/s"]
)
def test_what_is_no_rate_is_refused_with_what_would_do(text: str) -> None:
    with pytest.raises(ValueError, match=r"should be|twice"):
        parse_rates(text, ("read", "write"))


def test_shares_of_a_machine_are_read_as_they_are_shown() -> None:
    small = parse_share("cpu-small: cpus=1 ram=2GiB")
    assert small == Share("cpu-small", cpus=1, ram=2 << 30)
    assert parse_share(str(small)) == small
    assert parse_share("one: gpu=gpu-h100") == Share("one", gpus=1, gpu="gpu-h100")


@pytest.mark.parametrize(
    "text",
    ["small", "small:", "Small: cpus=1", "s: cpus=x", "s: cpus=1 cpus=2", "s: disk=1", "s: ram=lots", "s: cpus=0"],
)
def test_what_is_no_share_is_refused_with_what_would_do(text: str) -> None:
    with pytest.raises(ValueError, match="should"):
        parse_share(text)
