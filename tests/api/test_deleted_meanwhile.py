"""What is deleted underneath a request, by another process, is answered as gone: never as an error of the server."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from augury.store import migrate
from tests.support import models, postgres
from tests.support.server import Server, running

Json = dict[str, Any]

CREATES: dict[str, tuple[str, Json]] = {
    "a prediction": ("/v1/predictions", {"input": {"value": 1}}),
    "an upload": ("/v1/uploads", {"size": 3, "mime_type": "text/plain"}),
    "a model": ("/v1/models", {"name": "another"}),
    "a token": ("/v1/tokens", {"name": "another", "scopes": ["read"]}),
    "a variable": ("/v1/variables", {"name": "another", "key": "ANOTHER", "value": "x", "secret": True}),
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Generator[tuple[Server, Callable[[str, str], None]]]:
    """A server, and what another process does to its database: a statement, with one value."""
    folder = tmp_path_factory.mktemp("deleted")
    if request.param == "sqlite":
        with running(folder) as started:
            yield started, lambda statement, value: _on_sqlite(started.data / "augury.db", statement, value)
        return
    place: postgres.Postgres = request.getfixturevalue("postgres_server")
    with place.database() as url:
        migrate.upgrade(url)
        with running(folder, database_url=url) as started:
            yield started, lambda statement, value: _on_postgres(url, statement, value)


def _on_sqlite(path: Path, statement: str, value: str) -> None:
    db = sqlite3.connect(path, timeout=10)
    try:
        db.execute("PRAGMA foreign_keys = ON")
        with db:
            assert db.execute(statement, (value,)).rowcount == 1
    finally:
        db.close()


def _on_postgres(url: str, statement: str, value: str) -> None:
    with psycopg.connect(url) as db:
        assert db.execute(statement.replace("?", "%s").encode(), (value,)).rowcount == 1


@pytest.mark.parametrize("keyed", [False, True], ids=["without a key", "with a key"])
@pytest.mark.parametrize("what", CREATES)
def test_a_create_of_an_account_that_was_deleted_just_now_is_refused(
    server: tuple[Server, Callable[[str, str], None]], what: str, keyed: bool
) -> None:
    started, change = server
    with httpx.Client(base_url=started.url, headers={"Authorization": f"Bearer {started.token}"}, timeout=25) as owner:
        echo = f"{what.replace(' ', '-')}-{keyed}".lower()
        public = models.publish(owner, echo, models.ECHO, visibility="public")
        name = f"user-{uuid.uuid4().hex[:12]}"
        account = owner.post("/v1/users", json={"name": name}).raise_for_status().json()
        made = owner.post("/v1/tokens", json={"name": "t", "account": name}).raise_for_status().json()
        before = owner.get("/v1/predictions").json()["items"]
        headers = {"Authorization": f"Bearer {made['token']}"} | ({"Idempotency-Key": "k"} if keyed else {})
        path, body = CREATES[what]
        if what == "a prediction":
            body = {**body, "model": public}
        with httpx.Client(base_url=started.url, headers=headers, timeout=25) as http:
            # The server remembers the token, and for a while does not look.
            assert http.get("/v1/user").status_code == 200
            change("DELETE FROM accounts WHERE id = ?", account["account_id"])
            refused = http.post(path, json=body)
            assert (refused.status_code, refused.json().get("code")) in {
                (401, "invalid_token"),
                (404, "user_not_found"),
            }, refused.text
            assert http.post(path, json=body).status_code in {401, 404}
        assert owner.get("/v1/predictions").json()["items"] == before


def test_a_prediction_of_a_version_that_was_deleted_just_now_is_refused(
    server: tuple[Server, Callable[[str, str], None]],
) -> None:
    started, change = server
    with httpx.Client(base_url=started.url, headers={"Authorization": f"Bearer {started.token}"}, timeout=25) as owner:
        model = models.publish(owner, "fleeting", models.ECHO)
        # The input does not fit, so that it is known to this process, but no worker has it.
        wrong = {"model": model, "input": {"values": 1}}
        assert owner.post("/v1/predictions", json=wrong, headers={"Validate-Input": "true"}).status_code == 422
        change("DELETE FROM versions WHERE model_id = (SELECT id FROM models WHERE name = ?)", "fleeting")
        refused = owner.post("/v1/predictions", json={"model": model, "input": {"value": 1}})
        assert (refused.status_code, refused.json()["code"]) == (404, "deleted_meanwhile")
        again = owner.post("/v1/predictions", json={"model": model, "input": {"value": 1}})
        assert again.json()["code"] in {"no_version", "version_not_found"}
