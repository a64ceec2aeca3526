"""The table of transitions is the one that the decisions describe."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.domain.prediction import ACTIVE, QUEUED, TERMINAL, TRANSITIONS, Status, sources

ORDER = {Status.PENDING: 0, Status.STARTING: 1, Status.STARTED: 2}


def test_every_status_is_either_active_or_terminal() -> None:
    assert set(ACTIVE) | set(TERMINAL) == set(Status)
    assert not set(ACTIVE) & set(TERMINAL)
    assert set(TRANSITIONS) == set(Status)


@pytest.mark.parametrize("status", TERMINAL)
def test_nothing_follows_a_terminal_state(status: Status) -> None:
    assert TRANSITIONS[status] == frozenset()


def test_the_only_way_backwards_is_being_given_back() -> None:
    backwards = {
        (status, target)
        for status in ACTIVE
        for target in TRANSITIONS[status]
        if target in ORDER and ORDER[target] <= ORDER[status]
    }
    assert backwards == {(Status.STARTING, Status.PENDING), (Status.STARTED, Status.PENDING)}


def test_only_a_queued_prediction_can_begin_to_start_or_to_run() -> None:
    assert sources(Status.STARTING) == (Status.PENDING,)
    assert sources(Status.STARTED) == QUEUED


@pytest.mark.parametrize("status", TERMINAL)
def test_every_active_state_can_end_in_every_way(status: Status) -> None:
    assert sources(status) == ACTIVE


@given(st.lists(st.sampled_from(list(Status)), max_size=30))
def test_any_walk_that_the_table_allows_ends_at_its_first_terminal_state(wishes: list[Status]) -> None:
    status = Status.PENDING
    visited = [status]
    for wish in wishes:
        if wish in TRANSITIONS[status]:
            status = wish
            visited.append(status)
    assert all(one in ACTIVE for one in visited[:-1])
