"""Commands about this machine: settings, tokens, migrate, version, and a server that cannot start."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.cli.commands import Augury
from tests.support.server import Server


def test_every_setting_is_shown_with_its_value_and_origin(alone: Augury, tmp_path: Path) -> None:
    (tmp_path / "nothing-here").mkdir()
    (tmp_path / "nothing-here" / "augury.toml").write_text('max_wait = "2m"\n')
    found = {one["name"]: one for one in alone.done("settings", "--json", port="9000").json}
    assert (found["port"]["value"], found["port"]["origin"]) == ("9000", "environment")
    assert (found["max_wait"]["value"], found["max_wait"]["origin"]) == ("2m", "file")
    assert (found["host"]["value"], found["host"]["origin"]) == ("127.0.0.1", "default")
    rows = {row[0]: row[1:3] for row in alone.done("settings", port="9000").rows}
    assert rows["AUGURY_PORT"] == ["9000", "environment"]
    assert len(rows) == len(found)


def test_a_password_is_not_shown(alone: Augury) -> None:
    ran = alone.done("settings", database_url="postgresql://me:hush@db/x")
    assert "hush" not in ran.out


@pytest.mark.parametrize("command", ["settings", "models", "migrate", "serve"])
def test_a_setting_that_is_none_is_an_error_before_anything_else(alone: Augury, command: str) -> None:
    ran = alone(command, prot="80")
    assert (ran.code, ran.out) == (3, "")
    assert "AUGURY_PROT" in ran.err
    assert "AUGURY_PORT" in ran.err


def test_a_database_is_brought_up_to_date_once(alone: Augury) -> None:
    first = alone.done("migrate", "--json").json
    assert first["before"] is None
    assert alone.done("migrate", "--json").json == {"before": first["after"], "after": first["after"]}
    alone.done("migrate", "--check")


def test_an_old_database_is_told_and_not_touched_by_the_check(alone: Augury) -> None:
    ran = alone("migrate", "--check")
    assert (ran.code, ran.out) == (1, "")
    assert "augury migrate" in ran.err


def test_a_database_that_cannot_be_reached_is_a_sentence(alone: Augury) -> None:
    ran = alone("migrate", database_url="postgresql://nobody@127.0.0.1:1/none")
    assert (ran.code, ran.out) == (3, "")


def test_a_server_on_postgresql_says_that_it_needs_a_secret_key(alone: Augury) -> None:
    ran = alone("serve", "--port", "0", database_url="postgresql://nobody@127.0.0.1:1/none")
    assert (ran.code, ran.out) == (3, "")
    assert "AUGURY_SECRET_KEY" in ran.err
    assert "openssl rand -hex 32" in ran.err


def test_tokens_are_made_used_and_revoked_beside_a_running_server(server: Server, augury: Augury) -> None:
    made = augury.done("tokens", "create", "laptop", "--expires-in", "2d").out.strip()
    assert augury.done("models", "list", token=made).code == 0
    listed = {one["name"]: one for one in augury.done("tokens", "list", "--json").json}
    assert made not in str(listed)
    assert listed["laptop"]["expires_at"]
    augury.done("tokens", "revoke", listed["laptop"]["id"])
    assert augury("tokens", "revoke", listed["laptop"]["id"]).code == 1
    revoked = {one["name"]: one for one in augury.done("tokens", "--json").json}
    assert revoked["laptop"]["revoked_at"]


@pytest.mark.parametrize("duration", ["soon", "-1d", "0", "nan", "1e300d"])
def test_a_duration_that_is_none_is_wrong_usage(augury: Augury, duration: str) -> None:
    assert augury("tokens", "create", "x", f"--expires-in={duration}").code == 2


def test_without_a_database_there_are_no_tokens(alone: Augury) -> None:
    ran = alone("tokens", "list")
    assert (ran.code, ran.out) == (1, "")
    assert "augury serve" in ran.err


def test_a_second_server_on_the_same_data_names_the_first(server: Server, augury: Augury) -> None:
    ran = augury("serve", "--port", "0", "--data", server.data)
    assert (ran.code, ran.out) == (3, "")
    assert str(server.pid) in ran.err


def test_a_port_that_is_taken_is_told(alone: Augury, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = alone("serve", "--port", str(port), "--data", tmp_path / "other")
    assert (ran.code, ran.out) == (3, "")
    assert "--port" in ran.err


def test_a_data_folder_that_cannot_be_made_is_told(alone: Augury, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for command in (["serve", "--port", "0"], ["check", tmp_path / "file"]):
        ran = alone(*command, data=str(tmp_path / "file" / "data"))
        assert (ran.code, ran.out) == (3, "")


def test_the_version_is_printed(alone: Augury) -> None:
    assert alone.done("version").out.startswith("augury ")
    assert set(alone.done("version", "--json").json) == {"augury", "python", "wriftai"}
