"""How many workers, and which one goes: by demand, within bounds, never a busy one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from augury.domain.scaling import FAIR_SECONDS, Demand, Holder, backoff, evictable, wanted, yielding

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
    idle = [Holder("young", 30.0, True), Holder("oldest", 10.0, False), Holder("old", 20.0, True)]
    assert evictable(idle) == "old"
    assert evictable([Holder("kept", 1.0, False)]) is None
    assert evictable(list[Holder[str]]()) is None


def test_a_busy_worker_goes_only_for_a_version_that_has_waited_and_the_one_longest_in_its_place() -> None:
    busy = [Holder("new", 5.0, True), Holder("old", 1.0, True), Holder("needed", 0.0, False)]

    assert yielding(busy, FAIR_SECONDS - 0.1) is None
    assert yielding(busy, FAIR_SECONDS) == "old"
    assert yielding(busy[2:], FAIR_SECONDS) is None
