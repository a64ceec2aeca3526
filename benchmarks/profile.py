"""(e) Where one prediction's time goes: the parts of the path measured alone, in this process."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from augury import protocol
from augury.api import schemas
from augury.domain import jsontext
from augury.domain.ids import AccountId, IdSource, PredictionId
from augury.domain.prediction import ModelRef, Prediction, Status
from augury.http import bodies
from augury.service.presentation import prediction_json
from augury.service.validation import compile_schema

TURNS = 20_000


@dataclass(frozen=True)
class Part:
    """A step, and its microseconds."""

    name: str
    microseconds: float


def run() -> list[Part]:
    """Time each step many times and return the mean."""
    ids = IdSource()
    raw = b'{"model":"owner/echo","input":{"text":"hello"},"stream":false}'
    schema = compile_schema({"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]})
    value: jsontext.JsonValue = {"text": "hello"}
    prediction = Prediction(
        id=PredictionId(ids.next()),
        account_id=AccountId(ids.next()),
        version_id=1,
        model=ModelRef("owner", "echo", 1),
        status=Status.SUCCEEDED,
        created_at=1,
        updated_at=2,
        input=jsontext.dumps(value),
        output=jsontext.dumps("hello"),
    )
    done = protocol.encode(protocol.Done(prediction.id, "succeeded", 0.001, "hello"), "", jsontext.dump_bytes)[4:]
    return [
        _part("parse the body", lambda: bodies.parse(schemas.NewPrediction, raw)),
        _part("check the input", lambda: schema.problems(value)),
        _part("make an id", ids.next),
        _part(
            "encode Predict",
            lambda: protocol.encode(protocol.Predict(prediction.id, {"text": "hello"}), "", jsontext.dump_bytes),
        ),
        _part("decode Done", lambda: protocol.decode(done, jsontext.loads)),
        _part("render the answer", lambda: prediction_json(prediction)),
    ]


def _part(name: str, act: Callable[[], object]) -> Part:
    for _ in range(TURNS // 20):
        act()
    began = time.perf_counter()
    for _ in range(TURNS):
        act()
    return Part(name, (time.perf_counter() - began) / TURNS * 1e6)
