"""The shapes of events that streams consist of; `data` is JSON on the wire, described here as what it is."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, RootModel

from augury.api.schemas import LogLine, ModelReference, PredictionError
from augury.domain.prediction import Status

_Number = Annotated[int, Field(description="Counts the events of a stream, from 1.")]
_Place = Annotated[str, Field(description="The place behind it in the log: what `after` and `Last-Event-ID` take.")]


class Begun(BaseModel):
    """What a stream is of."""

    id: str = Field(json_schema_extra={"format": "uuid"})
    model: ModelReference


class Ended(BaseModel):
    """How the prediction of a stream has ended."""

    id: str = Field(json_schema_extra={"format": "uuid"})
    status: Literal["succeeded", "cancelled"]


class LogEnded(BaseModel):
    """How the prediction of a log has ended."""

    id: str = Field(json_schema_extra={"format": "uuid"})
    status: Status


class InitEvent(BaseModel):
    """The first event of a stream."""

    id: _Number
    event: Literal["init"]
    data: Begun


class OutputEvent(BaseModel):
    """An item, as the version's schema `stream_output` says."""

    id: _Number
    event: Literal["output"]
    data: Any


class DoneEvent(BaseModel):
    """The last event of a stream that ended well, or was cancelled."""

    id: _Number
    event: Literal["done"]
    data: Ended


class ErrorEvent(BaseModel):
    """The last event of one whose prediction failed or was abandoned."""

    id: _Number
    event: Literal["error"]
    data: PredictionError


class LogEvent(BaseModel):
    """A line of a log."""

    id: _Place
    event: Literal["log"]
    data: LogLine


class LogDoneEvent(BaseModel):
    """The last event of a log."""

    id: _Place
    event: Literal["done"]
    data: LogEnded


class PredictionEvent(RootModel[InitEvent | OutputEvent | DoneEvent | ErrorEvent]):
    """An event of a prediction's stream."""

    root: InitEvent | OutputEvent | DoneEvent | ErrorEvent = Field(discriminator="event")


class PredictionLogEvent(RootModel[LogEvent | LogDoneEvent]):
    """An event of a log that is followed."""

    root: LogEvent | LogDoneEvent = Field(discriminator="event")
