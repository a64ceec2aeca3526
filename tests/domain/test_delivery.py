"""When a delivery is tried again, when it is given up, and what takes its place."""

from __future__ import annotations

import pytest

from augury.domain.delivery import ATTEMPTS, Answer, State, after, delay, gives_way, retried


@pytest.mark.parametrize("code", [200, 201, 202, 204, 299])
def test_whatever_says_yes_is_delivered(code: int) -> None:
    assert after(1, Answer(code), lambda: 0.5) == (State.DELIVERED, None)


@pytest.mark.parametrize("code", [None, 100, 199, 300, 301, 302, 304, 307, 308, 408, 429, 500, 502, 503, 504, 599, 999])
def test_what_may_pass_is_tried_again_and_so_is_a_redirect(code: int | None) -> None:
    assert retried(code)
    assert after(1, Answer(code), lambda: 0.5) == (State.DUE, 1.0)


@pytest.mark.parametrize("code", [400, 401, 403, 404, 405, 410, 413, 422, 451, 499])
def test_what_says_no_stops_at_once(code: int) -> None:
    assert after(1, Answer(code), lambda: 0.5) == (State.FAILED, None)


def test_the_delay_doubles_up_to_an_hour() -> None:
    delays = [delay(attempt, lambda: 0.5) for attempt in range(1, ATTEMPTS)]

    assert delays[:12] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048]
    assert delays[12:] == [3600, 3600]


@pytest.mark.parametrize("attempt", [1, 5, 13, 15, 1_000_000])
def test_the_delay_is_spread_and_never_longer_than_an_hour(attempt: int) -> None:
    usual = min(2.0 ** (min(attempt, 100) - 1), 3600)

    assert delay(attempt, lambda: 0.0) == 0.75 * usual
    assert delay(attempt, lambda: 0.999999) <= min(1.25 * usual, 3600)


def test_the_fifteenth_attempt_is_the_last() -> None:
    assert after(ATTEMPTS - 1, Answer(500), lambda: 0.5)[0] is State.DUE
    assert after(ATTEMPTS, Answer(500), lambda: 0.5) == (State.FAILED, None)
    assert after(ATTEMPTS, Answer(200), lambda: 0.5) == (State.DELIVERED, None)


@pytest.mark.parametrize("code", [429, 503])
def test_a_receiver_may_ask_for_more_time_but_not_for_less_and_not_for_more_than_an_hour(code: int) -> None:
    def wait(asked: float) -> float | None:
        return after(1, Answer(code, retry_after=asked), lambda: 0.5)[1]

    assert (wait(30), wait(0), wait(1e9)) == (30, 1, 3600)


def test_only_who_is_overloaded_is_asked_for_when() -> None:
    assert after(1, Answer(500, retry_after=30), lambda: 0.5) == (State.DUE, 1.0)


def test_what_failed_or_waited_for_over_a_second_gives_way_to_something_newer() -> None:
    now = 10_000_000

    assert gives_way(attempts=1, changed_at=now, now=now)
    assert gives_way(attempts=0, changed_at=now - 1_000_001, now=now)
    assert not gives_way(attempts=0, changed_at=now - 1_000_000, now=now)
