"""A change of which no hint comes through is found by the next look, on both databases."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest

from augury.store import migrate
from tests.support import elsewhere
from tests.support.publishing import Client, Json
from tests.support.server import running
from tests.support.signals import until

LOOK = 5.0
"""Seconds between two looks at everything."""
SLACK = 5.0
"""Seconds that a busy machine takes for what follows."""

WHO = """
    import os
    def predict() -> int:
        return os.getpid()
"""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[Client]:
    folder: Path = tmp_path_factory.mktemp("lost")
    if request.param == "sqlite":
        with running(folder) as server, closing(Client(server, folder)) as client:
            yield client
        return
    with request.getfixturevalue("postgres_server").database() as url:
        migrate.upgrade(url)
        with running(folder, database_url=url) as server, closing(Client(server, folder)) as client:
            yield client


def test_a_configuration_that_another_process_changed_is_in_force_after_the_next_look(client: Client) -> None:
    model = client.publish("changed", WHO, 'idle_timeout = "10m"')
    before = client.create(model, wait=20)["output"]
    assert client.create(model, wait=20)["output"] == before
    elsewhere.change(client.server, f"UPDATE versions SET revision = revision + 1 WHERE {OF_MODEL}", "changed")
    until(lambda: not Path(f"/proc/{before}").exists(), "the old worker goes", deadline=LOOK + SLACK)
    assert client.create(model, wait=20)["output"] != before
    assert [one["model"]["name"] for one in workers(client)].count("changed") == 1


@pytest.mark.parametrize("what", ["version", "model"])
def test_what_another_process_deleted_has_no_worker_after_the_next_look(client: Client, what: str) -> None:
    name = f"deleted-{what}"
    model = client.publish(name, WHO, 'idle_timeout = "10m"')
    pid = client.create(model, wait=20)["output"]
    where = OF_MODEL if what == "version" else "name = ?"
    elsewhere.change(client.server, f"UPDATE {what}s SET deleted_at = created_at WHERE {where}", name)
    until(lambda: not Path(f"/proc/{pid}").exists(), "its worker goes", deadline=LOOK + SLACK)


def test_what_is_as_it_was_keeps_its_worker(client: Client) -> None:
    """Its idle time is over when it has been looked at several times."""
    model = client.publish("kept", WHO, 'idle_timeout = "10m"')
    other = client.publish("other", WHO, 'idle_timeout = "10m"')
    kept, gone = (client.create(one, wait=20)["output"] for one in (model, other))
    elsewhere.change(client.server, f"UPDATE versions SET revision = revision + 1 WHERE {OF_MODEL}", "other")
    until(lambda: not Path(f"/proc/{gone}").exists(), "the other's worker goes", deadline=LOOK + SLACK)
    assert client.create(model, wait=20)["output"] == kept


OF_MODEL = "model_id = (SELECT id FROM models WHERE name = ?)"


def workers(client: Client) -> list[Json]:
    return client.http.get("/workers").raise_for_status().json()["workers"]
