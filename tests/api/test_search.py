"""Searches and categories over HTTP: open to everyone, and whatever is sent is answered or refused."""

from __future__ import annotations

import httpx
import pytest


def test_models_are_found_without_a_token_and_ones_own_private_ones_with_it(
    owner: httpx.Client, stranger: httpx.Client
) -> None:
    for name, visibility in (("kestrel-one", "public"), ("kestrel-two", "private")):
        owner.post("/v1/models", json={"name": name, "visibility": visibility}).raise_for_status()
    found = stranger.get("/v1/search/models", params={"q": "kestrel"}).raise_for_status().json()
    assert [one["name"] for one in found["items"]] == ["kestrel-one"]
    assert set(found) == {"items", "next_cursor", "previous_cursor"}
    listed = stranger.get("/v1/models/owner").json()["items"]
    assert found["items"][0] in listed
    mine = owner.get("/v1/search/models", params={"q": "kest"}).json()["items"]
    assert {one["name"] for one in mine} == {"kestrel-one", "kestrel-two"}
    for name in ("kestrel-one", "kestrel-two"):
        owner.delete(f"/v1/models/owner/{name}").raise_for_status()
    assert owner.get("/v1/search/models", params={"q": "kestrel"}).json()["items"] == []


def test_users_are_found_as_lists_show_them(owner: httpx.Client, stranger: httpx.Client) -> None:
    found = stranger.get("/v1/search/users", params={"q": "own"}).raise_for_status().json()["items"]
    assert found == [one for one in stranger.get("/v1/users").json()["items"] if one["name"] == "owner"]


@pytest.mark.parametrize("kind", ["models", "users"])
@pytest.mark.parametrize(
    "query", ['"', "*", ":", "-", "NEAR(", "' OR 1=1", "%", "\0", "🚀", "{title}:a", "\\"], ids=ascii
)
def test_whatever_is_looked_for_is_answered(stranger: httpx.Client, kind: str, query: str) -> None:
    answer = stranger.get(f"/v1/search/{kind}", params={"q": query})
    assert answer.status_code == 200
    assert answer.json() == {"items": [], "next_cursor": None, "previous_cursor": None}


@pytest.mark.parametrize("kind", ["models", "users"])
@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({}, "missing"),
        ({"q": ""}, "search_empty"),
        ({"q": "  "}, "search_empty"),
        ({"q": "x" * 10_000}, "string_too_long"),
        ({"q": "a", "cursor": "x"}, "cursor"),
        ({"q": "a", "page_size": "0"}, "greater_than_equal"),
    ],
    ids=lambda one: str(one)[:30],
)
def test_what_is_no_search_is_refused(stranger: httpx.Client, kind: str, params: dict[str, str], error: str) -> None:
    answer = stranger.get(f"/v1/search/{kind}", params=params)
    assert answer.status_code == 422
    assert [one["type"] for one in answer.json()["detail"]] == [error]


def test_categories_are_made_listed_put_on_models_and_deleted(owner: httpx.Client, stranger: httpx.Client) -> None:
    path = "/v1/model_categories"
    body = {"name": "Bird song", "description": "Sings", "colour": "red"}
    made = owner.post(path, json=body)
    expected = {"name": "Bird song", "slug": "bird-song", "description": "Sings"}
    assert (made.status_code, made.json(), made.headers["Augury-Ignored"]) == (200, expected, "colour")
    assert owner.post(path, json=body).json()["code"] == "category_exists"
    assert stranger.post(path, json=body).status_code == 401
    assert stranger.get(path).json() == {"items": [expected], "next_cursor": None, "previous_cursor": None}
    assert stranger.get(f"{path}/bird-song").json() == expected

    model = owner.post("/v1/models", json={"name": "wren", "visibility": "public", "category_slugs": ["bird-song"]})
    brief = {"name": "Bird song", "slug": "bird-song"}
    assert model.raise_for_status().json()["categories"] == [brief]
    listed = stranger.get("/v1/models", params={"category_slugs": ["none", "bird-song"]}).json()["items"]
    assert [(one["name"], one["categories"]) for one in listed] == [("wren", [brief])]
    refused = owner.patch("/v1/models/owner/wren", json={"category_slugs": ["none"]})
    assert refused.status_code == 422

    changed = owner.patch(f"{path}/bird-song", json={"name": "Songs"})
    assert changed.json() == expected | {"name": "Songs"}
    assert owner.patch(f"{path}/bird-song", json={"name": 5}).status_code == 422
    assert owner.delete(f"{path}/bird-song").json() is None
    assert owner.delete(f"{path}/bird-song").status_code == 404
    assert stranger.get("/v1/models/owner/wren").json()["categories"] == []
    owner.delete("/v1/models/owner/wren").raise_for_status()
