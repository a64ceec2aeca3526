"""Token buckets, against a bucket that counts its tokens the plain way."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from augury.domain.rate import Buckets

steps = st.lists(st.floats(min_value=0.0, max_value=3.0, allow_nan=False), max_size=60)


@given(st.integers(1, 20), st.sampled_from([0.05, 0.25, 1.0, 7.5]), steps)
def test_a_bucket_admits_exactly_what_one_that_counts_its_tokens_does(
    burst: int, interval: float, pauses: list[float]
) -> None:
    buckets = Buckets(interval, burst)
    tokens, now = float(burst), 0.0
    for pause in pauses:
        now += pause
        tokens = min(float(burst), tokens + pause / interval)
        if abs(tokens - round(tokens)) < 1e-3:
            # Where rounding decides, both are right.
            tokens = float(round(tokens)) + 1e-4
        verdict = buckets.spend("key", now)
        assert verdict.allowed == (tokens >= 1 - 1e-3)
        tokens -= verdict.allowed
        assert abs(verdict.remaining - tokens) < 1 + 1e-2
        assert verdict.more_at >= now
        assert 0 <= verdict.remaining <= verdict.limit == burst


@given(st.integers(1, 20), st.sampled_from([0.05, 0.25, 1.0, 7.5]))
def test_whoever_is_refused_is_admitted_at_the_time_that_was_named_and_not_before(burst: int, interval: float) -> None:
    buckets = Buckets(interval, burst)
    admitted = 0
    while (verdict := buckets.spend("key", 100.0)).allowed:
        admitted += 1
    assert admitted == burst
    assert not buckets.spend("key", verdict.more_at - interval / 10).allowed
    assert buckets.spend("key", verdict.more_at).allowed
    assert not buckets.spend("key", verdict.more_at).allowed


def test_each_key_has_its_own_bucket_and_what_is_put_back_is_there_again() -> None:
    buckets = Buckets(1.0, 2)
    assert [buckets.spend("a", 0.0).remaining for _ in range(2)] == [1, 0]
    assert not buckets.spend("a", 0.0).allowed
    assert buckets.spend("b", 0.0).allowed
    buckets.put_back("a")
    assert buckets.look("a", 0.0).remaining == 1
    assert buckets.look("a", 0.0).remaining == 1, "looking takes nothing"
    assert buckets.spend("a", 0.0).allowed


def test_a_refusal_costs_nothing_so_that_whoever_goes_on_asking_is_not_kept_out_for_ever() -> None:
    buckets = Buckets(1.0, 1)
    answers = [buckets.spend("a", number / 10).allowed for number in range(40)]
    assert sum(answers) == 4


def test_buckets_that_are_full_again_are_dropped_as_others_come() -> None:
    buckets = Buckets(0.1, 5)
    for number in range(1000):
        buckets.spend(number, 0.0)
    assert len(buckets) == 1000
    for number in range(1000, 2001):
        buckets.spend(number, 10.0 + number)
    assert len(buckets) < 5


def test_no_number_of_addresses_makes_more_buckets_than_the_most() -> None:
    buckets = Buckets(3600.0, 5, most=100)
    for number in range(10_000):
        buckets.spend(number, number / 1000)
    assert len(buckets) <= 100


def test_what_is_owed_is_paid_for_by_what_comes_later() -> None:
    buckets = Buckets(1.0, 2)
    assert [buckets.owe("a", 0.0).allowed for _ in range(4)] == [True] * 4
    assert buckets.look("a", 0.0).remaining == 0
    assert not buckets.spend("a", 2.9).allowed
    assert buckets.spend("a", 3.0).allowed
