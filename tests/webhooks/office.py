"""A sender on a real database, and predictions that change as a test says, with the wall clock.

async with opened(url) as office: one = await office.add(receiver.url); await office.change(one, Status.SUCCEEDED)
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
import anyio.to_thread

from augury.domain.delivery import Delivery
from augury.domain.ids import IdSource
from augury.domain.jsontext import JsonText
from augury.domain.prediction import Prediction, Status
from augury.engine.recorder import wall_clock
from augury.sdk.addresses import Allowed
from augury.service.hints import Hints
from augury.service.targets import Resolver, Targets
from augury.service.webhooks import Outbox
from augury.store import deliveries, predictions, queue
from augury.store.connection import Connection
from augury.store.database import Database, open_database
from augury.store.notifier import Notifier, open_notifier
from augury.webhooks.guard import GuardedBackend
from augury.webhooks.request import Requests
from augury.webhooks.room import Room
from augury.webhooks.sender import Sender
from tests.store import rows
from tests.support.receiver import Got, Receiver
from tests.support.sealing import VAULT

LOOPBACK = Allowed(["127.0.0.0/8", "::1/128"])


@dataclass
class Office:
    db: Database
    notifier: Notifier
    timeout: float = 10
    targets: Targets = field(default_factory=lambda: Targets(LOOPBACK, Resolver()))
    room: Room = field(default_factory=Room)
    outbox: type[Outbox] = Outbox
    ids: IdSource = field(default_factory=IdSource)

    async def add(self, url: str, secret: str | None = None, **fields: object) -> Prediction:
        """A queued prediction with a webhook."""
        webhook = await self.targets.webhook(url, secret)
        now = wall_clock()
        values: dict[str, object] = {"created_at": now, "updated_at": now, "webhook": True, **fields}
        one = rows.new(**values)

        def insert(c: Connection) -> None:
            predictions.insert(c, one)
            deliveries.subscribe(c, one.id, webhook)

        await self.db.write(insert)
        return one

    async def ended(self, url: str, secret: str | None = None, output: str = '"out"') -> Prediction:
        """A prediction that succeeded at once."""
        now = wall_clock()
        return await self.add(
            url, secret, status=Status.SUCCEEDED, finished_at=now, output=JsonText(output), metrics=JsonText("{}")
        )

    async def start(self, one: Prediction) -> None:
        """A worker has it, and begins."""
        now = wall_clock()

        def start(c: Connection) -> None:
            (claimed,) = queue.claim(c, one.version_id, rows.WORKER, 1, now)
            assert claimed.id == one.id
            assert queue.start(c, one.id, rows.WORKER, 1, started_at=now, setup_time=None)

        await self.db.write(start)

    async def succeed(self, one: Prediction) -> None:
        """What was started ends well."""
        now = wall_clock()

        def succeed(c: Connection) -> None:
            assert queue.finish(
                c,
                one.id,
                rows.WORKER,
                1,
                status=Status.SUCCEEDED,
                finished_at=now,
                started_at=now - 5,
                setup_time=None,
                execution_time=5,
                output='{"text":"\u2028 é"}',
                error=None,
                metrics='{"predict_time":0.1}',
            )

        await self.db.write(succeed)

    async def cancel(self, one: Prediction) -> None:
        """It ends while it is queued."""
        now = wall_clock()
        await self.db.write(lambda c: queue.end_queued(c, one.id, Status.CANCELLED, now, None))

    async def deliveries(self, one: Prediction) -> list[Delivery]:
        """What is known of what is sent for it."""
        return await self.db.read(lambda c: deliveries.page(c, one.id, after=None, before=None, limit=100))

    async def states(self, one: Prediction) -> list[str]:
        """The states of its deliveries."""
        return [delivery.state.value for delivery in await self.deliveries(one)]

    def sender(self) -> Sender:
        """A new sender."""
        return Sender(
            outbox=self.outbox(self.db, VAULT, wall_clock, self.timeout + 15),
            hints=Hints(self.notifier),
            requests=Requests(b"augury/test", self.timeout),
            backend=GuardedBackend(self.targets),
            now=wall_clock,
            room=self.room,
        )

    @asynccontextmanager
    async def sending(self) -> AsyncGenerator[anyio.Event]:
        """A sender at work; the event lets it stop, and so does leaving the context."""
        stop = anyio.Event()
        with anyio.fail_after(25):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self.sender().run, stop)
                yield stop
                stop.set()


@asynccontextmanager
async def opened(url: str) -> AsyncGenerator[Office]:
    """An office on a migrated database."""
    async with open_database(url) as db, open_notifier(url) as notifier:
        await db.write(rows.seed)
        db.tell = Hints(notifier).delivery
        yield Office(db, notifier)


async def next_of(receiver: Receiver, timeout: float = 10) -> Got:
    """The next request, without holding up the sender that is in this process, too."""
    return await anyio.to_thread.run_sync(receiver.next, timeout)
