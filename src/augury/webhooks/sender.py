"""Sends what is in the outbox: one lane for each receiver, so that who is slow or down delays only himself.

    hint, or a look around -> lane: one transaction (record what was tried, claim what is due) -> attempts -> again

A lane sleeps until a hint, an attempt's end, or the next due time. Whatever fails in one is logged, and it goes on.
Knows nothing about why something is sent.
"""

from __future__ import annotations

import logging
import random
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field

import anyio
import anyio.to_thread
import httpcore
from anyio.abc import TaskGroup

from augury.domain.delivery import Answer, Attempt, Claimed, Record, after
from augury.service.hints import Hints
from augury.service.webhooks import Outbox, Work
from augury.webhooks.guard import GuardedBackend
from augury.webhooks.request import Requests
from augury.webhooks.room import Room

log = logging.getLogger(__name__)

WIDTH = 8
"""Attempts at one receiver at a time."""
LOOK_SECONDS = 15.0
"""How often the sender looks around by itself, should every hint be lost."""
LINGER_SECONDS = 10.0
"""How long a lane with nothing to do keeps its connections."""
FAR_SECONDS = 60.0
"""What is due later than that is left to a look around, which opens another lane for it."""
LAST_SECONDS = 2.0
"""How long what is due may still be sent when the server stops."""
RETRY_SECONDS = 1.0
"""How long a lane rests when the store failed."""


@dataclass(frozen=True)
class Sender:
    """The sender of one server."""

    outbox: Outbox
    hints: Hints
    requests: Requests
    backend: GuardedBackend
    now: Callable[[], int]
    room: Room = field(default_factory=Room)
    lanes: dict[str, _Lane] = field(default_factory=dict[str, "_Lane"])
    """By receiver, those that have something to do or had a moment ago."""

    async def run(self, stop: anyio.Event) -> None:
        """Send until `stop` is set, and then for a moment longer; what is left stays in the outbox."""
        await self._recover()
        try:
            async with anyio.create_task_group() as tasks:
                with self.hints.deliveries(lambda receiver: self._wake(tasks, receiver)):
                    tasks.start_soon(self._look_around, tasks)
                    await stop.wait()
                    with anyio.move_on_after(LAST_SECONDS):
                        await self._quiet()
                    tasks.cancel_scope.cancel()
        finally:
            with anyio.move_on_after(2 * LAST_SECONDS, shield=True):
                for lane in tuple(self.lanes.values()):
                    await self.give_back(lane)

    async def give_back(self, lane: _Lane) -> None:
        """Write down what a lane that has ended still has, and leave what it was sending to others."""
        self.lanes.pop(lane.receiver, None)
        if not lane.records and not lane.claimed:
            return
        try:
            with anyio.fail_after(LAST_SECONDS):
                await self.outbox.give_back(lane.records, tuple(lane.claimed.values()))
        except Exception:
            # It is sent again when its lease is over, or by the next server.
            log.exception("webhooks not given back", extra={"deliveries": len(lane.claimed)})

    def close(self, lane: _Lane) -> None:
        """Forget a lane that has nothing to do."""
        self.lanes.pop(lane.receiver, None)

    async def _recover(self) -> None:
        try:
            await self.outbox.recover()
        except Exception:
            # What was being sent is due again when its lease is over.
            log.exception("webhooks not recovered")

    def _wake(self, tasks: TaskGroup, receiver: str) -> None:
        lane = self.lanes.get(receiver)
        if lane is None:
            lane = self.lanes[receiver] = _Lane(receiver, self)
            tasks.start_soon(lane.run)
        lane.hint()

    async def _look_around(self, tasks: TaskGroup) -> None:
        while True:
            try:
                for receiver in await self.outbox.receivers():
                    self._wake(tasks, receiver)
            except Exception:
                log.exception("webhooks not looked for")
            await anyio.sleep(LOOK_SECONDS)

    async def _quiet(self) -> None:
        """Return when no lane has something to do now."""
        while busy := [lane for lane in self.lanes.values() if lane.busy]:
            await busy[0].rested.wait()


class _Lane:
    """All that goes to one receiver."""

    def __init__(self, receiver: str, sender: Sender) -> None:
        self.receiver = receiver
        self._sender = sender
        self._width = WIDTH
        self._woken = anyio.Event()
        self.claimed: dict[str, Claimed] = {}
        """What is being sent."""
        self.records: list[Record] = []
        """What was tried and is not yet written down."""
        self.busy = True
        self.rested = anyio.Event()

    def hint(self) -> None:
        """There is something new to be sent: not to be looked at before there is room for it."""
        if self.records or len(self.claimed) < self._width:
            self.wake()

    def wake(self) -> None:
        """There may be something to do."""
        self._set_busy(busy=True)
        self._woken.set()

    async def run(self) -> None:
        """Send until there has been nothing to send for a while."""
        try:
            context = await anyio.to_thread.run_sync(_tls) if self.receiver.startswith("https:") else None
            async with (
                httpcore.AsyncConnectionPool(
                    ssl_context=context,
                    max_connections=WIDTH,
                    keepalive_expiry=LINGER_SECONDS,
                    network_backend=self._sender.backend,
                ) as pool,
                anyio.create_task_group() as tasks,
            ):
                while await self._go_on(pool, tasks):
                    pass
                # Before anything is waited for: the next hint opens another lane.
                self._sender.close(self)
        except Exception:
            log.exception("webhook lane failed", extra={"receiver": self.receiver})
            await self._sender.give_back(self)
        finally:
            self._set_busy(busy=False)

    async def _go_on(self, pool: httpcore.AsyncConnectionPool, tasks: TaskGroup) -> bool:
        """One round: write and claim, start what was claimed, and wait for more; False when the lane may end."""
        self._woken = anyio.Event()
        try:
            next_due = await self._work(pool, tasks)
        except Exception:
            log.exception("webhooks not claimed", extra={"receiver": self.receiver})
            await anyio.sleep(RETRY_SECONDS)
            return True
        if self._woken.is_set():
            return True
        if not self.claimed:
            self._set_busy(busy=False)
        left = FAR_SECONDS if next_due is None else (next_due - self._sender.now()) / 1e6
        rests = left >= FAR_SECONDS and not self.claimed
        with anyio.move_on_after(LINGER_SECONDS if rests else max(0.0, left)):
            await self._woken.wait()
        return self._woken.is_set() or not rests

    async def _work(self, pool: httpcore.AsyncConnectionPool, tasks: TaskGroup) -> int | None:
        sender = self._sender
        wanted = max(0, self._width - len(self.claimed))
        got = sender.room.take(wanted, holds=bool(self.claimed))
        if not got and not self.records:
            # An attempt that ends wakes this lane, or makes room.
            if wanted:
                sender.room.wait(self)
            return sender.now() + int(LOOK_SECONDS * 1e6)
        records, self.records = self.records, []
        work = Work((), None)
        try:
            work = await sender.outbox.work(self.receiver, records, got)
        except BaseException:
            self.records = records + self.records
            raise
        finally:
            sender.room.release(got - len(work.claimed))
        if len(work.claimed) == got < wanted:
            sender.room.wait(self)
        for one in work.claimed:
            self.claimed[one.id] = one
            tasks.start_soon(self._attempt, pool, one)
        return work.next_due

    async def _attempt(self, pool: httpcore.AsyncConnectionPool, claimed: Claimed) -> None:
        started = self._sender.now()
        try:
            answer = await self._post(pool, claimed)
            if answer is not None:
                self._note(claimed, started, answer)
            del self.claimed[claimed.id]
        finally:
            self._sender.room.release(1)
            self.wake()

    async def _post(self, pool: httpcore.AsyncConnectionPool, claimed: Claimed) -> Answer | None:
        try:
            message = await self._sender.outbox.load(claimed)
            return None if message is None else await self._sender.requests.post(pool, message)
        except Exception as error:
            # Written down as an attempt, so that it is tried again, and later each time.
            log.exception("webhook not sent", extra={"delivery": claimed.id})
            return Answer(None, f"the server failed to send it: {type(error).__name__}")

    def _note(self, claimed: Claimed, started: int, answer: Answer) -> None:
        ended = self._sender.now()
        number = claimed.attempts + 1
        state, wait = after(number, answer, random.random)
        # Who does not answer is asked one thing at a time, so that he holds up little of what there is room for.
        self._width = 1 if answer.status_code is None else min(WIDTH, self._width * 2)
        attempt = Attempt(number, started, max(0, ended - started), answer.status_code, answer.error, answer.response)
        self.records.append(Record(claimed, attempt, state, None if wait is None else ended + int(wait * 1e6)))
        if answer.status_code is None or not 200 <= answer.status_code < 300:
            log.info(
                "webhook attempt failed",
                extra={
                    "delivery": claimed.id,
                    "receiver": self.receiver,
                    "attempt": number,
                    "status": answer.status_code,
                    "error": answer.error,
                    "state": state.value,
                },
            )

    def _set_busy(self, *, busy: bool) -> None:
        self.busy = busy
        if busy:
            if self.rested.is_set():
                self.rested = anyio.Event()
        else:
            self.rested.set()


def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
