"""How a prediction looks to whoever asks: the one serializer of GET, create, lists and everything sent about it.

Stored JSON text is passed on as it is, never parsed again.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import orjson

from augury.domain.jsontext import JsonText
from augury.domain.prediction import Prediction

_EPOCH = datetime(1970, 1, 1)  # in UTC, as the Z says; without a zone it is written twice as fast
_NULL = orjson.Fragment(b"null")


def timestamp(microseconds: int) -> str:
    """A time as callers see it, such as 2025-08-13T11:48:44.371093Z; takes microseconds since the epoch."""
    return (_EPOCH + timedelta(microseconds=microseconds)).isoformat(timespec="microseconds") + "Z"


def duration(microseconds: int | None) -> str | None:
    """A duration in ISO 8601, such as PT1.204S; takes microseconds."""
    if microseconds is None:
        return None
    seconds, rest = divmod(microseconds, 1_000_000)
    return f"PT{seconds}.{rest:06d}".rstrip("0").rstrip(".") + "S" if rest else f"PT{seconds}S"


def prediction_json(prediction: Prediction, *, details: bool = True) -> bytes:
    """The JSON of a prediction: all of it, or without `details` the shorter form that lists show."""
    model = prediction.model
    content: dict[str, object] = {
        "id": prediction.id,
        "created_at": timestamp(prediction.created_at),
        "status": prediction.status.value,
        "updated_at": timestamp(prediction.updated_at),
        "setup_time": duration(prediction.setup_time),
        "execution_time": duration(prediction.execution_time),
        "model": {"owner": model.owner, "name": model.name, "version_number": model.version_number},
    }
    if details:
        content["input"] = _fragment(prediction.input)
        content["output"] = _fragment(prediction.output)
        content["error"] = _fragment(prediction.error)
        content["metrics"] = _fragment(prediction.metrics)
        content["stream"] = prediction.stream
        content["timeline"] = {
            "created_at": content["created_at"],
            "starting_at": _time(prediction.starting_at),
            "started_at": _time(prediction.started_at),
            "completed_at": _time(prediction.finished_at),
        }
    return orjson.dumps(content)


def _time(microseconds: int | None) -> str | None:
    return None if microseconds is None else timestamp(microseconds)


def _fragment(text: JsonText | None) -> orjson.Fragment:
    return _NULL if text is None else orjson.Fragment(text)
