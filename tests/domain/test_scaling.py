"""How many workers, and which one goes: by demand, within bounds, never a busy one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from augury.domain.scaling import Demand, Holder, backoff, fewest, wanted

counts = st.integers(min_value=0, max_value=10_000)


@given(counts, counts, st.integers(1, 64), st.integers(0, 5), st.integers(1, 20))
def test_the_number_of_workers_is_enough_or_the_most_allowed(
    queued: int, running: int, slots: int, least: int, more: int
) -> None:
    most = least + more
    number = wanted(Demand(queued, running, slots), least=least, most=most)
    assert least <= number <= most
    assert number * slots >= queued + running or number == most


def test_no_demand_needs_no_worker() -> None:
    assert wanted(Demand(0, 0, 1), least=0, most=3) == 0


def test_delays_double_up_to_their_limit_and_begin_with_none() -> None:
    assert [backoff(number, first=0.5, most=3.0) for number in range(6)] == [0.0, 0.5, 1.0, 2.0, 3.0, 3.0]


def at_least(number: int) -> Callable[[Sequence[str]], bool]:
    return lambda chosen: len(chosen) >= number


def test_the_worker_idle_the_longest_goes_unless_its_version_needs_it() -> None:
    idle = [Holder("young", 30.0, 1, 1), Holder("oldest", 10.0, 2, 0), Holder("old", 20.0, 3, 1)]
    assert fewest(idle, at_least(1)) == ["old"]
    assert fewest([Holder("kept", 1.0, 1, 0)], at_least(1)) == []
    assert fewest(list[Holder[str]](), at_least(1)) == []


def test_no_worker_goes_where_all_of_them_would_not_be_enough() -> None:
    idle = [Holder("a", 1.0, 1, 1), Holder("b", 2.0, 2, 1)]
    assert fewest(idle, at_least(3)) == []
    assert fewest(idle, at_least(2)) == ["a", "b"]


def test_no_version_gives_more_workers_than_it_can_spare() -> None:
    idle = [Holder("a1", 1.0, 1, 1), Holder("a2", 2.0, 1, 1), Holder("b", 3.0, 2, 1)]
    assert fewest(idle, at_least(2)) == ["a1", "b"]
    assert fewest(idle, at_least(3)) == []


def test_a_worker_whose_end_does_not_help_stays() -> None:
    memory = {"small": 1, "big": 8, "middle": 4}
    idle = [Holder("small", 1.0, 1, 1), Holder("middle", 2.0, 2, 1), Holder("big", 3.0, 3, 1)]
    assert fewest(idle, lambda chosen: sum(memory[one] for one in chosen) >= 8) == ["big"]
    assert fewest(idle, lambda chosen: sum(memory[one] for one in chosen) >= 4) == ["middle"]
