"""`augury users`, `augury tokens` and the access lists of models, against a server and on its database."""

from __future__ import annotations

import uuid
from collections.abc import Generator
from typing import Any

import httpx
import pytest

from tests.cli.commands import Augury
from tests.support.server import Server


@pytest.fixture
def http(server: Server) -> Generator[httpx.Client]:
    """The server as its owner asks it; a command takes its time to start."""
    with httpx.Client(base_url=server.api, headers={"Authorization": f"Bearer {server.token}"}) as client:
        yield client


@pytest.fixture
def name(http: httpx.Client) -> str:
    """A new account."""
    made = f"user-{uuid.uuid4().hex[:8]}"
    http.post("/users", json={"name": made, "display_name": "Somebody"}).raise_for_status()
    return made


@pytest.fixture
def token(http: httpx.Client, name: str) -> str:
    """A token of that account."""
    return http.post("/tokens", json={"name": "first", "account": name}).raise_for_status().json()["token"]


@pytest.fixture
def local(server: Server, augury: Augury) -> Augury:
    """Commands that know the data folder alone."""
    return Augury({"data": str(server.data)}, augury.cwd)


def seen(http: httpx.Client, name: str) -> dict[str, Any]:
    return http.get(f"/users/{name}", params={"view": "admin"}).raise_for_status().json()


def test_an_account_is_made_changed_and_shown(augury: Augury, http: httpx.Client) -> None:
    made = f"user-{uuid.uuid4().hex[:8]}"
    assert (
        augury.done("users", "create", made, "--display-name", "Ada", "--url", "https://a.example").out == f"{made}\n"
    )
    assert augury.done("users", "show", made, "--json").json == seen(http, made)
    assert (seen(http, made)["display_name"], seen(http, made)["urls"]) == ("Ada", ["https://a.example"])
    changed = augury.done("users", "change", made, "--admin", "--display-name", "", "--url", "", "--json").json
    assert (changed["admin"], changed["display_name"], changed["urls"]) == (True, None, None)
    fields = dict(line.split("\t") for line in augury.done("users", "show", made).out.splitlines())
    assert (fields["name"], fields["state"]) == (made, "admin")
    augury.done("users", "change", made, "--no-admin", "--name", f"{made}-2")
    assert not seen(http, f"{made}-2")["admin"]


def test_an_account_is_disabled_enabled_and_deleted(augury: Augury, http: httpx.Client, name: str) -> None:
    augury.done("users", "disable", name)
    assert {row[0]: row[2] for row in augury.done("users").rows}[name] == "disabled"
    augury.done("users", "enable", name)
    assert seen(http, name)["disabled_at"] is None
    assert augury("users", "delete", name).code == 1, "without an answer nothing is deleted"
    augury.done("users", "delete", name, "--yes")
    assert http.get(f"/users/{name}").status_code == 404


def test_one_changes_and_sees_ones_own_account_without_naming_it(augury: Augury, name: str, token: str) -> None:
    assert augury.done("users", "change", "--bio", "Sings.", token=token).out == f"{name}\n"
    assert augury.done("users", "show", "--json", token=token).json["bio"] == "Sings."
    listed = augury.done("users", "list", "--json", token=token).json
    assert name in [one["name"] for one in listed]
    assert "admin" not in listed[0]


@pytest.mark.parametrize(
    "command",
    [
        ("users", "change", "owner", "--bio", "Steals."),
        ("users", "change", "--admin"),
        ("users", "create", "another"),
        ("users", "disable", "owner"),
        ("users", "delete", "owner", "--yes"),
        ("tokens", "create", "theft", "--account", "owner"),
    ],
)
def test_what_is_for_admins_is_refused_to_others(augury: Augury, token: str, command: tuple[str, ...]) -> None:
    ran = augury(*command, token=token)
    assert (ran.code, ran.out) == (1, "")
    assert "Only admins" in ran.err


def test_the_only_admin_stays_one_and_the_command_that_helps_is_said(augury: Augury) -> None:
    for refused in (("users", "disable", "owner"), ("users", "change", "owner", "--no-admin")):
        ran = augury(*refused)
        assert (ran.code, ran.out) == (1, "")
        assert "`augury users change NAME --admin`" in ran.err


def test_an_account_that_has_something_stays_and_the_command_that_helps_is_said(
    augury: Augury, http: httpx.Client, name: str, token: str
) -> None:
    made = http.post("/models", json={"name": "keepsake"}, headers={"Authorization": f"Bearer {token}"})
    made.raise_for_status()
    ran = augury("users", "delete", name, "--yes")
    assert (ran.code, ran.out) == (1, "")
    assert "`augury users disable NAME`" in ran.err


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("users", "create", "not a name"), 1),
        (("users", "create", "owner"), 1),
        (("users", "change", "owner"), 2),
        (("users", "show", "a/b"), 1),
        (("users", "show", ".."), 1),
        (("users", "delete", "nobody-at-all", "--yes"), 1),
    ],
)
def test_what_makes_no_sense_is_refused(augury: Augury, command: tuple[str, ...], code: int) -> None:
    ran = augury(*command)
    assert (ran.code, ran.out) == (code, "")


@pytest.mark.parametrize("way", ["server", "database"])
def test_tokens_are_made_used_and_revoked_over_the_api_and_in_the_database(
    augury: Augury, local: Augury, http: httpx.Client, name: str, way: str
) -> None:
    desk = augury if way == "server" else local
    wanted = ("--scope", "predict", "--expires-in", "2d", "--account", name)
    made = desk.done("tokens", "create", "robot", *wanted, "--json").json
    as_robot = {"Authorization": f"Bearer {made.pop('token')}"}
    assert http.get("/user", headers=as_robot).json()["name"] == name
    assert http.post("/models", json={"name": "more"}, headers=as_robot).json()["code"] == "scope_missing"
    (listed,) = desk.done("tokens", "list", "--account", name, "--json").json
    assert {**listed, "last_used_at": None} == made
    assert (listed["scopes"], bool(listed["expires_at"])) == (["predict"], True)
    desk.done("tokens", "revoke", listed["id"])
    assert http.get("/tokens", params={"account": name}).json()["items"][0]["revoked_at"]


@pytest.mark.parametrize("way", ["server", "database"])
@pytest.mark.parametrize("wrong", [("--scope", "write"), ("--scope", "*"), ("--account", "nobody-at-all")])
def test_a_scope_or_an_account_of_which_there_is_none_makes_no_token(
    augury: Augury, local: Augury, way: str, wrong: tuple[str, ...]
) -> None:
    ran = (augury if way == "server" else local)("tokens", "create", "x", *wrong)
    assert (ran.code, ran.out) == (1, "")


def test_a_restricted_model_is_run_by_those_it_was_allowed_to(augury: Augury, http: httpx.Client, name: str) -> None:
    model = f"atlas-{uuid.uuid4().hex[:8]}"
    http.post("/models", json={"name": model, "visibility": "restricted"}).raise_for_status()
    augury.done("models", "allow", model, name)
    assert [row[0] for row in augury.done("models", "access", model).rows] == [name]
    assert augury.done("models", "access", f"owner/{model}", "--json").json[0]["name"] == name
    augury.done("models", "deny", model, name)
    assert http.get(f"/models/owner/{model}/access").json()["items"] == []
    assert augury("models", "deny", model, name).code == 1
    assert augury("models", "allow", f"{model}:1", name).code == 2
