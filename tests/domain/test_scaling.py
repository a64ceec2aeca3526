"""How many workers, and which one goes: by demand, within bounds, never a busy one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from augury.domain.scaling import Demand, Idle, backoff, evictable, wanted

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


def test_the_worker_idle_the_longest_goes_unless_its_version_needs_it() -> None:
    idle = [Idle("young", 30.0, True), Idle("oldest", 10.0, False), Idle("old", 20.0, True)]
    assert evictable(idle) == "old"
    assert evictable([Idle("kept", 1.0, False)]) is None
    assert evictable(list[Idle[str]]()) is None
