"""What operators and owners of data ask for: metrics, workers, readiness, and that something is gone."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import anyio
import httpx
import pytest

from augury.domain.account import Account
from augury.domain.ids import AccountId, IdSource
from augury.service.access import Access
from augury.store import users
from augury.store.database import open_database
from tests.support.publishing import Client
from tests.support.server import Server, running
from tests.support.signals import until

SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")


def metrics(http: httpx.Client) -> dict[tuple[str, str], float]:
    """Every sample by its name and labels."""
    text = http.get("/metrics").raise_for_status().text
    found = (SAMPLE.match(line) for line in text.splitlines() if not line.startswith("#"))
    return {(one[1], one[2] or ""): float(one[3]) for one in found if one}


def settled(owner: httpx.Client, model: str, **inputs: object) -> str:
    """The id of a prediction that has succeeded."""
    answer = owner.post("/v1/predictions", json={"model": model, "input": inputs}, headers={"Prefer": "wait=10"})
    assert answer.json()["status"] == "succeeded", answer.text
    return answer.json()["id"]


@pytest.fixture
def bob(server: Server) -> Generator[httpx.Client]:
    """HTTP with the token of somebody who is no admin."""

    async def make() -> str:
        async with open_database(f"sqlite:///{server.data / 'augury.db'}") as db:
            ids = IdSource()
            account = AccountId(ids.next())
            name = f"bob-{account[-12:]}"
            await db.write(lambda c: users.insert(c, Account(account, name, False, 1)))
            return await Access(db, ids, lambda: 1).issue_token(account, "test")

    with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {anyio.run(make)}"}) as http:
        yield http


def test_a_removed_prediction_keeps_its_status_and_nothing_that_it_was_given_or_gave(
    owner: httpx.Client, echo: str
) -> None:
    one = settled(owner, echo, value="a secret")
    before = owner.get(f"/v1/predictions/{one}").json()
    for _ in range(2):
        answer = owner.delete(f"/v1/predictions/{one}")
        assert (answer.status_code, answer.json()) == (200, None)
    after = owner.get(f"/v1/predictions/{one}").json()
    assert (after["input"], after["output"], after["metrics"], after["stream"]) == (None, None, None, False)
    same = ("id", "status", "created_at", "model", "execution_time", "error", "updated_at")
    assert [after[name] for name in same] == [before[name] for name in same]
    assert one in [item["id"] for item in owner.get("/v1/predictions").json()["items"]]


def test_the_error_of_a_removed_prediction_stays(owner: httpx.Client, shout: str) -> None:
    answer = owner.post("/v1/predictions", json={"model": shout, "input": {"text": 3}})
    assert answer.json()["status"] == "failed"
    one = answer.json()["id"]
    owner.delete(f"/v1/predictions/{one}").raise_for_status()
    after = owner.get(f"/v1/predictions/{one}").json()
    assert after["error"] == answer.json()["error"]
    assert after["input"] is None


def test_a_prediction_that_has_not_ended_is_cancelled_before_it_is_removed(
    owner: httpx.Client, latch: str, tmp_path: Path
) -> None:
    answer = owner.post("/v1/predictions", json={"model": latch, "input": {"path": str(tmp_path / "gate")}})
    one = answer.json()["id"]
    refused = owner.delete(f"/v1/predictions/{one}")
    assert (refused.status_code, refused.json()["code"]) == (409, "prediction_active")
    assert f"/v1/predictions/{one}/cancel" in refused.json()["hint"]
    assert owner.get(f"/v1/predictions/{one}").json()["input"] is not None
    owner.post(f"/v1/predictions/{one}/cancel").raise_for_status()
    until(lambda: owner.get(f"/v1/predictions/{one}").json()["status"] == "cancelled", "it is cancelled")
    assert owner.delete(f"/v1/predictions/{one}").status_code == 200


def test_nobody_removes_what_is_not_theirs(
    owner: httpx.Client, stranger: httpx.Client, bob: httpx.Client, echo: str
) -> None:
    one = settled(owner, echo, value=1)
    assert stranger.delete(f"/v1/predictions/{one}").status_code == 401
    refused = bob.delete(f"/v1/predictions/{one}")
    assert (refused.status_code, refused.json()["code"]) == (404, "prediction_not_found")
    assert owner.get(f"/v1/predictions/{one}").json()["output"] == 1
    assert owner.delete("/v1/predictions/0199e7c6-3f0e-7a31-b1c4-9f2d1c0a7b55").status_code == 404
    assert owner.delete("/v1/predictions/no-id").status_code == 422


def test_the_metrics_show_the_queue_what_runs_and_what_ended(
    owner: httpx.Client, stranger: httpx.Client, latch: str, tmp_path: Path
) -> None:
    gates = [tmp_path / "first", tmp_path / "second"]
    before = metrics(stranger)
    made = [
        owner.post("/v1/predictions", json={"model": latch, "input": {"path": str(gate)}}).json()["id"]
        for gate in gates
    ]
    until(lambda: owner.get(f"/v1/predictions/{made[0]}").json()["status"] == "started", "the first runs")
    version = f'version="{latch}"'
    now = metrics(stranger)
    # One more may wait in the worker's socket: then it is assigned, and the queue is empty.
    waiting = now["augury_queue_predictions", version]
    assert now["augury_running_predictions", version] + waiting == 2
    assert now["augury_queue_oldest_seconds", version] >= 0
    assert now["augury_workers", f'state="ready",{version}'] >= 1
    assert now["augury_database_bytes", ""] > 4096
    for gate in gates:
        gate.touch()
    for one in made:
        until(lambda one=one: owner.get(f"/v1/predictions/{one}").json()["status"] == "succeeded", "it ends")
    after = metrics(stranger)
    ended = ("augury_predictions_ended_total", 'status="succeeded"')
    assert after[ended] == before[ended] + 2
    assert after["augury_http_answers_total", 'status="2xx"'] > now["augury_http_answers_total", 'status="2xx"']


def test_the_queue_of_a_version_and_the_age_of_its_oldest_are_shown(tmp_path: Path) -> None:
    with running(tmp_path, grace_period="1") as server, closing(Client(server, tmp_path)) as client:
        model = client.publish("slow", "import time\ndef predict() -> None:\n    time.sleep(600)")
        running_one = client.create(model)
        client.reaches(running_one["id"], "started")
        for _ in range(3):
            client.create(model)
        with httpx.Client(base_url=server.url) as http:
            version = f'version="{model}"'
            found = until(
                lambda: now if (now := metrics(http))["augury_queue_predictions", version] == 3 else None, "3 wait"
            )
            assert found is not None
            first = found["augury_queue_oldest_seconds", version]
            assert first > 0
            until(lambda: metrics(http)["augury_queue_oldest_seconds", version] > first, "the oldest gets older")


def test_a_server_that_others_can_reach_shows_its_metrics_to_admins_alone(tmp_path: Path) -> None:
    with running(tmp_path, metrics="admin") as server, httpx.Client(base_url=server.url) as http:
        refused = http.get("/metrics")
        assert (refused.status_code, refused.json()["code"]) == (401, "missing_token")
        shown = http.get("/metrics", headers={"Authorization": f"Bearer {server.token}"})
        assert shown.status_code == 200
        assert shown.headers["content-type"].startswith("text/plain; version=0.0.4")


def test_every_metric_is_described_and_nothing_else_is(stranger: httpx.Client) -> None:
    text = stranger.get("/metrics").text
    shown = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE ")}
    page = (Path(__file__).resolve().parents[2] / "docs" / "operations.md").read_text()
    assert len(shown) > 15
    assert shown == set(re.findall(r"^\| `(augury_\w+)", page, re.MULTILINE))


def test_an_admin_sees_what_runs_where_and_nobody_else(
    owner: httpx.Client, stranger: httpx.Client, bob: httpx.Client, latch: str, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    one = owner.post("/v1/predictions", json={"model": latch, "input": {"path": str(gate)}}).json()["id"]
    until(lambda: owner.get(f"/v1/predictions/{one}").json()["status"] == "started", "it runs")
    found = owner.get("/v1/workers").raise_for_status().json()
    (node,) = found["nodes"]
    (worker,) = [each for each in found["workers"] if one in each["predictions"]]
    assert worker["node_id"] == node["id"] == owner.get("/readyz").json()["node"]
    assert (worker["state"], worker["slots"], worker["model"]["name"]) == ("ready", 1, "latch")
    assert Path(f"/proc/{worker['pid']}").exists()
    assert Path(f"/proc/{node['pid']}").exists()
    assert worker["created_at"] <= worker["ready_at"] <= node["lease_until"]
    assert stranger.get("/v1/workers").status_code == 401
    assert (bob.get("/v1/workers").status_code, bob.get("/v1/workers").json()["code"]) == (403, "admins_only")
    gate.touch()
    until(lambda: owner.get(f"/v1/predictions/{one}").json()["status"] == "succeeded", "it ends")
    assert not [each for each in owner.get("/v1/workers").json()["workers"] if one in each["predictions"]]
