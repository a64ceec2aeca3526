"""The page about users and tokens: its lines of shell do what stands there, on a server of their own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.server import Server, running

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "users.md").read_text()
ACCOUNTS, TOKENS, CURL, SIGN_IN, ACCESS = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    with running(tmp_path_factory.mktemp("page")) as started:
        yield started


@pytest.fixture(scope="module")
def http(server: Server) -> Generator[httpx.Client]:
    with httpx.Client(base_url=server.api, headers={"Authorization": f"Bearer {server.token}"}) as made:
        yield made


def test_an_account_gets_a_token_with_which_it_is_somebody(server: Server, http: httpx.Client) -> None:
    said = _shell(server, ACCOUNTS)
    made, _ = json.JSONDecoder().raw_decode(said[said.index("{") :])
    as_ada = {"Authorization": f"Bearer {made['token']}"}
    assert http.get("/user", headers=as_ada).json()["display_name"] == "Ada Lovelace"
    assert "owner\t" in said


def test_tokens_may_do_what_their_scopes_say(server: Server, http: httpx.Client) -> None:
    dashboard, robot, *listed = _shell(server, TOKENS).splitlines()
    named = {line.split("\t")[1]: line.split("\t")[2] for line in listed}
    assert (named["dashboard"], named["robot"]) == ("read", "predict")
    for token, code in ((dashboard, 403), (robot, 404)):
        sent: dict[str, Any] = {"model": "owner/nothing", "input": {}}
        answer = http.post("/predictions", json=sent, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == code
    assert json.loads(_shell(server, CURL))["expires_at"] == "2100-01-01T00:00:00.000000Z"


def test_a_browser_is_signed_in_by_a_link_and_out_again(server: Server) -> None:
    code = _shell(server, SIGN_IN).strip().partition("#code=")[2]
    with httpx.Client(base_url=server.api, headers={"Sec-Fetch-Site": "same-origin"}) as browser:
        assert browser.post("/session", json={"code": code}).json()["user"]["name"] == "owner"
        assert browser.get("/session").json()["admin"]
        assert browser.delete("/session", params={"everywhere": "true"}).status_code == 204
        assert browser.get("/session").json()["user"] is None


def test_a_restricted_model_is_allowed_and_denied(server: Server, http: httpx.Client) -> None:
    http.post("/users", json={"name": "ada"})
    http.post("/models", json={"name": "ocr"}).raise_for_status()
    assert "ada\t" in _shell(server, ACCESS)
    assert http.get("/models/owner/ocr").json()["visibility"] == "restricted"
    assert http.get("/models/owner/ocr/access").json()["items"] == []


def _shell(server: Server, lines: str) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    given = {"AUGURY_URL": server.url, "AUGURY_TOKEN": server.token, "PATH": path}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AUGURY_")}
    done = subprocess.run(["bash", "-ec", lines], env=kept | given, capture_output=True, text=True, timeout=28)
    assert done.returncode == 0, done.stderr
    return done.stdout
