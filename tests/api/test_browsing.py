"""A list of predictions is narrowed by model, time and state; whose it shows depends on who asks."""

from __future__ import annotations

import base64
import json
from collections.abc import Generator
from typing import Any

import httpx
import pytest

from tests.support.people import token_of
from tests.support.server import Server

PATH = "/v1/predictions"


@pytest.fixture(scope="module")
def carol(server: Server) -> Generator[httpx.Client]:
    """Somebody who is no admin."""
    headers = {"Authorization": f"Bearer {token_of(server, 'carol')}"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=25) as http:
        yield http


def _ran(http: httpx.Client, model: str, **inputs: Any) -> dict[str, Any]:
    answer = http.post(PATH, json={"model": model, "input": inputs}, headers={"Prefer": "wait=15"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def _ids(http: httpx.Client, **asked: Any) -> list[str]:
    return [one["id"] for one in http.get(PATH, params=asked).raise_for_status().json()["items"]]


def test_a_list_is_narrowed_to_a_model_a_version_and_a_time_and_its_cursor_carries_that(
    owner: httpx.Client, echo: str, shout: str
) -> None:
    plain = shout.partition(":")[0]
    first, second, third = (_ran(owner, shout, text=text) for text in "abc")
    other = _ran(owner, echo, value=1)
    last = _ran(owner, shout, text="d")
    mine = _ids(owner, model=plain)
    assert mine[:4] == [one["id"] for one in (last, third, second, first)]
    assert other["id"] not in mine
    assert other["id"] in _ids(owner)
    assert _ids(owner, model=shout.upper()) == _ids(owner, model=shout) == mine
    assert _ids(owner, model=f"{plain}:99") == _ids(owner, model="owner/nothing") == []
    since = {"created_after": second["created_at"], "created_before": last["created_at"]}
    assert _ids(owner, model=plain, **since) == [third["id"], second["id"]]
    assert _ids(owner, **since) == [other["id"], third["id"], second["id"]]
    assert _ids(owner, model=plain, statuses="failed", **since) == []
    page = owner.get(PATH, params={"model": plain, "statuses": "succeeded", "page_size": 1, **since}).json()
    assert [one["id"] for one in page["items"]] == [third["id"]]
    following = owner.get(PATH, params={"page_size": 1, "cursor": page["next_cursor"]}).json()
    assert [one["id"] for one in following["items"]] == [second["id"]]
    assert following["next_cursor"] is None
    back = owner.get(PATH, params={"page_size": 1, "cursor": following["previous_cursor"]}).json()
    assert [one["id"] for one in back["items"]] == [third["id"]]


def test_an_admin_sees_everybodys_and_others_only_their_own(
    owner: httpx.Client, carol: httpx.Client, shout: str
) -> None:
    hers, his = _ran(carol, shout, text="hers"), _ran(owner, shout, text="his")
    assert _ids(carol) == _ids(carol, everyone=False) == _ids(carol, model=shout) == [hers["id"]]
    assert hers["id"] not in _ids(owner)
    assert _ids(owner, everyone=True)[:2] == _ids(owner, everyone=True, model=shout)[:2] == [his["id"], hers["id"]]
    refused = carol.get(PATH, params={"everyone": True})
    assert (refused.status_code, refused.json()["code"]) == (403, "admins_only")
    cursor = owner.get(PATH, params={"everyone": True, "page_size": 1}).json()["next_cursor"]
    assert owner.get(PATH, params={"cursor": cursor}).json()["items"][0]["id"] == hers["id"]
    refused = carol.get(PATH, params={"cursor": cursor})
    assert (refused.status_code, refused.json()["code"]) == (403, "admins_only")


@pytest.mark.parametrize("name", ["created_after", "created_before"])
@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2025-08-13", "2025-08-13T11:48:44", "2025-13-13T11:48:44Z", "2025-08-13T11:48:44 01:00", "1755"],
)
def test_what_is_no_time_is_refused_with_its_place(owner: httpx.Client, name: str, text: str) -> None:
    answer = owner.get(PATH, params={name: text})
    assert answer.status_code == 422
    (place,) = answer.json()["detail"]
    assert (place["loc"], place["type"]) == (["query", name], "datetime_parsing")


def test_times_are_understood_with_any_offset(owner: httpx.Client) -> None:
    assert _ids(owner, created_after="9999-12-31T23:59:59.999999999Z") == []
    assert _ids(owner, created_before="0001-01-01T00:00:00+14:00") == []
    assert _ids(owner, created_after="1970-01-01t00:00:00-23:59")


def test_what_is_no_model_is_refused_with_its_place(owner: httpx.Client) -> None:
    answer = owner.get(PATH, params={"model": "shout"})
    assert answer.status_code == 422
    (place,) = answer.json()["detail"]
    assert (place["loc"], place["type"]) == (["query", "model"], "model_reference")


@pytest.mark.parametrize(
    "filters",
    [
        {"model": "shout"},
        {"model": ["a/b"]},
        {"created_after": "yesterday"},
        {"created_before": ["2025-08-13T11:48:44Z"]},
        {"everyone": ["true"]},
        {"statuses": "failed"},
        {"statuses": ["gone"]},
    ],
    ids=json.dumps,
)
def test_a_cursor_that_was_tampered_with_is_refused(owner: httpx.Client, filters: dict[str, Any]) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps([filters, None, False]).encode()).rstrip(b"=").decode()
    answer = owner.get(PATH, params={"cursor": cursor})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["query", "cursor"]
