"""What callers can do about their webhooks, and what the sender of deliveries asks for.

A delivery was written with the change it tells of; here it is shown, sent off once more, claimed and recorded.
Knows nothing about HTTP: the sender makes the requests.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from augury.domain import errors
from augury.domain.account import Caller
from augury.domain.delivery import Claimed, Delivery, Message, Record
from augury.domain.paging import Cursor, Page, refused
from augury.service.predictions import Predictions, may_see
from augury.service.vault import Vault, is_sealed, webhook_context
from augury.store import deliveries as rows
from augury.store import predictions as prediction_rows
from augury.store.connection import Connection
from augury.store.database import Database

_ID = re.compile(r"[0-9a-f-]{36}\.[1-9][0-9]{0,8}")


@dataclass(frozen=True)
class Webhooks:
    """The use cases of callers around deliveries."""

    db: Database
    predictions: Predictions
    now: Callable[[], int]

    async def page(self, caller: Caller, prediction_id: str, *, cursor: str | None, page_size: int) -> Page[Delivery]:
        """What was and is to be sent for a prediction, oldest first, with every attempt."""
        wanted = (await self.predictions.get(caller, prediction_id)).id
        at = Cursor.parse(cursor) if cursor else Cursor()
        number = _number(at)
        found = await self.db.read(
            lambda c: rows.page(
                c,
                wanted,
                after=None if at.backward else number,
                before=number if at.backward else None,
                limit=page_size + 1,
            )
        )
        return at.page(found, page_size, lambda one: (one.number,))

    async def redeliver(self, caller: Caller, delivery_id: str) -> Delivery:
        """Send a delivery again as soon as may be, whatever became of it; the delivery as it is then.

        Raises NotFound, and Gone where what it told of was removed.
        """
        wanted, now = delivery_id.lower(), self.now()
        if not _ID.fullmatch(wanted):
            raise _not_found(delivery_id)

        def redeliver(c: Connection) -> Delivery:
            found = rows.get(c, wanted)
            prediction = None if found is None else prediction_rows.get(c, found.prediction_id)
            if prediction is None or not may_see(caller, prediction):
                raise _not_found(delivery_id)
            if prediction.input is None:
                raise errors.Gone(
                    f"What prediction {prediction.id} was given and gave was removed, so it cannot be sent.",
                    code="prediction_removed",
                )
            rows.redeliver(c, wanted, now)
            return rows.get(c, wanted) or _impossible()

        return await self.db.write(redeliver)


@dataclass(frozen=True, slots=True)
class Work:
    """What a sender got: deliveries to send now, and when there is more to do."""

    claimed: Sequence[Claimed]
    next_due: int | None


@dataclass(frozen=True)
class Outbox:
    """What the sender asks for. Nothing of it has to survive a power cut: what was sent unrecorded is sent again."""

    db: Database
    vault: Vault
    now: Callable[[], int]
    lease: float
    """Seconds that a claimed delivery is kept from other senders."""

    async def recover(self) -> int:
        """What a sender before us was sending is due again, where there can be no other; elsewhere leases end."""
        if self.db.dialect != "sqlite":
            return 0
        now = self.now()
        return await self.db.write(lambda c: rows.recover(c, now))

    async def receivers(self) -> Sequence[str]:
        """Every receiver that has something to be told of now."""
        now = self.now()
        return await self.db.read(lambda c: rows.receivers(c, now))

    async def work(self, receiver: str, records: Sequence[Record], limit: int) -> Work:
        """Record attempts, and claim up to `limit` deliveries to the same receiver, in one transaction."""
        now = self.now()
        until = now + int(self.lease * 1_000_000)

        def work(c: Connection) -> Work:
            for one in records:
                rows.record(c, one)
            claimed, more = rows.claim(c, receiver, now, until=until, limit=limit) if limit else ((), False)
            return Work(claimed, now if more else rows.next_due(c, receiver, now))

        return await self.db.write_soon(work, durable=False)

    async def load(self, claimed: Claimed) -> Message | None:
        """What to send, its secret opened; None if it was removed. Raises SealBroken where its key is lost."""
        message = await self.db.read(lambda c: rows.load(c, claimed.id))
        secret = None if message is None else message.webhook.secret
        # One that was stored before there were keys is as it was given.
        if message is None or secret is None or not is_sealed(secret):
            return message
        opened = self.vault.open(secret, webhook_context(message.prediction.id))
        return replace(message, webhook=replace(message.webhook, secret=opened))

    async def give_back(self, records: Sequence[Record], claimed: Sequence[Claimed]) -> None:
        """Record attempts, and let others send what was claimed."""
        now = self.now()

        def give_back(c: Connection) -> None:
            for record in records:
                rows.record(c, record)
            for one in claimed:
                rows.give_back(c, one, now)

        await self.db.write(give_back)


def _number(cursor: Cursor) -> int | None:
    if cursor.position is None:
        return None
    if len(cursor.position) != 1 or not isinstance(cursor.position[0], int):
        raise refused()
    return cursor.position[0]


def _not_found(delivery_id: str) -> errors.NotFound:
    shown = delivery_id if len(delivery_id) <= 64 else delivery_id[:64] + "…"
    return errors.NotFound(
        f"There is no delivery {shown}, or it is not yours.",
        code="delivery_not_found",
        hint="List a prediction's deliveries with GET /v1/predictions/{id}/webhooks.",
    )


def _impossible() -> Delivery:
    raise LookupError("a delivery vanished within its own transaction")
