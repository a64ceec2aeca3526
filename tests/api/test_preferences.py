"""Request headers, read one by one (D5, D12, D19)."""

from __future__ import annotations

import pytest

from augury.domain.errors import InvalidRequest
from augury.http import preferences


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ([], None),
        ([b"wait"], 45),
        ([b"Wait"], 45),
        ([b"wait="], 45),
        ([b'wait=""'], 45),
        ([b"wait=10"], 10),
        ([b"wait=10.0"], 10),
        ([b"wait=0.5"], 0.5),
        ([b"wait=.5"], 0.5),
        ([b"wait=1e1"], 10),
        ([b'wait="10"'], 10),
        ([b"wait = 10"], 10),
        ([b"wait=10; unit=s"], 10),
        ([b"wait;unit=s"], 45),
        ([b"wait=0"], 0),
        ([b"wait=1e9"], 60),
        ([b"wait=61"], 60),
        ([b"respond-async, wait=10"], 10),
        ([b"respond-async", b"wait=10"], 10),
        ([b"wait=10, wait=20"], 10),
        ([b"wait=10", b"wait=20"], 10),
        ([b"waiting=10"], None),
        ([b"respond-async"], None),
        ([b"string"], None),
        ([b""], None),
        ([b"wait=abc"], None),
        ([b"wait=-1"], None),
        ([b"wait=nan"], None),
        ([b"wait=inf"], None),
        ([b"wait=-inf"], None),
        ([b"wait=1_0"], None),
        ([b"wait=0x10"], None),
        ([b"wait=1e"], None),
        ([b"wait=10 20"], None),
        ([b"wait=\xb2"], None),
        ([b"wait=1e999"], 60),
    ],
)
def test_prefer_holds_for_what_it_names_within_the_maximum_and_ignores_the_rest(
    headers: list[bytes], seconds: float | None
) -> None:
    assert preferences.wait_seconds(headers, default=45, maximum=60) == seconds


def test_a_bare_wait_is_never_over_the_maximum() -> None:
    assert preferences.wait_seconds([b"wait"], default=45, maximum=30) == 30


@pytest.mark.parametrize(
    ("value", "wanted"), [(None, False), (b"true", True), (b"TRUE", True), (b"false", False), (b" 1 ", True)]
)
def test_validate_input_is_a_word(value: bytes | None, *, wanted: bool) -> None:
    assert preferences.validate_input(value) is wanted


@pytest.mark.parametrize("value", [b"", b"yes please", b"\xff", b"2"])
def test_validate_input_that_is_no_word_is_refused_by_name(value: bytes) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        preferences.validate_input(value)
    assert refusal.value.problems[0].loc == ("header", "Validate-Input")


@pytest.mark.parametrize(("value", "seconds"), [(None, None), (b"1", 1), (b"0.25", 0.25), (b" 3600 ", 3600)])
def test_cancel_after_is_a_number_of_seconds(value: bytes | None, seconds: float | None) -> None:
    assert preferences.cancel_after(value) == seconds


@pytest.mark.parametrize("value", [b"", b"0", b"-1", b"nan", b"inf", b"1e9", b"5m", b"\xff"])
def test_cancel_after_that_cannot_be_kept_is_refused_by_name(value: bytes) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        preferences.cancel_after(value)
    assert refusal.value.problems[0].loc == ("header", "Cancel-After")


@pytest.mark.parametrize("value", [b"k", b"a b", b"order/17", b"~" * 255])
def test_an_idempotency_key_is_printable_text(value: bytes) -> None:
    assert preferences.idempotency_key(value) == value.decode()


@pytest.mark.parametrize("value", [b"", b" ", b"~" * 256, b"a\tb", "schlüssel".encode(), b"a\x00b"])
def test_an_idempotency_key_that_is_not_is_refused_by_name(value: bytes) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        preferences.idempotency_key(value)
    assert refusal.value.problems[0].loc == ("header", "Idempotency-Key")
