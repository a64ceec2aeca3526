"""Callers and engines do anything in any order, and several at once: all that comes of it is what a model says.

Steps are chosen by hypothesis. Those that are done together must have answered, and left the store, as if they had
come one after the other in some order. `pytest --hypothesis-profile=thorough` looks for longer, at new lives each time.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import anyio
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from sqlalchemy import delete

from augury.domain.ids import NodeId, PredictionId, WorkerId
from augury.domain.prediction import TRANSITIONS, Assignment, Prediction, Status
from augury.service.execution import Execution
from augury.service.fleet import Fleet
from augury.service.gate import Gate
from augury.service.hints import Hints
from augury.service.offers import Offers
from augury.service.predictions import Predictions
from augury.service.settled import Settled
from augury.store import tables
from augury.store.connection import Connection
from augury.store.database import Database
from tests.service import lives
from tests.service.house import House, opened
from tests.service.lives import SECOND, Model, Step, World
from tests.support.sealing import VAULT
from tests.support.signals import until

T = TypeVar("T")

LEASE = 10.0
THOROUGH = settings.get_current_profile_name() == "thorough"
pytestmark = pytest.mark.timeout(3600 if THOROUGH else 90)  # half a minute alone on a busy machine

KINDS = (
    *("create",) * 4,
    *("claim",) * 4,
    *("start",) * 4,
    *("finish",) * 3,
    *("hand back",) * 3,
    *("cancel",) * 3,
    *("expire",) * 2,
    "fail queued",
    "mark starting",
    "rescue",
)
PICKERS = ("claim", "fail queued", "mark starting", "rescue")
Wish = tuple[str, int, int]
"""A kind of step, and two numbers that choose among what there is."""
WISHES = st.tuples(st.sampled_from(KINDS), st.integers(0, 11), st.integers(0, 11))


@dataclass
class StoppedClock:
    """Stands still until it is told to go on."""

    time: int = 1_700_000_000 * SECOND

    def now(self) -> int:
        return self.time


@dataclass
class Stage:
    """A world on a real database, and the thread in which its event loop runs."""

    portal: BlockingPortal
    house: House
    clock: StoppedClock
    fleet: Fleet
    world: World
    passing: bool
    """Whether the database lets transactions pass each other."""

    @property
    def db(self) -> Database:
        return self.house.db

    def run(self, call: Callable[[], Awaitable[T]]) -> T:
        return self.portal.call(call)

    def clear(self) -> None:
        """An empty installation again."""

        def empty(c: Connection) -> None:
            for table in (tables.predictions, tables.idempotency_keys, tables.workers, tables.nodes):
                c.execute(delete(table))

        self.run(partial(self.db.write, empty))
        self.world.offered, self.world.taken = None, 0
        self.world.returned.clear()
        self.house.heard.clear()

    def stored(self) -> dict[PredictionId, Prediction]:
        """Every prediction, as its owner sees it in the list."""
        page = self.run(partial(self.world.predictions.page, self.world.caller, cursor=None, page_size=1000))
        return {one.id: one for one in page.items}


class Lives(RuleBasedStateMachine):
    """What two engines and their callers do."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.stage = stage
        stage.clear()
        self.model = Model(stage.clock.time)
        self.assigned: list[Assignment] = []
        """Every assignment ever made: what is late comes back, too."""
        self.rows: dict[PredictionId, Prediction] = {}
        self.handed = 0
        self.hired = 0
        self._hire()
        self._hire()

    @rule(wish=WISHES)
    def one(self, wish: Wish) -> None:
        self._do([wish])

    @rule(wishes=st.lists(WISHES, min_size=2, max_size=4))
    def several_at_once(self, wishes: list[Wish]) -> None:
        if self.stage.passing:
            # What another has locked is passed over: two that pick from the queue may pick otherwise than in any order.
            pickers = [one for one in wishes if one[0] in PICKERS]
            wishes = [one for one in wishes if one[0] not in PICKERS] + pickers[:1]
        if any(one[0] in ("fail queued", "rescue") for one in wishes):
            # Deadlines are seen to one by one, so what ends many at once may come between.
            wishes = [one for one in wishes if one[0] != "expire"]
        self._do(wishes)

    @rule(
        which=st.integers(0, 11),
        kinds=st.lists(st.sampled_from(("start", "finish", "hand back", "cancel", "expire")), min_size=2, max_size=4),
        number=st.integers(0, 11),
    )
    def several_at_one_prediction(self, which: int, kinds: list[str], number: int) -> None:
        if not self.assigned:
            return
        one = self._assignment(which)
        at = sorted(self.model.known).index(one.prediction.id)
        self._act([self._step((kind, at, number + n), one) for n, kind in enumerate(kinds)])

    @rule(halves=st.integers(1, 9), silent=st.integers(-8, 3))
    def time_passes(self, halves: int, silent: int) -> None:
        """Every node prolongs its lease, but for a silent one."""
        self.stage.clock.time += halves * SECOND // 2
        self.model.now = self.stage.clock.time
        for number, node in enumerate(sorted(self.model.leases)):
            if number != silent:
                alive = self.stage.run(partial(self.stage.fleet.beat, node))
                assert alive, "nobody gives up a node that beats"
                self.model.leases[node] = self.model.now + int(LEASE * SECOND)

    def teardown(self) -> None:
        ended = {one for one, known in self.model.known.items() if known.over and not self._born_dead(one)}
        until(lambda: ended <= self._heard(), "whoever waits is told of every end")
        assert len(self.stage.world.returned) == self.stage.world.taken, "each place is used or released, once"
        super().teardown()

    def _do(self, wishes: list[Wish]) -> None:
        self._act([step for step in map(self._step, wishes) if step is not None])

    def _act(self, steps: list[Step | None]) -> None:
        given = [step for step in steps if step is not None]
        results: list[object] = [None] * len(given)

        async def act(at: int) -> None:
            results[at] = await given[at].act(self.stage.world)

        async def act_all() -> None:
            async with anyio.create_task_group() as tasks:
                for at in range(len(given)):
                    tasks.start_soon(act, at)

        self.stage.run(act_all)
        stored = self.stage.stored()
        model = lives.explain(self.model, given, results, partial(_agrees, stored))
        assert model is not None, _difference(self.model, given, results, stored)
        self.model = model
        self._check(stored, len(given))
        claimed = [one for step, result in zip(given, results, strict=True) for one in step.assigned(result)]
        handed = [one for one in self.stage.world.returned if one is not None]
        self.assigned += [*claimed, *handed[self.handed :]]
        self.handed = len(handed)
        while len(self.model.leases) < 2:
            self._hire()

    def _check(self, stored: dict[PredictionId, Prediction], steps: int) -> None:
        for one, before in self.rows.items():
            after = stored[one]
            assert after.status in _reachable(before.status, steps)
            assert not before.finished or after == before, "what has ended never changes again"
            assert after.attempt >= before.attempt
            assert after.given_back <= lives.GIVE_BACKS
        self.rows = stored

    def _step(self, wish: Wish, given: Assignment | None = None) -> Step | None:
        kind, which, number = wish
        now = self.stage.clock.time
        workers = sorted(self.model.workers)
        if kind == "create":
            keys, bodies = (None, None, None, "a", "b"), ("right", "right", "other", "wrong")
            return lives.Create(
                key=keys[which % 5],
                body=bodies[number % 4],
                life=number if which % 4 == 1 and number else None,
                hasty=which % 3 == 2,
                worker=workers[number % len(workers)] if which % 2 else None,
            )
        if kind == "claim":
            return lives.Claim(workers[which % len(workers)], 1 + number % 3)
        if kind == "rescue":
            nodes = [None, *sorted(self.model.leases)]
            return lives.Rescue(nodes[which % len(nodes)])
        if kind == "cancel":
            ids = sorted(self.model.known)
            return lives.Cancel(ids[which % len(ids)] if given else ids[-1 - which % len(ids)]) if ids else None
        if kind in ("start", "finish", "hand back"):
            one = given or (self._assignment(which) if self.assigned else None)
            return None if one is None else self._of_engine(kind, one, number)
        fixed: dict[str, Step] = {"expire": lives.Expire(), "fail queued": lives.FailQueued()}
        assert now == self.model.now
        return fixed.get(kind) or lives.MarkStarting(1 + number % 3)

    def _of_engine(self, kind: str, one: Assignment, number: int) -> Step:
        now = self.stage.clock.time
        if kind == "start":
            return lives.Start(one, now)
        if kind == "finish":
            return lives.Finish(one, (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED)[number % 3], now)
        return lives.HandBack(one, counted=number % 2 == 0)

    def _assignment(self, which: int) -> Assignment:
        """Mostly one that may still count."""
        return self.assigned[-1 - which % len(self.assigned)]

    def _hire(self) -> None:
        """A node with two workers joins."""
        self.hired += 1
        node = NodeId(f"node-{self.hired:03}")
        self.stage.run(partial(self.stage.fleet.join, node, "here", self.hired))
        self.model.leases[node] = self.model.now + int(LEASE * SECOND)
        for number in range(2):
            worker = WorkerId(f"worker-{self.hired:03}-{number}")
            self.stage.run(partial(self.stage.fleet.worker_starts, worker, node, self.stage.world.version_id, 1, 4))
            self.model.workers[worker] = node

    def _heard(self) -> set[str]:
        return {topic.removeprefix("prediction:") for topic in self.stage.house.heard}

    def _born_dead(self, one: PredictionId) -> bool:
        """Whether it had ended when it was stored: who made it was told so in the answer."""
        row = self.rows[one]
        return row.attempt == 0 and row.finished_at == row.created_at


def _agrees(stored: dict[PredictionId, Prediction], model: Model) -> bool:
    if stored.keys() != model.known.keys():
        return False
    for one, known in model.known.items():
        row = stored[one]
        if (row.status, row.attempt, row.given_back) != (known.status, known.attempt, known.given_back):
            return False
        marked = row.cancel_requested_at is not None
        if not known.over and (row.worker_id, marked) != (known.worker, known.cancel):
            return False
    return True


def _difference(before: Model, steps: list[Step], results: list[object], stored: dict[PredictionId, Prediction]) -> str:
    lines = [f"no order explains {_short(results)}", *(f"  of {_short(step)}" for step in steps)]
    lines += [f"at {before.now} with leases {before.leases}"]
    for one, row in stored.items():
        known = before.known.get(one)
        fields = (row.status, row.worker_id, row.attempt, row.given_back, row.cancel_requested_at, row.deadline)
        if known is None or not known.over or known.status is not row.status:
            lines.append(f"  {one}: {known} became {fields}")
    return "\n".join(lines)


def _short(value: object) -> str:
    """With an assignment as its prediction, worker and attempt."""
    return re.sub(
        r"Assignment\(prediction=Prediction\(id='([^']*)'.*?worker_id='([^']*)', attempt=(\d+).*?\), input={.*?}\)",
        r"(\1 \2 \3)",
        str(value),
    )


def _reachable(status: Status, steps: int) -> set[Status]:
    reached = {status}
    for _ in range(steps):
        reached |= {target for one in reached for target in TRANSITIONS[one]}
    return reached


@contextmanager
def _stage(url: str, folder: Path) -> Generator[Stage]:
    with (
        start_blocking_portal("asyncio", {"use_uvloop": True}) as portal,
        portal.wrap_async_context_manager(opened(url, folder)) as house,
    ):
        caller = portal.call(house.account, "ada")
        portal.call(house.model, caller, "echo")
        version = portal.call(house.version, caller, "echo")
        clock, hints, settled, offers = StoppedClock(), Hints(house.notifier), Settled(), Offers()
        predictions = Predictions(
            db=house.db,
            hints=hints,
            models=house.models,
            offers=offers,
            settled=settled,
            ids=house.ids,
            gate=Gate(),
            now=clock.now,
            vault=VAULT,
        )
        world = World(
            caller=caller,
            reference="ada/echo",
            version_id=version.id,
            predictions=predictions,
            hasty=replace(predictions, start_timeout=lives.START_LIMIT),
            execution=Execution(house.db, hints, settled, clock.now, VAULT, lives.GIVE_BACKS),
        )
        offers.open(version.id, world.take)
        yield Stage(
            portal, house, clock, Fleet(house.db, clock.now, LEASE), world, passing=url.startswith("postgresql")
        )


def _look(stage: Stage, lives_to_live: int) -> None:
    class Here(Lives):
        def __init__(self) -> None:
            super().__init__(stage)

    few = settings(max_examples=lives_to_live, stateful_step_count=60, derandomize=True, phases=[Phase.generate])
    chosen = settings() if THOROUGH else few
    if stage.passing:
        # What depends on which transaction came first is not there again for making it smaller.
        chosen = settings(chosen, phases=[Phase.generate])
    slowly = settings(chosen, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
    run_state_machine_as_test(Here, settings=slowly)


def test_whatever_callers_and_engines_do_at_once_is_as_if_one_had_come_after_the_other(
    migrated_sqlite_url: str, tmp_path: Path
) -> None:
    with _stage(migrated_sqlite_url, tmp_path) as stage:
        _look(stage, 100)


def test_the_same_is_true_where_transactions_pass_each_other(migrated_postgres_url: str, tmp_path: Path) -> None:
    with _stage(migrated_postgres_url, tmp_path) as stage:
        _look(stage, 30)
