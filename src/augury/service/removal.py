"""Removing a prediction because its owner wants it gone: its contents at once, for good.

Knows nothing about age or size: that is `retention`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from augury.domain.account import Caller
from augury.domain.errors import Conflict
from augury.service.files import Files
from augury.service.predictions import Predictions
from augury.service.tally import Tally
from augury.store import removal as rows
from augury.store.database import Database


@dataclass(frozen=True)
class Removal:
    """The use case of owners who remove."""

    db: Database
    predictions: Predictions
    files: Files
    now: Callable[[], int]
    tally: Tally = field(default_factory=Tally)

    async def remove(self, caller: Caller, prediction_id: str) -> None:
        """Remove input, output, metrics, events, lines, files and webhook of one that has ended; again is no error.

        Raises InvalidRequest and NotFound as `Predictions.get` does, and Conflict `prediction_active`.
        """
        found = await self.predictions.get(caller, prediction_id)
        if not found.finished:
            raise Conflict(
                f"Prediction {found.id} has not ended: it is {found.status.value}.",
                code="prediction_active",
                hint=f"Cancel it first: POST /v1/predictions/{found.id}/cancel.",
            )
        now = self.now()
        if await self.db.write(lambda c: rows.remove(c, found.id, now)):
            self.tally.removed += 1
        await self.files.remove_of(found.id)
