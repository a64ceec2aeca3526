"""What a run puts out goes to the store in order, in batches, one write at a time, and never fills the memory."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import anyio
import anyio.lowlevel
import pytest

from augury.domain.entry import Entry, Recorded
from augury.domain.jsontext import JsonText
from augury.domain.logline import Line
from augury.engine import pressure, pump
from augury.engine.journal import BATCH_ITEMS, BATCH_SIZE, METRICS_SECONDS, Journal
from augury.engine.pressure import Pressure
from tests.support.signals import until_async

pytestmark = pytest.mark.anyio

EMPTY = JsonText("{}")


@dataclass
class Desk:
    """A journal, and a store that answers when the test lets it."""

    asked: list[tuple[Entry, asyncio.Future[Recorded]]] = field(
        default_factory=list[tuple[Entry, "asyncio.Future[Recorded]"]]
    )
    refused: list[Recorded | BaseException] = field(default_factory=list[Recorded | BaseException])
    paused: list[bool] = field(default_factory=list[bool])
    ends: list[Entry | None] = field(default_factory=list[Entry | None])
    metrics: JsonText = EMPTY
    looked_at: list[float] = field(default_factory=list[float])

    def __post_init__(self) -> None:
        self.pressure = Pressure(lambda: self.paused.append(True), lambda: self.paused.append(False))
        self.journal = Journal(self._write, self.refused.append, lambda: self.metrics, self.pressure)

    def _write(self, entry: Entry) -> asyncio.Future[Recorded]:
        self.looked_at.append(asyncio.get_running_loop().time())
        future: asyncio.Future[Recorded] = asyncio.get_running_loop().create_future()
        self.asked.append((entry, future))
        return future

    async def asked_for(self, count: int) -> Entry:
        """The entry of the write with this number, once it is asked for."""
        await until_async(lambda: len(self.asked) >= count, f"write {count} is asked for")
        assert len(self.asked) == count, "one write at a time"
        return self.asked[-1][0]

    def answer(self, result: Recorded | Exception = Recorded.DONE) -> None:
        future = self.asked[-1][1]
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)

    async def drained(self) -> list[JsonText]:
        """Answer every write; what was in them."""
        self.journal.close(self.ends.append)
        while not self.ends:
            if not self.asked[-1][1].done():
                self.answer()
            await _turn()
        rest = [] if self.ends[0] is None else list(self.ends[0].items)
        return [item for entry, _ in self.asked for item in entry.items] + rest


def items(*names: object) -> list[JsonText]:
    return [JsonText(str(name)) for name in names]


async def test_the_first_item_is_written_at_once_and_what_comes_meanwhile_together() -> None:
    desk = Desk()
    desk.journal.items(items(1))
    first = await desk.asked_for(1)
    desk.journal.items(items(2))
    desk.journal.line(Line(7, "stdout", "hello"))
    desk.journal.items(items(3, 4))
    await _turn()
    assert len(desk.asked) == 1
    desk.answer()
    second = await desk.asked_for(2)

    assert first == Entry(2, items(1), [])
    assert second == Entry(3, items(2, 3, 4), [Line(7, "stdout", "hello")])


async def test_what_comes_in_the_same_moment_is_one_write() -> None:
    desk = Desk()
    for n in range(5):
        desk.journal.items(items(n))

    assert (await desk.asked_for(1)).items == items(0, 1, 2, 3, 4)


@pytest.mark.parametrize(
    ("size", "count", "most"),
    [(1, 3 * BATCH_ITEMS + 1, BATCH_ITEMS), (BATCH_SIZE // 3 + 1, 9, 2), (BATCH_SIZE * 5, 3, 1)],
)
async def test_a_write_is_bounded_in_number_and_size_and_numbers_have_no_gap(size: int, count: int, most: int) -> None:
    desk = Desk()
    given = [JsonText(f"{n:05}".ljust(size, "x")) for n in range(count)]
    desk.journal.items(given)
    writes = 0
    while sum(len(entry.items) for entry, _ in desk.asked) < count:
        writes += 1
        await desk.asked_for(writes)
        desk.answer()
        await _turn()

    assert max(len(entry.items) for entry, _ in desk.asked) == most
    firsts = [entry.first_item for entry, _ in desk.asked]
    assert firsts == [2 + sum(len(entry.items) for entry, _ in desk.asked[:n]) for n in range(len(firsts))]
    assert await desk.drained() == given


async def test_a_write_that_fails_twice_is_repeated_as_such_and_then_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pump, "FIRST_PAUSE", 0.001)
    desk = Desk()
    desk.journal.items(items(1))
    entry = await desk.asked_for(1)
    for turn in (2, 3):
        desk.answer(OSError("disk full"))
        desk.journal.items(items(turn))
        assert await desk.asked_for(turn) == entry.repeated()
    desk.answer()

    # A new one may not be taken for a repetition: its items would be looked up for nothing.
    assert await desk.asked_for(4) == Entry(3, items(2, 3), [])
    assert desk.refused == []
    assert desk.journal.failed is None


async def test_each_write_has_all_its_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pump, "FIRST_PAUSE", 0.001)
    desk = Desk()
    for n in range(1, 11):
        desk.journal.items(items(n))
        await desk.asked_for(2 * n - 1)
        desk.answer(OSError("once"))
        await desk.asked_for(2 * n)
        desk.answer()
        await _turn()

    assert desk.refused == []


async def test_what_can_never_be_written_is_told_once_and_nothing_more_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pump, "FIRST_PAUSE", 0.001)
    desk = Desk()
    desk.journal.items([JsonText("x" * (pressure.HIGH + 1))])
    for turn in range(1, pump.TRIES + 1):
        await desk.asked_for(turn)
        desk.journal.items(items(turn))
        desk.answer(OSError(f"disk full {turn}"))
    await until_async(lambda: desk.refused, "it is told")
    desk.journal.items(items("late"))
    desk.journal.line(Line(1, "stdout", "late"))
    desk.journal.close(desk.ends.append)

    assert [str(one) for one in desk.refused] == [f"disk full {pump.TRIES}"]
    assert desk.ends == [None]
    assert len(desk.asked) == pump.TRIES
    assert desk.paused == [True, False], "a worker that is stopped because of this must be read to its end"


@pytest.mark.parametrize("result", [Recorded.LOST, Recorded.DIVERGED])
async def test_what_the_store_does_not_take_is_told(result: Recorded) -> None:
    desk = Desk()
    desk.journal.items(items(1))
    await desk.asked_for(1)
    desk.answer(result)

    await until_async(lambda: desk.refused == [result])


async def test_the_end_waits_for_the_write_under_way_and_carries_the_rest() -> None:
    desk = Desk()
    desk.journal.items(items(1))
    await desk.asked_for(1)
    desk.journal.items(items(2, 3))
    desk.journal.line(Line(1, "stdout", "last"))
    desk.journal.close(desk.ends.append)
    await _turn()
    assert desk.ends == []
    desk.answer()
    await until_async(lambda: desk.ends)
    await _turn()

    assert desk.ends == [Entry(3, items(2, 3), [Line(1, "stdout", "last")])]
    assert len(desk.asked) == 1


async def test_the_end_of_a_run_that_has_put_out_nothing_new_carries_nothing() -> None:
    desk = Desk()
    desk.journal.close(desk.ends.append)

    assert desk.ends == [None]


async def test_an_end_in_the_same_moment_takes_everything_with_it() -> None:
    desk = Desk()
    desk.journal.items(items(1, 2))
    desk.journal.close(desk.ends.append)
    await _turn()

    assert desk.ends == [Entry(2, items(1, 2), [])]
    assert desk.asked == []


async def test_a_worker_is_not_read_while_too_much_is_pending_and_read_again_when_little_is() -> None:
    desk = Desk()
    big = [JsonText("x" * BATCH_SIZE)] * 9
    for item in big:
        desk.journal.items([item])
    assert desk.paused == [True]
    for turn in range(1, 9):
        await desk.asked_for(turn)
        assert desk.paused == [True]
        desk.answer()
        await _turn()
    await desk.asked_for(9)
    desk.answer()
    await until_async(lambda: desk.paused == [True, False])

    assert await desk.drained() == big


async def test_nothing_is_left_on_the_scales_however_a_run_ends() -> None:
    desk = Desk()
    for entry in range(3):
        journal = Journal(desk._write, desk.refused.append, lambda: desk.metrics, desk.pressure)  # pyright: ignore[reportPrivateUsage]
        journal.items([JsonText("x" * (pressure.HIGH // 2 + 1))])
        journal.line(Line(1, "stdout", "y" * 100))
        await desk.asked_for(entry + 1)
        journal.items([JsonText("x" * (pressure.HIGH // 2 + 1))])
        journal.close(desk.ends.append)
        desk.answer()
        await until_async(lambda entry=entry: len(desk.ends) == entry + 1)
    assert desk.paused == [True, False] * 3
    # What is left would add up.
    desk.pressure.add(pressure.HIGH)
    assert desk.paused == [True, False] * 3
    desk.pressure.add(1)
    assert desk.paused == [True, False] * 3 + [True]


async def test_what_is_measured_is_shown_at_once_then_in_turn_and_last_as_it_is() -> None:
    desk = Desk()
    for n in range(100):
        desk.metrics = JsonText(f'{{"n":{n}}}')
        desk.journal.measured()
    assert (await desk.asked_for(1)).metrics == '{"n":99}'
    desk.answer()
    for n in range(100, 200):
        desk.metrics = JsonText(f'{{"n":{n}}}')
        desk.journal.measured()
        await _turn()
    entry = await desk.asked_for(2)
    desk.answer()

    assert entry.metrics == '{"n":199}'
    assert desk.looked_at[1] - desk.looked_at[0] >= METRICS_SECONDS * 0.9


async def test_what_is_measured_at_the_end_is_of_the_end_alone() -> None:
    desk = Desk()
    desk.journal.measured()
    desk.journal.close(desk.ends.append)
    with anyio.move_on_after(0.05):
        await anyio.Event().wait()

    assert desk.ends == [None]
    assert desk.asked == []


async def _turn() -> None:
    """Let everything that is ready happen."""
    for _ in range(5):
        await anyio.lowlevel.checkpoint()
