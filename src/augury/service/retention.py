"""What is forgotten when it is old: idempotency keys, and workers that ended long ago."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from augury.store import idempotency, workers
from augury.store.connection import Connection
from augury.store.database import Database

ENDED_WORKERS_SECONDS = 86_400.0


@dataclass(frozen=True)
class Retention:
    """Removes what nobody needs any more. `idempotency_ttl` is in seconds."""

    db: Database
    now: Callable[[], int]
    idempotency_ttl: float

    async def sweep(self) -> int:
        """Remove it now; returns how many rows that were."""
        now = self.now()

        def remove(c: Connection) -> int:
            keys = idempotency.forget_before(c, now - int(self.idempotency_ttl * 1e6))
            return keys + workers.forget_ended(c, now - int(ENDED_WORKERS_SECONDS * 1e6))

        return await self.db.write(remove)
