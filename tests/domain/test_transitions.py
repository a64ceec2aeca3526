"""What is true of every life that the table of transitions allows, whichever way it goes."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from augury.domain.prediction import ACTIVE, QUEUED, TERMINAL, TRANSITIONS, Status, sources

STATES = st.sampled_from(list(Status))
ENDS = st.sampled_from(TERMINAL)


@dataclass
class Life:
    """A prediction that makes each change that the table allows, and none other."""

    status: Status = Status.PENDING
    begun: int = 0
    backwards: int = 0
    ends: int = 0

    def wish(self, target: Status) -> bool:
        if target not in TRANSITIONS[self.status]:
            return False
        self.begun += target is Status.STARTED
        self.backwards += target is Status.PENDING
        self.ends += target in TERMINAL
        self.status = target
        return True


@given(st.lists(STATES, max_size=40), ENDS)
def test_every_life_can_end_in_every_way_at_every_moment_and_ends_once(wishes: list[Status], end: Status) -> None:
    life = Life()
    for wish in wishes:
        life.wish(wish)
    ended = life.status in TERMINAL
    assert life.wish(end) != ended
    assert life.ends == 1
    assert not any(life.wish(status) for status in Status), "nothing follows an end"


@given(st.lists(STATES, max_size=60))
def test_between_two_beginnings_it_was_given_back(wishes: list[Status]) -> None:
    life = Life()
    for wish in wishes:
        life.wish(wish)
    assert life.begun <= life.backwards + 1


@given(st.lists(STATES, max_size=60))
def test_without_being_given_back_it_takes_three_changes_at_most(wishes: list[Status]) -> None:
    life = Life()
    changes = sum(life.wish(wish) for wish in wishes if wish is not Status.PENDING)
    assert changes <= 3


@given(STATES, STATES)
def test_where_a_state_comes_from_is_the_table_read_backwards(source: Status, target: Status) -> None:
    assert (source in sources(target)) == (target in TRANSITIONS[source])


@given(STATES)
def test_a_state_is_queued_or_runs_or_is_over(status: Status) -> None:
    kinds = [status in QUEUED, status is Status.STARTED, status in TERMINAL]
    assert kinds.count(True) == 1
    assert (status in ACTIVE) == (status not in TERMINAL)
    assert status not in TRANSITIONS[status], "a change is a change"
