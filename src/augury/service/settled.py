"""Hands a prediction, as it was committed, to the requests of this process that wait for it.

Saves a waiting request from reading what the same process has just written. Whoever hears of the end in another way,
or too late, reads the store.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from augury.domain.ids import PredictionId
from augury.domain.prediction import Prediction
from augury.service.tally import Tally

Waiter = asyncio.Future["Prediction | None"]


@dataclass(slots=True)
class Settled:
    """Who waits for which prediction. Used from the event loop only."""

    tally: Tally = field(default_factory=Tally)
    _waiters: dict[PredictionId, list[Waiter]] = field(default_factory=dict[PredictionId, list[Waiter]])
    _released: bool = False

    @property
    def waiting(self) -> int:
        """How many requests wait for an end."""
        return sum(map(len, self._waiters.values()))

    @property
    def alone(self) -> bool:
        """Whether exactly one prediction is waited for here."""
        return len(self._waiters) == 1

    @contextmanager
    def expect(self, prediction_id: PredictionId) -> Generator[Waiter]:
        """A future of the finished prediction; None in it means: look into the store."""
        waiter: Waiter = asyncio.get_running_loop().create_future()
        if self._released:
            waiter.set_result(None)
        self._waiters.setdefault(prediction_id, []).append(waiter)
        try:
            yield waiter
        finally:
            waiter.cancel()
            others = self._waiters.get(prediction_id)
            if others is not None:
                others.remove(waiter)
                if not others:
                    del self._waiters[prediction_id]

    def settle(self, prediction: Prediction) -> None:
        """This prediction has ended, and that is committed."""
        self.tally.ended[prediction.status] += 1
        for waiter in self._waiters.get(prediction.id, ()):
            if not waiter.done():
                waiter.set_result(prediction)

    def nudge(self, prediction_id: PredictionId) -> None:
        """Something happened to this prediction elsewhere."""
        for waiter in self._waiters.get(prediction_id, ()):
            if not waiter.done():
                waiter.set_result(None)

    def nudge_all(self) -> None:
        """Let every waiting request answer now with what the store says, and those that come later at once."""
        self._released = True
        for prediction_id in tuple(self._waiters):
            self.nudge(prediction_id)
