"""What the official client does with variables, and what the wire says of them."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import pytest

from tests.client.conftest import Use
from tests.support.server import Server

pytestmark = pytest.mark.anyio

VARIABLE = {"name", "key", "value", "secret", "created_at", "updated_at"}


def fresh() -> str:
    return f"v{uuid.uuid4().hex[:12]}"


async def test_a_variable_is_made_changed_listed_and_deleted(use: Use) -> None:
    name = fresh()
    made = await use("variables", "create", {"name": name, "key": "REGION", "value": "north", "secret": False})
    assert set(made) == VARIABLE
    assert (made["name"], made["key"], made["value"], made["secret"]) == (name, "REGION", "north", False)
    assert made["updated_at"] is None
    changed = await use("variables", "update", name, {"value": "south"})
    assert (changed["key"], changed["value"]) == ("REGION", "south")
    assert changed["updated_at"] > changed["created_at"]
    assert (await use("variables", "update", name, {"key": "PLACE"}))["value"] == "south"
    assert changed["name"] in [one["name"] for one in (await use("variables", "list", {"page_size": 50})).items]
    await use("variables", "delete", name)
    with pytest.raises(httpx.HTTPStatusError):
        await use("variables", "delete", name)


async def test_the_value_of_a_secret_is_empty_wherever_it_is_shown(use: Use) -> None:
    name = fresh()
    made = await use("variables", "create", {"name": name, "key": "TOKEN", "value": "hush", "secret": True})
    changed = await use("variables", "update", name, {"value": "hush hush"})
    (listed,) = [one for one in (await use("variables", "list", {"page_size": 50})).items if one["name"] == name]
    assert (made["value"], changed["value"], listed["value"]) == ("", "", "")
    await use("variables", "delete", name)


async def test_lists_of_variables_have_pages(use: Use) -> None:
    names = sorted(fresh() for _ in range(3))
    for name in names:
        await use("variables", "create", {"name": name, "key": "K", "value": "v", "secret": False})
    seen: list[str] = []
    page: Any = await use("variables", "list", {"page_size": 2})
    while True:
        seen += [one["name"] for one in page.items]
        if page.next_cursor is None:
            break
        page = await use("variables", "list", {"page_size": 2, "cursor": page.next_cursor})
    assert [name for name in seen if name in names] == names
    assert seen == sorted(seen)
    for name in names:
        await use("variables", "delete", name)


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ({"name": "x", "key": "K", "value": "hush hush"}, [["body", "secret"]]),
        ({"name": "x", "key": "K", "value": ["hush hush"], "secret": True}, [["body", "value"]]),
        ({"name": "x", "key": "K", "value": "hush hush", "secret": "yes"}, [["body", "secret"]]),
        (
            {"name": "", "key": "PATH", "value": "hush hush\0", "secret": True},
            [["body", one] for one in ("name", "key", "value")],
        ),
        ({"hush hush": 1}, [["body", one] for one in ("name", "key", "value", "secret")]),
    ],
)
def test_what_is_wrong_is_said_without_the_value(server: Server, body: dict[str, Any], places: Any) -> None:
    headers = {"Authorization": f"Bearer {server.token}"}
    answer = httpx.post(f"{server.api}/variables", json=body, headers=headers)
    assert answer.status_code == 422
    assert [one["loc"] for one in answer.json()["detail"]] == places
    assert "hush" not in answer.text


def test_a_variable_of_the_same_name_is_a_clash_and_deletes_answer_null(server: Server) -> None:
    with httpx.Client(base_url=server.api, headers={"Authorization": f"Bearer {server.token}"}) as http:
        body = {"name": fresh(), "key": "K", "value": "v", "secret": False, "sekret": True}
        made = http.post("/variables", json=body)
        assert (made.status_code, made.headers["augury-ignored"]) == (200, "sekret")
        assert http.post("/variables", json=body).json()["code"] == "variable_exists"
        deleted = http.delete(f"/variables/{body['name']}")
        assert (deleted.status_code, deleted.text) == (200, "null")
        assert http.delete(f"/variables/{body['name']}").json()["code"] == "variable_not_found"
        assert http.get("/variables", headers={"Authorization": "Bearer aug_no"}).status_code == 401
