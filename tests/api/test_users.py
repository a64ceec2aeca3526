"""Users, tokens and access lists over HTTP: their shapes, and what is sent in their place."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import pytest

from tests.api.test_create import problems

Json = dict[str, Any]

SUMMARY = {
    "account_id", "name", "avatar_url", "display_name", "bio", "location", "company", "created_at", "updated_at",
}  # fmt: skip
TOKEN = {"id", "name", "scopes", "created_at", "expires_at", "revoked_at", "last_used_at"}


@pytest.fixture
def name(owner: httpx.Client) -> str:
    made = f"user-{uuid.uuid4().hex[:12]}"
    owner.post("/v1/users", json={"name": made}).raise_for_status()
    return made


def token(owner: httpx.Client, **fields: Any) -> Json:
    answer = owner.post("/v1/tokens", json={"name": "test", **fields})
    assert answer.status_code == 200, answer.text
    return answer.json()


def bearer(made: Json) -> Json:
    return {"Authorization": f"Bearer {made['token']}"}


def test_users_are_listed_and_shown_to_everybody_in_the_contracts_shape(
    owner: httpx.Client, stranger: httpx.Client, name: str
) -> None:
    for http in (owner, stranger):
        page = http.get("/v1/users", params={"page_size": 100}).json()
        assert set(page) == {"items", "next_cursor", "previous_cursor"}
        assert {frozenset(one) for one in page["items"]} == {frozenset(SUMMARY)}
        assert page["items"][0]["name"] == "owner", "the oldest first"
        newest = http.get("/v1/users", params={"sort_by": "created_at", "sort_direction": "desc"}).json()
        assert newest["items"][0]["name"] == name
        assert set(http.get(f"/v1/users/{name.upper()}").json()) == SUMMARY | {"urls"}
        assert http.get("/v1/users/nobody-at-all").json()["code"] == "user_not_found"
    seen = owner.get(f"/v1/users/{name}", params={"view": "admin"}).json()
    assert set(seen) == SUMMARY | {"urls", "admin", "disabled_at"}


def test_a_cursor_alone_is_enough_to_go_on_with_the_list(owner: httpx.Client) -> None:
    for _ in range(3):
        owner.post("/v1/users", json={"name": f"user-{uuid.uuid4().hex[:12]}"}).raise_for_status()
    whole = owner.get("/v1/users", params={"page_size": 100, "sort_direction": "desc"}).json()["items"]
    first = owner.get("/v1/users", params={"page_size": 2, "sort_direction": "desc"}).json()
    second = owner.get("/v1/users", params={"page_size": 2, "cursor": first["next_cursor"]}).json()
    assert first["items"] + second["items"] == whole[:4]
    back = owner.get("/v1/users", params={"page_size": 2, "cursor": second["previous_cursor"]}).json()
    assert back["items"] == first["items"]


@pytest.mark.parametrize("view", [{"view": "admin"}])
def test_what_admins_see_is_for_admins(owner: httpx.Client, stranger: httpx.Client, name: str, view: Json) -> None:
    theirs = bearer(token(owner, account=name))
    for path in ("/v1/users", "/v1/users/owner"):
        assert stranger.get(path, params=view).json()["code"] == "missing_token"
        assert stranger.get(path, params=view, headers=theirs).json()["code"] == "admins_only"
        weak = bearer(token(owner, scopes=["predict"]))
        assert stranger.get(path, params=view, headers=weak).json()["code"] == "admins_only"


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ({"sort_by": "name"}, "sort_by"),
        ({"sort_direction": "up"}, "sort_direction"),
        ({"page_size": "0"}, "page_size"),
        ({"cursor": "x"}, "cursor"),
        ({"view": "secret"}, "view"),
    ],
)
def test_a_list_of_users_that_cannot_be_is_refused(owner: httpx.Client, query: Json, place: str) -> None:
    assert problems(owner.get("/v1/users", params=query))[0][0] == ["query", place]


@pytest.mark.parametrize("path", ["/v1/tokens", "/v1/models/owner/no-model/access"])
def test_a_cursor_of_another_list_is_refused(owner: httpx.Client, path: str) -> None:
    owner.post("/v1/models", json={"name": "no-model"})
    cursor = "W3t9LFsxXSx0cnVlXQ"
    assert problems(owner.get(path, params={"cursor": cursor}))[0][0] == ["query", "cursor"]


@pytest.mark.parametrize(
    ("body", "place", "kind"),
    [
        ({}, "name", "missing"),
        ({"name": None}, "name", "string_type"),
        ({"name": 5}, "name", "string_type"),
        ({"name": "not a name"}, "name", "name"),
        ({"name": "../etc"}, "name", "name"),
        ({"name": ""}, "name", "name"),
        ({"name": "x" * 65}, "name", "name"),
        ({"name": "ok", "admin": "yes"}, "admin", "bool_type"),
        ({"name": "ok", "admin": None}, "admin", "bool_type"),
        ({"name": "ok", "urls": ["javascript:alert(1)"]}, "urls", "url"),
        ({"name": "ok", "bio": "\0"}, "bio", "string_unstorable"),
        ({"name": "ok", "display_name": "x" * 256}, "display_name", "string_too_long"),
    ],
)
def test_an_account_that_cannot_be_is_not_made(owner: httpx.Client, body: Json, place: str, kind: str) -> None:
    assert problems(owner.post("/v1/users", json=body)) == [(["body", place], kind)]
    assert owner.get("/v1/users/ok").status_code == 404


def test_a_name_that_is_taken_is_a_clash_whoever_asks_for_it(
    owner: httpx.Client, stranger: httpx.Client, name: str
) -> None:
    theirs = bearer(token(owner, account=name))
    for answer in (
        owner.post("/v1/users", json={"name": name.upper()}),
        owner.patch(f"/v1/users/{name}", json={"name": "owner"}),
        stranger.patch("/v1/user", json={"name": "Owner"}, headers=theirs),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "name_taken")
    assert stranger.patch("/v1/user", json={"name": name.upper()}, headers=theirs).json()["name"] == name


def test_what_is_not_known_is_passed_over_and_named(owner: httpx.Client, name: str) -> None:
    answer = owner.patch(f"/v1/users/{name}", json={"bio": "x", "disbled": True})
    assert (answer.json()["disabled_at"], answer.headers["augury-ignored"]) == (None, "disbled")
    # What only admins may set is nothing that one could set oneself.
    theirs = bearer(token(owner, account=name))
    answer = httpx.patch(f"{owner.base_url}/v1/user", json={"admin": True, "disabled": False}, headers=theirs)
    assert answer.headers["augury-ignored"] == "admin, disabled"
    assert not owner.get(f"/v1/users/{name}", params={"view": "admin"}).json()["admin"]


def test_a_new_name_counts_at_once_for_models_and_tokens(
    owner: httpx.Client, stranger: httpx.Client, name: str
) -> None:
    theirs = bearer(token(owner, account=name))
    stranger.post("/v1/models", json={"name": "atlas", "visibility": "public"}, headers=theirs).raise_for_status()
    renamed = f"{name}-renamed"
    stranger.patch("/v1/user", json={"name": renamed}, headers=theirs).raise_for_status()
    assert stranger.get("/v1/user", headers=theirs).json()["name"] == renamed
    assert stranger.get(f"/v1/models/{renamed}/atlas").status_code == 200
    for gone in (f"/v1/models/{name}/atlas", f"/v1/models/{name}", f"/v1/users/{name}"):
        assert stranger.get(gone).status_code == 404


def test_the_text_of_a_token_is_in_one_answer_and_nowhere_else(owner: httpx.Client) -> None:
    sent = {"name": "once", "scopes": ["predict", "read", "read"], "expires_at": "2100-01-31T12:00:00+01:00"}
    key = {"Idempotency-Key": uuid.uuid4().hex}
    answer = owner.post("/v1/tokens", json=sent, headers=key)
    made = answer.json()
    assert set(made) == TOKEN | {"token"}
    assert answer.headers["cache-control"] == "no-store"
    assert (made["scopes"], made["expires_at"]) == (["read", "predict"], "2100-01-31T11:00:00.000000Z")
    again = owner.post("/v1/tokens", json=sent, headers=key).json()
    assert again == {**made, "token": None}
    listed = owner.get("/v1/tokens", params={"page_size": 100})
    assert made["token"] not in listed.text
    assert [set(one) for one in listed.json()["items"] if one["id"] == made["id"]] == [TOKEN]


@pytest.mark.parametrize(
    ("body", "place", "kind"),
    [
        ({"name": None}, ["name"], "string_type"),
        ({"name": " "}, ["name"], "string_too_short"),
        ({"name": "x" * 256}, ["name"], "string_too_long"),
        ({"scopes": ["write"]}, ["scopes", "0"], "unknown_scope"),
        ({"scopes": ["read", "*"]}, ["scopes", "1"], "unknown_scope"),
        ({"scopes": ["Read"]}, ["scopes", "0"], "unknown_scope"),
        ({"scopes": []}, ["scopes"], "too_short"),
        ({"scopes": "read"}, ["scopes"], "list_type"),
        ({"scopes": [1]}, ["scopes", 0], "string_type"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, ["expires_at"], "expiry"),
        ({"expires_at": "0001-01-01T00:00:00+14:00"}, ["expires_at"], "expiry"),
        ({"expires_at": "2100-01-01T00:00:00"}, ["expires_at"], "expiry"),
        ({"expires_at": "2100-01-01"}, ["expires_at"], "expiry"),
        ({"expires_at": "soon"}, ["expires_at"], "expiry"),
        ({"expires_at": 4_000_000_000}, ["expires_at"], "string_type"),
    ],
)
def test_a_token_that_cannot_be_is_not_made(owner: httpx.Client, body: Json, place: list[Any], kind: str) -> None:
    before = owner.get("/v1/tokens", params={"page_size": 1}).json()["items"]
    assert problems(owner.post("/v1/tokens", json={"name": "never", **body})) == [(["body", *place], kind)]
    assert owner.get("/v1/tokens", params={"page_size": 1}).json()["items"] == before


def test_the_last_moment_that_there_is_can_be_said(owner: httpx.Client) -> None:
    made = token(owner, expires_at="9999-12-31T23:59:59.999999Z")
    assert made["expires_at"] == "9999-12-31T23:59:59.999999Z"


def test_a_revoked_token_is_refused_at_once_and_cannot_be_revoked_again(
    owner: httpx.Client, stranger: httpx.Client
) -> None:
    made = token(owner)
    assert stranger.get("/v1/user", headers=bearer(made)).status_code == 200
    assert owner.delete(f"/v1/tokens/{made['id']}").json() is None
    answer = stranger.get("/v1/user", headers=bearer(made))
    assert (answer.status_code, answer.json()["code"]) == (401, "revoked_token")
    assert answer.headers["www-authenticate"] == "Bearer"
    for gone in (made["id"], "x", "%00", made["id"] + "x"):
        assert owner.delete(f"/v1/tokens/{gone}").json()["code"] == "token_not_found"


def test_a_token_may_revoke_itself(owner: httpx.Client, stranger: httpx.Client) -> None:
    made = token(owner)
    stranger.delete(f"/v1/tokens/{made['id']}", headers=bearer(made)).raise_for_status()
    assert stranger.get("/v1/user", headers=bearer(made)).status_code == 401


def test_a_disabled_account_is_refused_with_every_token_and_by_every_route(
    owner: httpx.Client, stranger: httpx.Client, name: str
) -> None:
    made = [bearer(token(owner, account=name, scopes=[scope])) for scope in ("read", "predict", "admin")]
    for headers in made:
        assert stranger.get("/v1/user", headers=headers).status_code == 200
    disabled = owner.patch(f"/v1/users/{name}", json={"disabled": True}).json()
    assert disabled["disabled_at"]
    for headers in made:
        for path in ("/v1/user", "/v1/models", "/v1/predictions"):
            answer = stranger.get(path, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "account_disabled")
        answer = stranger.post("/v1/predictions", json={"model": "a/b"}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "account_disabled")
    assert owner.patch(f"/v1/users/{name}", json={"disabled": False}).json()["disabled_at"] is None
    assert stranger.get("/v1/user", headers=made[0]).status_code == 200


def test_the_missing_scope_is_named_before_anything_is_read(owner: httpx.Client, stranger: httpx.Client) -> None:
    weak = bearer(token(owner, scopes=["read"]))
    for method, path, scope in (
        ("POST", "/v1/predictions", "predict"),
        ("POST", "/v1/models", "admin"),
        ("POST", "/v1/tokens", "admin"),
        ("PATCH", "/v1/user", "admin"),
    ):
        answer = stranger.request(method, path, content=b"no json", headers=weak)
        assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
        assert f"scope {scope}" in answer.json()["detail"]


def test_an_account_that_owns_something_is_not_deleted_and_says_what_to_do(
    owner: httpx.Client, stranger: httpx.Client, name: str
) -> None:
    theirs = bearer(token(owner, account=name))
    stranger.post("/v1/models", json={"name": "kept"}, headers=theirs).raise_for_status()
    answer = owner.delete(f"/v1/users/{name}")
    assert (answer.status_code, answer.json()["code"]) == (409, "user_in_use")
    assert "disabled" in answer.json()["hint"]
    stranger.delete(f"/v1/models/{name}/kept", headers=theirs).raise_for_status()
    assert owner.delete(f"/v1/users/{name}").json() is None
    assert stranger.get("/v1/user", headers=theirs).json()["code"] == "invalid_token"
    assert owner.delete(f"/v1/users/{name}").json()["code"] == "user_not_found"


def test_the_list_of_a_model_has_who_may_run_it(owner: httpx.Client, name: str) -> None:
    model = f"list-{uuid.uuid4().hex[:12]}"
    owner.post("/v1/models", json={"name": model, "visibility": "restricted"}).raise_for_status()
    path = f"/v1/models/owner/{model}/access"
    put = owner.put(f"{path}/{name.upper()}").json()
    assert set(put) == {"account_id", "name", "avatar_url"}
    assert owner.get(path).json() == {"items": [put], "next_cursor": None, "previous_cursor": None}
    assert owner.get(f"{path}/{name}").json() == put
    assert owner.delete(f"{path}/{name}").json() is None
    assert owner.delete(f"{path}/{name}").json()["code"] == "not_on_list"
    assert owner.get(f"{path}/{name}").json()["code"] == "not_on_list"
    assert owner.put(f"{path}/nobody-at-all").json()["code"] == "user_not_found"
    assert owner.put(f"/v1/models/owner/nothing/access/{name}").json()["code"] == "model_not_found"
