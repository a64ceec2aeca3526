"""What runs put out is written by the attempt that counts, all or nothing, and read in order without a gap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import anyio
import pytest

from augury.domain.account import Caller
from augury.domain.entry import Entry, Recorded
from augury.domain.errors import Conflict, Gone, InvalidRequest, NotFound
from augury.domain.event import Event, Kind
from augury.domain.ids import NodeId, WorkerId
from augury.domain.jsontext import JsonText
from augury.domain.logline import Line
from augury.domain.prediction import Assignment, Outcome, Prediction, Status, internal
from augury.service import tails
from augury.service.execution import Execution
from augury.service.followers import Followers
from augury.service.gate import Gate
from augury.service.hints import Hints
from augury.service.offers import Offers
from augury.service.predictions import NewPrediction, Predictions
from augury.service.settled import Settled
from augury.service.streams import StreamFollower, Streams
from augury.service.tails import Tails
from augury.store import events, logbook, removal, workers
from augury.store.database import Database
from tests.service.house import House
from tests.support.sealing import VAULT
from tests.support.signals import until_async

pytestmark = pytest.mark.anyio

WORKER = WorkerId("worker-1")
OTHER = WorkerId("worker-2")
SOON = 5.0


@dataclass
class Desk:
    house: House
    predictions: Predictions
    execution: Execution
    streams: Streams
    version_id: int
    owner: Caller

    @property
    def db(self) -> Database:
        return self.house.db

    async def running(self, caller: Caller, *, stream: bool = True) -> Assignment:
        """A prediction that a worker has."""
        await self.predictions.create(caller, NewPrediction("ada/echo", {"text": "a"}, stream=stream))
        (one,) = await self.execution.claim(self.version_id, WORKER, 1)
        return one

    async def again(self, one: Assignment) -> Assignment:
        """The same prediction, given back and claimed by another worker."""
        await self.execution.hand_back([one], counted=True, reason="lost")
        (found,) = await self.execution.claim(self.version_id, OTHER, 1)
        assert found.prediction.attempt == one.prediction.attempt + 1
        return found

    async def items(self, one: Assignment) -> list[events.Item]:
        return await self.db.read(lambda c: events.after(c, one.prediction.id, 0))

    async def lines(self, one: Assignment) -> list[str]:
        found = await self.db.read(lambda c: logbook.of_runs(c, one.prediction, after=0, limit=99))
        return [f"{line.attempt} {line.text}" for line in found]

    async def now(self, one: Assignment) -> Prediction:
        return await self.predictions.get(self.owner, one.prediction.id)


@pytest.fixture
async def desk(house: House, ada: Caller) -> Desk:
    """A model, two workers, and the services around what they do."""
    await house.model(ada, "echo")
    version = await house.version(ada, "echo")
    hints, settled, kept, followers = Hints(house.notifier), Settled(), Tails(), Followers()
    predictions = Predictions(
        db=house.db,
        hints=hints,
        models=house.models,
        offers=Offers(),
        settled=settled,
        ids=house.ids,
        gate=Gate(),
        now=house.clock.now,
        vault=VAULT,
    )
    for worker_id in (WORKER, OTHER):
        await house.db.write(
            lambda c, worker_id=worker_id: workers.insert_worker(
                c, worker_id, node_id=NodeId("node"), version_id=version.id, revision=1, slots=1, created_at=1, pid=1
            )
        )
    execution = Execution(house.db, hints, settled, house.clock.now, VAULT, 2, tails=kept)
    return Desk(house, predictions, execution, Streams(house.db, hints, kept, followers, predictions), version.id, ada)


def texts(*names: object) -> list[JsonText]:
    return [JsonText(str(name)) for name in names]


def entry(first: int, *names: object, line: str | None = None) -> Entry:
    return Entry(first, texts(*names), [] if line is None else [Line(1, "stdout", line)])


def success(output: str = "[]") -> Outcome:
    return Outcome(Status.SUCCEEDED, 2_000_000_000_000_000, output=JsonText(output))


async def test_what_a_run_puts_out_is_kept_while_it_goes_on(desk: Desk, ada: Caller) -> None:
    one = await desk.running(ada)
    assert await desk.execution.record(one, entry(2, 1, 2, line="hello")) is Recorded.DONE
    assert await desk.execution.record(one, Entry(4, metrics=JsonText('{"progress":0.5}'))) is Recorded.DONE
    assert await desk.execution.record(one, entry(4, 3)) is Recorded.DONE

    assert await desk.items(one) == [(2, "1"), (3, "2"), (4, "3")]
    assert await desk.lines(one) == ["1 hello"]
    assert (await desk.now(one)).metrics == '{"progress":0.5}'


@pytest.mark.parametrize("how", ["given back", "ended", "another attempt"])
async def test_a_run_that_no_longer_counts_writes_nothing(desk: Desk, ada: Caller, how: str) -> None:
    one = await desk.running(ada)
    await desk.execution.record(one, entry(2, 1, line="first"))
    before = one
    if how == "ended":
        await desk.execution.finish(one, success())
    elif how == "given back":
        await desk.execution.hand_back([one], counted=True, reason="lost")
    else:
        one = await desk.again(one)
    late = Entry(3, texts("late"), [Line(1, "stdout", "late")], JsonText('{"late":1}'))

    assert await desk.execution.record(before, late) is Recorded.LOST
    assert await desk.execution.finish(before, success('"late"'), late) is Recorded.LOST
    assert await desk.items(one) == [(2, "1")]
    assert await desk.lines(one) == ["1 first"]
    assert "late" not in repr(await desk.now(one))


async def test_a_second_attempt_that_repeats_the_first_goes_on_where_that_ended(desk: Desk, ada: Caller) -> None:
    first = await desk.running(ada)
    await desk.execution.record(first, entry(2, 1, 2, 3, line="one"))
    second = await desk.again(first)
    assert await desk.execution.record(second, entry(2, 1, line="two")) is Recorded.DONE
    assert await desk.execution.record(second, entry(3, 2, 3, 4)) is Recorded.DONE
    assert await desk.execution.finish(second, replace(success("[1,2,3,4,5]"), items=5), entry(6, 5)) is Recorded.DONE

    assert await desk.items(second) == [(2, "1"), (3, "2"), (4, "3"), (5, "4"), (6, "5")]
    assert await desk.lines(second) == ["1 one", "2 two"]


@pytest.mark.parametrize("end", [False, True])
async def test_a_second_attempt_that_says_something_else_is_told_so_and_nothing_is_written(
    desk: Desk, ada: Caller, end: bool
) -> None:
    first = await desk.running(ada)
    await desk.execution.record(first, entry(2, 1, 2, 3))
    second = await desk.again(first)
    other = Entry(2, texts(1, 9, 3, 4), [Line(1, "stdout", "two")], JsonText('{"n":1}'))
    recorded = (
        desk.execution.finish(second, replace(success(), items=4), other)
        if end
        else desk.execution.record(second, other)
    )

    assert await recorded is Recorded.DIVERGED
    assert await desk.items(second) == [(2, "1"), (3, "2"), (4, "3")]
    assert await desk.lines(second) == []
    now = await desk.now(second)
    assert (now.finished, now.output, now.metrics) == (False, None, None)


async def test_a_second_attempt_that_ends_before_it_has_said_everything_again_is_told_so(
    desk: Desk, ada: Caller
) -> None:
    first = await desk.running(ada)
    await desk.execution.record(first, entry(2, 1, 2, 3))
    second = await desk.again(first)
    short = replace(success("[1,2]"), items=2)

    assert await desk.execution.finish(second, short, entry(2, 1, 2)) is Recorded.DIVERGED
    assert not (await desk.now(second)).finished
    assert await desk.execution.finish(second, replace(success("[1,2,3]"), items=3), entry(2, 1, 2, 3)) is Recorded.DONE
    assert await desk.items(second) == [(2, "1"), (3, "2"), (4, "3")]


async def test_many_big_items_are_compared_with_those_of_the_first_attempt_whole(desk: Desk, ada: Caller) -> None:
    first = await desk.running(ada)
    big = [JsonText('"' + str(n) * 400_000 + '"') for n in range(9)]
    await desk.execution.record(first, Entry(2, big))
    second = await desk.again(first)

    assert await desk.execution.record(second, Entry(2, [*big[:8], JsonText('"x"')])) is Recorded.DIVERGED
    assert await desk.execution.record(second, Entry(2, [*big, *texts("1")])) is Recorded.DONE
    assert await desk.db.read(lambda c: events.last_number(c, second.prediction.id)) == 11


async def test_a_write_whose_answer_was_lost_is_repeated_without_a_double(desk: Desk, ada: Caller) -> None:
    one = await desk.running(ada)
    written = Entry(2, texts(1, 2), [Line(1, "stdout", "a"), Line(2, "stdout", "b")])
    for repeated in (written, written.repeated(), written.repeated()):
        assert await desk.execution.record(one, repeated) is Recorded.DONE
    lone = Entry(4, (), [Line(3, "stdout", "b")])
    for repeated in (lone, lone.repeated()):
        assert await desk.execution.record(one, repeated) is Recorded.DONE

    assert await desk.items(one) == [(2, "1"), (3, "2")]
    assert await desk.lines(one) == ["1 a", "1 b", "1 b"]


async def test_lines_of_a_setup_whose_write_may_have_been_lost_are_there_once(desk: Desk, ada: Caller) -> None:
    one = await desk.running(ada)
    first, second = [Line(1, "stdout", "a"), Line(2, "stdout", "b")], [Line(3, "stdout", "b")]
    for worker_id, lines, again in (
        (WORKER, first, False),
        (OTHER, second, False),
        (WORKER, first, True),
        (WORKER, second, True),
        (WORKER, second, True),
    ):
        await desk.execution.record_setup(worker_id, desk.version_id, lines, again=again)
    found = await desk.db.read(lambda c: logbook.of_setups(c, one.prediction, after=0, limit=99))

    assert [line.text for line in found] == ["a", "b", "b", "b"]


async def test_a_repetition_of_what_was_not_written_is_written(desk: Desk, ada: Caller) -> None:
    one = await desk.running(ada)
    await desk.execution.record(one, Entry(2, texts(1), [Line(1, "stdout", "a")]))
    await desk.execution.record(one, Entry(3, texts(2), [Line(2, "stdout", "b"), Line(3, "stdout", "c")]).repeated())

    assert await desk.items(one) == [(2, "1"), (3, "2")]
    assert await desk.lines(one) == ["1 a", "1 b", "1 c"]


async def test_a_stream_is_what_was_put_out_between_its_first_and_its_last_event(desk: Desk, ada: Caller) -> None:
    one = await desk.running(ada)
    await desk.execution.record(one, entry(2, '"a"', "null"))
    await desk.execution.finish(one, success(), entry(4, '"c"'))
    found = await _all(await desk.streams.open(ada, one.prediction.id))

    assert [(event.number, event.kind) for event in found] == [
        (1, Kind.INIT),
        (2, Kind.OUTPUT),
        (3, Kind.OUTPUT),
        (4, Kind.OUTPUT),
        (5, Kind.DONE),
    ]
    assert [event.data for event in found[1:4]] == ['"a"', "null", '"c"']
    assert found[-1].data == f'{{"id":"{one.prediction.id}","status":"succeeded"}}'


async def test_a_failure_is_the_last_event_as_the_prediction_shows_it(desk: Desk, ada: Caller) -> None:
    one = await desk.running(ada)
    await desk.execution.record(one, entry(2, 1))
    failure = internal("No.", type="storage")
    await desk.execution.finish(one, Outcome(Status.FAILED, 2_000_000_000_000_000, failure=failure))
    found = await _all(await desk.streams.open(ada, one.prediction.id))

    assert [event.kind for event in found] == [Kind.INIT, Kind.OUTPUT, Kind.ERROR]
    assert found[-1].data == (await desk.now(one)).error


async def test_following_and_replaying_give_the_same(desk: Desk, ada: Caller) -> None:
    one = await desk.running(ada)
    seen: dict[int, list[Event]] = {}
    number = 2

    async def read(after: int) -> None:
        seen[after] = await _all(desk.streams.follow(one.prediction, after))

    async with anyio.create_task_group() as readers:
        for after in (0, 1, 7, 50):
            readers.start_soon(read, after)
        await until_async(lambda: desk.streams.followers.count == 4)
        for size in (1, 3, 40, 1, 700, 2):
            await desk.execution.record(one, entry(number, *range(number, number + size)))
            number += size
        await desk.execution.finish(one, success(), entry(number, number))
    replayed = await _all(await desk.streams.open(ada, one.prediction.id))

    assert [event.number for event in replayed] == list(range(1, number + 2))
    for after, live in seen.items():
        assert live == replayed[after:]
    assert desk.streams.tails.followed == desk.streams.followers.count == 0


async def test_a_reader_that_fell_behind_what_is_kept_still_gets_everything(desk: Desk, ada: Caller) -> None:
    one = await desk.running(ada)
    with desk.streams.follow(one.prediction) as slow, desk.streams.follow(one.prediction) as quick:
        await desk.execution.record(one, entry(2, *range(2, 12)))
        slowly = list(await slow.next(SOON))
        quickly = list(await quick.next(SOON))
        for first in range(12, 12 + 3 * tails.KEPT_ITEMS, 500):
            await desk.execution.record(one, entry(first, *range(first, first + 500)))
            quickly += await quick.next(SOON)
        assert quickly[-1].number == slowly[-1].number + 3 * tails.KEPT_ITEMS
        await desk.execution.finish(one, success())
        quickly += await _rest(quick)
        slowly += await _rest(slow)

    assert slowly == quickly
    assert [event.number for event in slowly] == list(range(1, len(slowly) + 1))


async def test_a_reader_follows_what_another_server_writes(desk: Desk, ada: Caller) -> None:
    one = await desk.running(ada)
    elsewhere = replace(desk.execution, tails=Tails())
    with desk.streams.follow(one.prediction) as reader:
        await desk.execution.record(one, entry(2, 2))
        found = list(await reader.next(SOON))
        await elsewhere.record(one, entry(3, 3))
        found += await reader.next(SOON)
        await desk.execution.record(one, entry(4, 4))
        found += await reader.next(SOON)
        await elsewhere.finish(one, success(), entry(5, 5))
        found += await _rest(reader)

    assert [event.number for event in found] == [1, 2, 3, 4, 5, 6]


async def test_items_of_five_megabytes_are_followed_whole(desk: Desk, ada: Caller) -> None:
    one = await desk.running(ada)
    big = JsonText('"' + "x" * (5 << 20) + '"')
    with desk.streams.follow(one.prediction) as reader:
        for number in (2, 4):
            await desk.execution.record(one, Entry(number, [big, *texts(number)]))
        await desk.execution.finish(one, success())
        found = await _rest(reader)

    assert [len(event.data) for event in found[1:-1]] == [len(big), 1, len(big), 1]


@pytest.mark.parametrize("beyond", [4, 5, 1_000_000, 2**31 - 1])
async def test_whoever_has_seen_the_end_gets_it_again(desk: Desk, ada: Caller, beyond: int) -> None:
    one = await desk.running(ada)
    await desk.execution.finish(one, success(), entry(2, 1, 2))

    (last,) = await _all(await desk.streams.open(ada, one.prediction.id, beyond))
    assert (last.number, last.kind) == (4, Kind.DONE)


async def test_whoever_is_ahead_of_a_stream_waits_until_it_is_there_or_over(desk: Desk, ada: Caller) -> None:
    one = await desk.running(ada)
    with desk.streams.follow(one.prediction, 3) as near, desk.streams.follow(one.prediction, 99) as far:
        await desk.execution.record(one, entry(2, 2))
        assert await near.next(0.01) == await far.next(0.01) == ()
        await desk.execution.finish(one, success(), entry(3, 3, 4))
        assert [event.number for event in await _rest(near)] == [4, 5]
        assert [event.number for event in await _rest(far)] == [5]


async def test_a_reader_is_let_go_when_the_server_stops_and_a_new_one_at_once(desk: Desk, ada: Caller) -> None:
    one = await desk.running(ada)
    with desk.streams.follow(one.prediction, 1) as reader:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(reader.next, 60)
            await until_async(lambda: desk.streams.followers.count == 1)
            desk.streams.followers.release()
        assert reader.released
        assert not reader.over
    with desk.streams.follow(one.prediction) as late:
        # What is there is still given: whoever comes back loses nothing.
        assert [event.number for event in await late.next(60)] == [1]
        assert await late.next(60) == ()


async def test_a_stream_is_its_owners(desk: Desk, ada: Caller, bob: Caller, root: Caller) -> None:
    one = await desk.running(ada)
    with pytest.raises(NotFound):
        await desk.streams.open(bob, one.prediction.id)
    with pytest.raises(NotFound):
        await desk.streams.open(ada, "01a213fb-0273-70f2-b52a-3adad4987789")
    with pytest.raises(InvalidRequest):
        await desk.streams.open(ada, "nonsense")
    with await desk.streams.open(root, one.prediction.id) as reader:
        assert [event.number for event in await reader.next(SOON)] == [1]


async def test_there_is_no_stream_of_what_was_created_without_one(desk: Desk, ada: Caller) -> None:
    one = await desk.running(ada, stream=False)
    with pytest.raises(Conflict) as caught:
        await desk.streams.open(ada, one.prediction.id)

    assert caught.value.code == "not_streaming"


async def test_a_stream_that_was_removed_is_gone(desk: Desk, ada: Caller) -> None:
    one = await desk.running(ada)
    await desk.execution.finish(one, success(), entry(2, 1))
    await desk.db.write(lambda c: removal.remove(c, one.prediction.id, 1))
    with pytest.raises(Gone) as caught:
        await desk.streams.open(ada, one.prediction.id)

    assert caught.value.code == "prediction_removed"


@pytest.mark.parametrize("how", ["whole", "begun", "row"])
async def test_a_reader_of_what_is_being_removed_is_given_no_stream_with_a_gap(
    desk: Desk, ada: Caller, how: str
) -> None:
    one = await desk.running(ada)
    await desk.execution.record(one, entry(2, *range(2, 1002)))
    await desk.execution.finish(one, success())
    with await desk.streams.open(ada, one.prediction.id) as reader:
        found = list(await reader.next(SOON))
        await desk.db.write(lambda c: removal.remove_head(c, one.prediction.id, 1))
        if how == "begun":
            await desk.db.write(lambda c: removal.remove_rest(c, one.prediction.id, 700))
        if how == "whole":
            await desk.db.write(lambda c: removal.remove_rest(c, one.prediction.id, 7_000))
        if how == "row":
            await desk.db.write(lambda c: removal.delete_row(c, one.prediction.id))
        found += await _rest(reader)

    # Whoever asks again hears that it is gone.
    assert [event.number for event in found] == list(range(1, 502))


async def _all(follower: StreamFollower) -> list[Event]:
    with follower as reader:
        return await _rest(reader)


async def _rest(reader: StreamFollower) -> list[Event]:
    """What comes until there is nothing more."""
    found: list[Event] = []
    while not reader.over:
        more: Sequence[Event] = await reader.next(SOON)
        assert more or reader.over, "nothing came"
        found += more
    return found
