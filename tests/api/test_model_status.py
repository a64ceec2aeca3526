"""Whether a model can be run now is said wherever it is shown; why it cannot, to those who may run it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support import models
from tests.support.models import Source
from tests.support.people import token_of
from tests.support.publishing import Client
from tests.support.server import Server, running
from tests.support.signals import until

BROKEN = Source(
    """
    class Predictor:
        def setup(self):
            print("looking for weights", flush=True)
            raise RuntimeError("no weights here")

        def predict(self, text: str) -> str:
            return text
    """,
    input={"type": "object", "properties": {"text": {"type": "string"}}},
    output={"type": "string"},
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[Server, Client]]:
    folder = tmp_path_factory.mktemp("status")
    with running(folder, max_wait="20s", default_wait="10s") as server, closing(Client(server, folder)) as client:
        yield server, client


@pytest.fixture(scope="module")
def owner(place: tuple[Server, Client]) -> Generator[httpx.Client]:
    headers = {"Authorization": f"Bearer {place[0].token}"}
    with httpx.Client(base_url=place[0].url, headers=headers, timeout=25) as http:
        yield http


@pytest.fixture(scope="module")
def bob(place: tuple[Server, Client]) -> Generator[httpx.Client]:
    """Somebody who is no admin and has nothing."""

    with httpx.Client(base_url=place[0].url, headers={"Authorization": f"Bearer {token_of(place[0], 'bob')}"}) as http:
        yield http


@pytest.fixture(scope="module")
def broken(owner: httpx.Client) -> str:
    """A model that has been found unable to start; everyone sees it, its owner alone may run it."""
    model = models.publish(owner, "broken", BROKEN, visibility="restricted")
    made = owner.post("/v1/predictions", json={"model": model, "input": {}}, headers={"Prefer": "wait=20"})
    assert made.json()["status"] == "failed", made.text
    return model


def _status(http: httpx.Client, name: str) -> str:
    return http.get(f"/v1/models/owner/{name}").raise_for_status().json()["status"]


def _listed(http: httpx.Client, path: str) -> dict[str, str]:
    found: list[dict[str, Any]] = http.get(path).raise_for_status().json()["items"]
    return {one["name"]: one["status"] for one in found}


def test_a_model_is_empty_then_cold_then_starting_then_ready(
    place: tuple[Server, Client], owner: httpx.Client, tmp_path: Path
) -> None:
    made = owner.post("/v1/models", json={"name": "gated", "visibility": "public"}).json()
    assert (made["status"], _status(owner, "gated")) == ("empty", "empty")
    gate = tmp_path / "gate"
    code = f"""
    import os, threading

    while not os.path.exists({str(gate)!r}):
        threading.Event().wait(0.005)

    def predict(text: str) -> str:
        return text
    """
    model = models.publish(owner, "gated", Source(code, models.SHOUT.input, {"type": "string"}))
    assert _status(owner, "gated") == "cold"
    one = owner.post("/v1/predictions", json={"model": model, "input": {"text": "a"}}).json()["id"]
    until(lambda: _status(owner, "gated") == "starting", "its worker is being started")
    gate.touch()
    place[1].ended(one)
    assert _status(owner, "gated") == "ready"
    assert _listed(owner, "/v1/models")["gated"] == "ready"
    assert _listed(owner, "/v1/user/models")["gated"] == "ready"
    assert _listed(owner, "/v1/search/models?q=gated")["gated"] == "ready"


def test_a_model_whose_latest_version_cannot_start_is_broken_and_says_why_to_those_who_may_run_it(
    owner: httpx.Client, bob: httpx.Client, broken: str
) -> None:
    assert _status(owner, "broken") == _status(bob, "broken") == "broken"
    assert _listed(bob, "/v1/models")["broken"] == "broken"
    path = "/v1/models/owner/broken/versions/1"
    assert "no weights here" in owner.get(path).json()["broken_reason"]
    assert "no weights here" in owner.get("/v1/models/owner/broken").json()["latest_version"]["broken_reason"]
    assert bob.get(path).json()["broken_reason"] is None
    assert bob.get("/v1/models/owner/broken").json()["latest_version"]["broken_reason"] is None


def test_what_the_setups_of_a_version_wrote_is_read_by_its_owner_in_pages_both_ways(
    owner: httpx.Client, bob: httpx.Client, broken: str
) -> None:
    path = "/v1/models/owner/broken/versions/1/logs"
    whole = owner.get(path, params={"page_size": 100}).raise_for_status().json()
    said = [one for one in whole["items"] if one["text"] == "looking for weights"]
    assert len(said) == 3
    assert {(one["phase"], one["attempt"]) for one in whole["items"]} == {("setup", 0)}
    assert (whole["next_cursor"], whole["previous_cursor"]) == (None, None)
    first = owner.get(path, params={"page_size": 2}).json()
    second = owner.get(path, params={"page_size": 2, "cursor": first["next_cursor"]}).json()
    assert first["items"] + second["items"] == whole["items"][:4]
    back = owner.get(path, params={"page_size": 2, "cursor": second["previous_cursor"]}).json()
    assert back["items"] == first["items"]
    refused = bob.get(path)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
    assert owner.get(f"{path[:-6]}9/logs").json()["code"] == "version_not_found"
    assert owner.get(path, params={"cursor": "x"}).status_code == 422
    assert httpx.get(f"{owner.base_url}{path}").status_code == 401


def test_a_version_that_never_started_has_no_lines(owner: httpx.Client) -> None:
    models.publish(owner, "never", models.SHOUT)
    found = owner.get("/v1/models/owner/never/versions/1/logs").json()
    assert found == {"items": [], "next_cursor": None, "previous_cursor": None}
    assert owner.get("/v1/models/owner/never/versions/1").json()["broken_reason"] is None
