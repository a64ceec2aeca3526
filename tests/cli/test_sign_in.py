"""`augury sign-in`, and what `augury serve` says of the web app."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.commands import Augury
from tests.support.server import Server


def exchanged(server: Server, url: str) -> dict[str, Any]:
    """The session that a link begins."""
    base, _, code = url.strip().partition("/sign-in#code=")
    assert base == server.url
    answer = httpx.post(f"{server.url}/v1/session", json={"code": code}).raise_for_status()
    assert "set-cookie" in answer.headers
    return answer.json()


def test_a_link_is_printed_that_signs_a_browser_in(augury: Augury, server: Server) -> None:
    ran = augury.done("sign-in")
    assert re.fullmatch(rf"{server.url}/sign-in#code=augc_[\w-]+\n", ran.out)
    assert ran.err == ""
    session = exchanged(server, ran.out)
    assert (session["user"]["name"], session["admin"]) == ("owner", True)


def test_as_json_it_says_until_when_it_is_good(augury: Augury, server: Server) -> None:
    made = augury.done("sign-in", "--json").json
    assert set(made) == {"url", "expires_at"}
    left = datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)
    exchanged(server, made["url"])


def test_the_browser_may_what_the_token_may(augury: Augury, server: Server) -> None:
    token = augury.done("tokens", "create", "reader", "--scope", "read").out.strip()
    session = exchanged(server, augury.done("sign-in", token=token).out)
    assert (session["scopes"], session["admin"]) == (["read"], False)


def test_the_machines_own_server_is_found_by_its_data_folder(augury: Augury, server: Server) -> None:
    exchanged(server, Augury({"data": str(server.data)}, augury.cwd).done("sign-in").out)


def test_the_browser_is_opened_with_the_link(
    augury: Augury, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, program = tmp_path / "seen", tmp_path / "browser"
    program.write_text(f'#!/bin/sh\nprintf %s "$1" > {seen}\n')
    program.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{program} %s")
    ran = augury.done("sign-in", "--open")
    assert seen.read_text() == ran.out.strip()
    exchanged(server, ran.out)


def test_without_a_browser_the_link_is_still_printed(
    augury: Augury, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    ran = augury.done("sign-in", "--open")
    assert "open the link yourself" in ran.err
    exchanged(server, ran.out)


def test_who_has_no_token_gets_no_link(augury: Augury) -> None:
    ran = augury("sign-in", token="aug_wrong")
    assert (ran.code, ran.out) == (1, "")
    assert "no token of this server" in ran.err


def test_serving_says_the_link_to_people_and_not_to_programs(augury: Augury, tmp_path: Path) -> None:
    process = augury.start("serve", "--port", "0", "--data", tmp_path / "data")
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("aug_")
    finally:
        process.terminate()
        out, err = process.communicate()
    assert out == ""
    address = re.search(r"Augury serves at (http://127\.0\.0\.1:\d+) ", err)
    assert address is not None
    assert re.search(rf"{address[1]}/sign-in#code=augc_[\w-]+\n", err)
