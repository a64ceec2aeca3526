"""Rows that must not exist cannot be stored, whatever the code above does."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import CheckConstraint, Table, insert
from sqlalchemy.exc import IntegrityError

from augury.store.database import Database
from augury.store.derived import metadata
from tests.store import rows
from tests.store.rows import ACCOUNT, DIGEST, ERROR

pytestmark = pytest.mark.anyio

PARENT = "1" * 36

GOOD: dict[str, dict[str, Any]] = {
    "accounts": {"id": "account-2", "name": "bob", "admin": False, "created_at": 1},
    "tokens": {
        "id": "token-1",
        "account_id": ACCOUNT,
        "name": "laptop",
        "hash": "0" * 64,
        "scopes": "[]",
        "created_at": 1,
    },
    "models": {"id": "model-2", "account_id": ACCOUNT, "name": "other", "visibility": "public", "created_at": 1},
    "bundles": {"digest": "sha256:" + "1" * 64, "account_id": ACCOUNT, "size": 0, "created_at": 1},
    "versions": rows.version_row(id=9, number=9),
    "workers": {
        "id": "worker-9",
        "node_id": "node-1",
        "version_id": 1,
        "revision": 1,
        "state": "ready",
        "slots": 1,
        "created_at": 1,
    },
    "predictions": {
        "id": "0" * 36,
        "account_id": ACCOUNT,
        "version_id": 1,
        "status": "pending",
        "stream": False,
        "input": "{}",
        "created_at": 1,
        "updated_at": 1,
        "attempt": 0,
        "given_back": 0,
    },
    "events": {"prediction_id": PARENT, "number": 2, "data": "1"},
    "logs": {"prediction_id": PARENT, "number": 1, "attempt": 1, "time": 1, "stream": "stdout", "text": ""},
    "setup_logs": {"worker_id": "worker-8", "version_id": 1, "time": 1, "stream": "stdout", "text": ""},
    "webhooks": {"prediction_id": PARENT, "url": "https://example.org", "receiver": "https://example.org:443"},
    "deliveries": {
        "id": "delivery-2",
        "prediction_id": PARENT,
        "number": 2,
        "receiver": "https://example.org:443",
        "status": "pending",
        "changed_at": 1,
        "state": "due",
        "attempts": 0,
        "due_at": 1,
    },
    "delivery_attempts": {
        "delivery_id": "delivery-1",
        "number": 1,
        "started_at": 1,
        "duration": 0,
        "status_code": 200,
    },
    "variables": {"account_id": ACCOUNT, "name": "n", "key": "K", "value": "", "secret": False, "created_at": 1},
    "uploads": {
        "id": "upload-2",
        "account_id": ACCOUNT,
        "name": "n",
        "handle": "h",
        "mime_type": "text/plain",
        "size": 0,
        "part_size": 0,
        "created_at": 1,
        "expires_at": 2,
    },
    "upload_parts": {"upload_id": "upload-1", "number": 1, "size": 0, "etag": "e", "stored_at": 1},
    "files": {
        "id": "file-1",
        "account_id": ACCOUNT,
        "blob": "b-1",
        "name": "n",
        "mime_type": "text/plain",
        "size": 0,
        "etag": "e",
        "created_at": 1,
    },
    "categories": {"slug": "c-2", "name": "C", "description": "", "created_at": 1},
    "model_categories": {"model_id": "model-9", "slug": "c-1"},
    "documents": {"subject": "model-9", "audience": "models", "title": "a/b", "about": "", "body": ""},
    "fresh_counts": {"version_id": 1, "writer": 1, "predictions": 1},
}

PARENTS: list[tuple[str, dict[str, Any]]] = [
    ("workers", GOOD["workers"] | {"id": "worker-8"}),
    ("predictions", GOOD["predictions"] | {"id": PARENT}),
    ("deliveries", GOOD["deliveries"] | {"id": "delivery-1", "number": 1}),
    ("uploads", GOOD["uploads"] | {"id": "upload-1"}),
    ("categories", GOOD["categories"] | {"slug": "c-1"}),
    ("models", GOOD["models"] | {"id": "model-9", "name": "another"}),
    ("documents", GOOD["documents"] | {"subject": "model-8"}),
    ("fresh_counts", GOOD["fresh_counts"] | {"writer": 2}),
]
"""What the rows of other tables belong to."""

IMPOSSIBLE: list[tuple[str, str, dict[str, Any]]] = [
    ("accounts", "name_form", {"name": "Bob"}),
    ("accounts", "name_form", {"name": ""}),
    ("accounts", "name_form", {"name": "b" * 65}),
    ("tokens", "hash_is_sha256", {"hash": "0" * 63}),
    ("tokens", "kind_known", {"kind": "cookie", "expires_at": 1}),
    ("tokens", "passing_expires", {"kind": "session", "expires_at": None}),
    ("tokens", "passing_expires", {"kind": "code", "expires_at": None}),
    ("models", "visibility_known", {"visibility": "secret"}),
    ("models", "name_form", {"name": "Other"}),
    ("models", "last_version_counts", {"last_version": -1}),
    ("bundles", "digest_form", {"digest": "SHA256:" + "1" * 64}),
    ("bundles", "digest_form", {"digest": "sha256:" + "1" * 63}),
    ("bundles", "size_counts", {"size": -1}),
    ("versions", "number_counts", {"number": 0}),
    ("versions", "broken_has_a_reason", {"broken_at": 1}),
    ("versions", "broken_has_a_reason", {"broken_reason": "{}"}),
    ("workers", "state_known", {"state": "gone"}),
    ("workers", "ended_has_a_time", {"state": "ended"}),
    ("workers", "ended_has_a_time", {"ended_at": 1}),
    ("workers", "slots_count", {"slots": 0}),
    ("predictions", "status_known", {"status": "queued"}),
    ("predictions", "terminal_has_a_time", {"status": "cancelled"}),
    ("predictions", "terminal_has_a_time", {"finished_at": 1}),
    ("predictions", "started_has_a_worker", {"status": "started", "started_at": 1}),
    ("predictions", "started_has_a_worker", {"status": "started", "worker_id": "w", "attempt": 1}),
    ("predictions", "only_success_has_output", {"output": "1"}),
    ("predictions", "only_success_has_output", {"status": "cancelled", "finished_at": 1, "output": "1"}),
    ("predictions", "success_has_output", {"status": "succeeded", "finished_at": 1}),
    ("predictions", "success_has_output", {"status": "succeeded", "finished_at": 1, "output": "1", "error": ERROR}),
    ("predictions", "failure_has_an_error", {"status": "failed", "finished_at": 1}),
    ("predictions", "failure_has_an_error", {"status": "abandoned", "finished_at": 1}),
    ("predictions", "input_is_kept", {"input": None}),
    ("predictions", "assigned_has_an_attempt", {"worker_id": "w"}),
    ("predictions", "given_back_counts", {"given_back": 1}),
    ("predictions", "given_back_counts", {"given_back": -1}),
    ("predictions", "execution_time_counts", {"execution_time": -1}),
    ("predictions", "id_form", {"id": "short"}),
    ("events", "number_follows_the_first", {"number": 1}),
    ("logs", "number_counts", {"number": 0}),
    ("logs", "attempt_counts", {"attempt": -1}),
    ("webhooks", "url_form", {"url": ""}),
    ("webhooks", "url_form", {"url": "h" * 2049}),
    ("deliveries", "status_known", {"status": "queued"}),
    ("deliveries", "state_known", {"state": "lost", "due_at": None, "ended_at": 1}),
    ("deliveries", "open_has_a_time", {"due_at": None}),
    ("deliveries", "open_has_a_time", {"state": "failed", "ended_at": 1}),
    ("deliveries", "ended_has_a_time", {"ended_at": 1}),
    ("deliveries", "ended_has_a_time", {"state": "failed", "due_at": None}),
    ("deliveries", "number_counts", {"number": 0}),
    ("deliveries", "attempts_count", {"attempts": -1}),
    ("deliveries", "again_while_sending", {"again": True}),
    ("delivery_attempts", "number_counts", {"number": 0}),
    ("delivery_attempts", "duration_counts", {"duration": -1}),
    ("delivery_attempts", "answered_or_failed", {"status_code": None}),
    ("delivery_attempts", "answered_or_failed", {"error": "refused"}),
    ("variables", "name_form", {"name": ""}),
    ("variables", "key_form", {"key": ""}),
    ("uploads", "size_counts", {"size": -1}),
    ("uploads", "part_size_counts", {"part_size": -1}),
    ("upload_parts", "number_counts", {"number": 0}),
    ("upload_parts", "size_counts", {"size": -1}),
    ("files", "size_counts", {"size": -1}),
    ("categories", "slug_form", {"slug": "C"}),
    ("categories", "slug_form", {"slug": ""}),
    ("models", "predictions_count", {"predictions": -1}),
]

CLASHES: list[tuple[str, dict[str, Any]]] = [
    ("accounts", {"name": "alice"}),
    ("models", {"name": "adder"}),
    ("bundles", {"digest": DIGEST}),
    ("versions", {"number": 1}),
    ("versions", {"model_id": "no such model"}),
    ("models", {"account_id": "no such account"}),
    ("predictions", {"version_id": 99}),
    ("predictions", {"account_id": "no such account"}),
    ("workers", {"version_id": 99}),
    ("tokens", {"account_id": "no such account"}),
    ("tokens", {"kind": "session", "expires_at": 1, "made_from": "no such token"}),
    ("events", {"prediction_id": "no such prediction"}),
    ("logs", {"prediction_id": "no such prediction"}),
    ("setup_logs", {"worker_id": "no such worker"}),
    ("webhooks", {"prediction_id": "no such prediction"}),
    ("deliveries", {"prediction_id": "no such prediction"}),
    ("deliveries", {"number": 1}),
    ("delivery_attempts", {"delivery_id": "no such delivery"}),
    ("variables", {"account_id": "no such account"}),
    ("uploads", {"account_id": "no such account"}),
    ("upload_parts", {"upload_id": "no such upload"}),
    ("files", {"account_id": "no such account"}),
    ("model_categories", {"slug": "no such category"}),
    ("documents", {"subject": "model-8"}),
    ("fresh_counts", {"writer": 2}),
]


@pytest.fixture
async def parents(db: Database) -> None:
    """What the rows of other tables belong to is there."""
    for table, row in PARENTS:
        await db.write(lambda c, table=table, row=row: c.execute(insert(_table(table)), row))


@pytest.mark.usefixtures("parents")
@pytest.mark.parametrize("table", GOOD)
async def test_the_row_that_the_impossible_ones_differ_from_is_possible(db: Database, table: str) -> None:
    await db.write(lambda c: c.execute(insert(_table(table)), GOOD[table]))


@pytest.mark.usefixtures("parents")
@pytest.mark.parametrize(("table", "constraint", "change"), IMPOSSIBLE)
async def test_an_impossible_row_is_refused(db: Database, table: str, constraint: str, change: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match=f"{table}_{constraint}"):
        await db.write(lambda c: c.execute(insert(_table(table)), GOOD[table] | change))


@pytest.mark.usefixtures("parents")
@pytest.mark.parametrize(("table", "change"), CLASHES)
async def test_a_row_that_clashes_or_points_nowhere_is_refused(
    db: Database, table: str, change: dict[str, Any]
) -> None:
    with pytest.raises(IntegrityError):
        await db.write(lambda c: c.execute(insert(_table(table)), GOOD[table] | change))


async def test_a_deleted_model_frees_its_name(db: Database) -> None:
    taken = {"account_id": ACCOUNT, "name": "adder", "visibility": "public", "created_at": 1}

    await db.write(lambda c: c.execute(insert(_table("models")), taken | {"id": "model-3", "deleted_at": 1}))
    await db.write(lambda c: c.execute(insert(_table("models")), taken | {"id": "model-4", "deleted_at": 2}))


def test_every_check_has_a_row_that_it_refuses() -> None:
    checks = {
        (table.name, str(constraint.name).removeprefix(f"{table.name}_"))
        for table in metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    }

    assert checks == {(table, constraint) for table, constraint, _ in IMPOSSIBLE}


def _table(name: str) -> Table:
    return metadata.tables[name]
