"""Admins see what happened in the last minutes, and what is broken; what they see is as the description says."""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.support import models
from tests.support.people import token_of
from tests.support.server import Server, running
from tests.support.signals import until

PATH = "/v1/statistics"
TIMES = {"p50", "p95"}
COUNTS = {"created", "succeeded", "failed", "cancelled", "abandoned"}
FAILING = models.Source(
    """
    print("no weights far and wide", flush=True)
    raise RuntimeError("nothing to load")

    def predict(text: str) -> str:
        return text
    """,
    input=models.SHOUT.input,
    output={"type": "string"},
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    with running(tmp_path_factory.mktemp("statistics"), max_wait="20s", default_wait="10s") as server:
        yield server


@pytest.fixture(scope="module")
def admin(place: Server) -> Generator[httpx.Client]:
    headers = {"Authorization": f"Bearer {place.token}"}
    with httpx.Client(base_url=place.url, headers=headers, timeout=25) as http:
        yield http


def _figures(http: httpx.Client, **asked: Any) -> dict[str, Any]:
    return http.get(PATH, params=asked).raise_for_status().json()


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def test_what_ran_and_failed_is_counted_by_minute_and_by_model(admin: httpx.Client) -> None:
    shout = models.publish(admin, "shout", models.SHOUT)
    for text in ("a", "b", 3):
        admin.post("/v1/predictions", json={"model": shout, "input": {"text": text}}, headers={"Prefer": "wait=15"})
    found = until(lambda: now if (now := _figures(admin, minutes=5))["models"] else None, "it is counted")
    assert found is not None
    assert set(found) == {"since", "until", "complete", "queue", "minutes", "models", "broken"}
    assert found["complete"] is True
    assert found["queue"] == {"pending": 0, "starting": 0, "started": 0, "oldest_at": None}
    assert [set(one) for one in found["minutes"]] == [COUNTS | {"at", "queued", "queue_time", "run_time"}] * 5
    times = [_seconds(one["at"]) for one in found["minutes"]]
    assert times == [times[0] + 60 * number for number in range(5)]
    assert all(time % 60 == 0 for time in times)
    assert found["minutes"][0]["at"] == found["since"]
    assert 0 <= _seconds(found["until"]) - times[-1] < 60
    totals = {name: sum(one[name] for one in found["minutes"]) for name in COUNTS}
    assert totals == {"created": 3, "succeeded": 2, "failed": 1, "cancelled": 0, "abandoned": 0}
    (model,) = found["models"]
    assert model["model"] == {"owner": "owner", "name": "shout", "version_number": 1}
    assert {name: model[name] for name in COUNTS} == totals
    assert set(model["queue_time"]) == set(model["run_time"]) == TIMES
    assert 0 < model["run_time"]["p50"] <= model["run_time"]["p95"] < 10


def test_a_broken_version_is_shown_with_its_reason_and_its_last_lines(admin: httpx.Client) -> None:
    failing = models.publish(admin, "failing", FAILING)
    made = admin.post(
        "/v1/predictions", json={"model": failing, "input": {"text": "a"}}, headers={"Prefer": "wait=20"}
    ).json()
    assert made["status"] == "failed"
    found = until(lambda: now if (now := _figures(admin, minutes=7))["broken"] else None, "it is shown")
    assert found is not None
    (broken,) = found["broken"]
    assert broken["model"] == {"owner": "owner", "name": "failing", "version_number": 1}
    assert "nothing to load" in broken["reason"]
    assert abs(datetime.fromisoformat(broken["since"]) - datetime.fromisoformat(found["until"])) < timedelta(minutes=1)
    assert "no weights far and wide" in [line["text"] for line in broken["logs"]]
    assert len([line for line in broken["logs"] if line["text"] == "no weights far and wide"]) == 1


def test_only_admins_see_it_and_only_so_many_minutes(place: Server, admin: httpx.Client) -> None:
    headers = {"Authorization": f"Bearer {token_of(place, 'dora')}"}
    refused = httpx.get(f"{place.url}{PATH}", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "admins_only")
    assert httpx.get(f"{place.url}{PATH}").status_code == 401
    for minutes, kind in ((0, "greater_than_equal"), (181, "less_than_equal"), ("many", "int_parsing")):
        answer = admin.get(PATH, params={"minutes": minutes})
        assert answer.status_code == 422
        (wrong,) = answer.json()["detail"]
        assert (wrong["loc"], wrong["type"]) == (["query", "minutes"], kind)
    assert len(_figures(admin)["minutes"]) == 60
    assert len(_figures(admin, minutes=180)["minutes"]) == 180
