"""Rows to begin with: an account with a model of one version, and predictions in any state."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert

from augury.domain.ids import AccountId, IdSource, NodeId, PredictionId, WorkerId
from augury.domain.jsontext import JsonText
from augury.domain.prediction import ModelRef, Prediction, Status
from augury.store import predictions, queue
from augury.store import workers as workers_store
from augury.store.connection import Connection
from augury.store.database import Database
from augury.store.tables import accounts, bundles, models, versions

ACCOUNT = AccountId("account-1")
VERSION = 1
OTHER_VERSION = 2
REF = ModelRef("alice", "adder", 1)
WORKER = WorkerId("worker-1")
NODE = NodeId("node-1")
NOW = 1_000_000
ERROR = '{"source":"internal","message":"lost","detail":null}'
DIGEST = "sha256:" + "0" * 64

_ids = IdSource()


def seed(c: Connection) -> None:
    """One account, one model, two versions."""
    c.execute(insert(accounts), {"id": ACCOUNT, "name": "alice", "admin": False, "created_at": 1})
    c.execute(
        insert(models),
        {"id": "model-1", "account_id": ACCOUNT, "name": "adder", "visibility": "private", "created_at": 1},
    )
    c.execute(insert(bundles), {"digest": DIGEST, "account_id": ACCOUNT, "size": 1, "created_at": 1})
    for number in (VERSION, OTHER_VERSION):
        c.execute(insert(versions), version_row(id=number, number=number))


def version_row(**fields: Any) -> dict[str, Any]:
    """A version as the table wants it."""
    row: dict[str, Any] = {
        "id": 1,
        "model_id": "model-1",
        "number": 1,
        "release_notes": "",
        "schemas": "{}",
        "compatibilities": "{}",
        "digest": DIGEST,
        "options": "{}",
        "hardware_identifier": "cpu",
        "variable_names": "[]",
        "revision": 1,
        "created_at": 1,
    }
    return row | fields


def new(**fields: Any) -> Prediction:
    """A queued prediction, or what the fields make of it."""
    known: dict[str, Any] = {
        "id": PredictionId(_ids.next()),
        "account_id": ACCOUNT,
        "version_id": VERSION,
        "model": REF,
        "status": Status.PENDING,
        "created_at": NOW,
        "updated_at": NOW,
        "input": JsonText('{"a":1}'),
    }
    return Prediction(**(known | fields))


async def add(db: Database, **fields: Any) -> Prediction:
    """A stored prediction."""
    one = new(**fields)
    await db.write(lambda c: predictions.insert(c, one))
    return one


async def read(db: Database, one: Prediction) -> Prediction:
    """The prediction as it is stored now."""
    found = await db.read(lambda c: predictions.get(c, one.id))
    assert found is not None
    return found


async def add_worker(db: Database, worker_id: WorkerId = WORKER, node_id: NodeId = NODE) -> None:
    """A worker of the first version."""
    await db.write(
        lambda c: workers_store.insert_worker(
            c, worker_id, node_id=node_id, version_id=VERSION, revision=1, slots=1, created_at=NOW, pid=4711
        )
    )


async def claim_one(db: Database, worker_id: WorkerId = WORKER, now: int = NOW) -> Prediction:
    """The oldest queued prediction, handed to a worker."""
    (one,) = await db.write(lambda c: queue.claim(c, VERSION, worker_id, 1, now))
    return one


def succeed(c: Connection, one: Prediction, worker_id: WorkerId = WORKER, output: str = "{}") -> bool:
    """Finish a prediction for a worker in its present attempt."""
    return queue.finish(
        c,
        one.id,
        worker_id,
        one.attempt,
        status=Status.SUCCEEDED,
        finished_at=NOW + 9,
        started_at=NOW + 5,
        setup_time=None,
        execution_time=4,
        output=output,
        error=None,
        metrics=None,
    )
