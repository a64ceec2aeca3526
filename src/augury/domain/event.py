"""What a prediction's stream consists of, and how its events are numbered.

    1 init -> 2, 3, ... output -> done | error

Numbers have no gaps. Only the outputs are rows of their own: the first event and the last are what the prediction
itself says, so a stream can never end otherwise than its prediction. Knows no clock and no database.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from augury.domain import jsontext
from augury.domain.jsontext import JsonText
from augury.domain.prediction import Prediction, Status

FIRST_OUTPUT = 2
"""The number of the first item."""


class Kind(StrEnum):
    """What an event is about; `done` and `error` are the last of a stream."""

    INIT = "init"
    OUTPUT = "output"
    DONE = "done"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `data` is JSON as it is sent."""

    number: int
    kind: Kind
    data: JsonText

    @property
    def last(self) -> bool:
        """Whether nothing follows it."""
        return self.kind in (Kind.DONE, Kind.ERROR)


def first_event(prediction: Prediction) -> Event:
    """The event that every stream begins with (D30)."""
    model = prediction.model
    ref: jsontext.JsonObject = {"owner": model.owner, "name": model.name, "version_number": model.version_number}
    return Event(1, Kind.INIT, jsontext.dumps({"id": prediction.id, "model": ref}))


def last_event(prediction: Prediction, number: int) -> Event:
    """The event that ends the stream of a prediction that has ended (D30)."""
    if prediction.status in (Status.SUCCEEDED, Status.CANCELLED):
        data = jsontext.dumps({"id": prediction.id, "status": prediction.status.value})
        return Event(number, Kind.DONE, data)
    return Event(number, Kind.ERROR, prediction.error or JsonText("null"))
