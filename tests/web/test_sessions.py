"""A browser that is signed in: the link, the cookie, what it may, what may not use it, and how it ends."""

from __future__ import annotations

import re
import uuid
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from augury.http.cookies import Cookies
from tests.support import models, publishing
from tests.support.server import Server, running
from tests.web.conftest import Open, new_code, user_of

Json = dict[str, Any]
STRANGER: Json = {"user": None, "admin": False, "scopes": [], "expires_at": None}
COOKIE = re.compile(r"(augury-[0-9a-f]{8})=(augs_[\w-]{43}); Max-Age=(\d+); Path=/; HttpOnly; SameSite=Strict")
HERE = {"Sec-Fetch-Site": "same-origin"}


def code_of(answer: httpx.Response) -> str:
    return answer.json()["code"]


def printed(server: Server) -> list[str]:
    """The codes of all links that the server has printed."""
    return re.findall(rf"{re.escape(server.url)}/sign-in#code=(augc_[\w-]+)", server.log)


def account(owner: httpx.Client, scope: str = "admin") -> tuple[str, Json]:
    """A new account, and a token of it."""
    name = f"user-{uuid.uuid4().hex[:12]}"
    owner.post("/v1/users", json={"name": name}).raise_for_status()
    new = {"name": "t", "account": name, "scopes": [scope]}
    return name, owner.post("/v1/tokens", json=new).raise_for_status().json()


def test_the_link_that_each_start_prints_signs_a_browser_in_once(server: Server, browser: Open) -> None:
    (code,) = printed(server)
    ada, bob = browser(), browser()
    assert ada.get("/v1/session").json() == STRANGER
    answer = ada.post("/v1/session", json={"code": code})
    cookie = COOKIE.fullmatch(answer.headers["set-cookie"])
    assert cookie is not None
    assert int(cookie[3]) == pytest.approx(7 * 86_400, abs=5)
    assert answer.headers["cache-control"] == "no-store"
    session = answer.json()
    assert (session["user"]["name"], session["admin"], session["scopes"]) == (
        "owner",
        True,
        ["read", "predict", "admin"],
    )
    until = datetime.fromisoformat(session["expires_at"])
    assert abs(until - datetime.now(UTC) - timedelta(days=7)) < timedelta(minutes=1)
    assert ada.get("/v1/session").json() == session
    assert ada.get("/v1/user").json() == session["user"]

    again = bob.post("/v1/session", json={"code": code})
    assert (again.status_code, code_of(again)) == (401, "invalid_code")
    assert "augury sign-in" in again.json()["hint"]
    assert "set-cookie" not in again.headers

    server.restart()

    assert user_of(ada) == "owner"
    first, second = printed(server)
    assert first == code
    bob.post("/v1/session", json={"code": second}).raise_for_status()
    assert user_of(bob) == "owner"


def test_a_token_can_be_pasted_instead(owner: httpx.Client, browser: Open) -> None:
    name, token = account(owner)
    opened = browser()
    assert opened.post("/v1/session", json={"token": token["token"]}).json()["user"]["name"] == name
    assert user_of(opened) == name
    assert owner.get("/v1/tokens", params={"account": name}).json()["items"][0]["id"] == token["id"]


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"token": "aug_" + "A" * 43}, 401, "invalid_token"),
        ({"token": ""}, 401, "invalid_token"),
        ({"code": "augc_" + "A" * 43}, 401, "invalid_code"),
        ({}, 422, "code_or_token"),
        ({"code": None}, 422, "code_or_token"),
        ({"code": "augc_x", "token": "aug_x"}, 422, "code_or_token"),
        ({"code": 1}, 422, "string_type"),
    ],
    ids=["unknown token", "empty token", "unknown code", "neither", "null", "both", "a number"],
)
def test_what_signs_nobody_in_is_refused_and_sets_no_cookie(browser: Open, body: Json, status: int, said: str) -> None:
    opened = browser()
    answer = opened.post("/v1/session", json=body)
    assert answer.status_code == status
    found = answer.json()
    assert (found["code"] if status == 401 else found["detail"][0]["type"]) == said
    assert "set-cookie" not in answer.headers
    assert opened.get("/v1/session").json() == STRANGER


def test_a_session_may_what_its_token_may(owner: httpx.Client, browser: Open) -> None:
    name, token = account(owner, "read")
    opened = browser()
    made = opened.post("/v1/session", json={"token": token["token"]}).json()
    assert (made["scopes"], made["admin"]) == (["read"], False)
    assert opened.get("/v1/predictions").status_code == 200
    assert code_of(opened.post("/v1/predictions", json={"model": "a/b", "input": {}})) == "scope_missing"
    assert code_of(opened.post("/v1/tokens", json={"name": "more"})) == "scope_missing"
    # What it lets in may not more either.
    second = browser()
    assert second.post("/v1/session", json={"code": new_code(opened)}).json()["scopes"] == ["read"]
    assert user_of(second) == name
    assert code_of(second.post("/v1/tokens", json={"name": "more"})) == "scope_missing"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": ""},
        {"Sec-Fetch-Site": "cross-site", "Origin": "{own}"},
        {"Origin": "null"},
        {"Origin": "http://evil.example"},
        {"Origin": "{other port}"},
        {"Origin": "http://localhost:{port}"},
        {"Origin": "https://127.0.0.1:{port}"},
        {"Origin": "{own}.evil.example"},
        {"Origin": "http://evil.example", "Host": "evil.example:80"},
    ],
    ids=str,
)
def test_nothing_is_changed_by_a_cookie_that_another_page_has_sent(
    server: Server, visitor: httpx.Client, headers: dict[str, str]
) -> None:
    del visitor.headers["Sec-Fetch-Site"]
    places = {"{own}": server.url, "{other port}": f"http://127.0.0.1:{server.port + 1}", "{port}": str(server.port)}
    for place, meant in places.items():
        headers = {name: value.replace(place, meant) for name, value in headers.items()}
    for method, path in (
        ("POST", "/v1/predictions"),
        ("POST", "/v1/tokens"),
        ("PATCH", "/v1/user"),
        ("PUT", f"/v1/bundles/sha256:{'0' * 64}"),
        ("DELETE", "/v1/session"),
        ("POST", "/v1/chat/completions"),
    ):
        answer = visitor.request(method, path, headers=headers, content=b"{}")
        assert answer.status_code == 403, (method, path, answer.text)
        said = answer.json()
        assert said.get("error", said)["code"] == "cross_site"
    assert user_of(visitor) == "owner"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://behind.a.proxy"},
        {"Origin": "{own}"},
        {"X-Forwarded-Proto": "http", "Origin": "{own}"},
    ],
    ids=str,
)
def test_a_page_of_our_own_changes_things_by_its_cookie(
    server: Server, visitor: httpx.Client, headers: dict[str, str]
) -> None:
    del visitor.headers["Sec-Fetch-Site"]
    given = {name: value.replace("{own}", server.url) for name, value in headers.items()}
    bio = uuid.uuid4().hex
    assert visitor.patch("/v1/user", json={"bio": bio}, headers=given).json()["bio"] == bio


@pytest.mark.parametrize("site", ["same-site", "cross-site", "same-origin", "none", None])
def test_what_another_page_reads_is_what_a_stranger_gets(visitor: httpx.Client, site: str | None) -> None:
    del visitor.headers["Sec-Fetch-Site"]
    headers = {} if site is None else {"Sec-Fetch-Site": site}
    answer = visitor.get("/v1/user", headers=headers)
    if site in ("same-site", "cross-site"):
        assert code_of(answer) == "missing_token"
        assert visitor.get("/v1/session", headers=headers).json() == STRANGER
    else:
        assert answer.json()["name"] == "owner"
    assert user_of(visitor) == "owner"


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}], ids=str)
def test_another_page_signs_nobody_in(owner: httpx.Client, browser: Open, headers: dict[str, str]) -> None:
    opened = browser(**headers)
    code = new_code(owner)
    answer = opened.post("/v1/session", json={"code": code})
    assert (answer.status_code, code_of(answer)) == (403, "cross_site")
    assert "set-cookie" not in answer.headers
    # And the code is as good as before.
    browser().post("/v1/session", json={"code": code}).raise_for_status()


def test_an_authorization_counts_more_than_a_cookie(owner: httpx.Client, visitor: httpx.Client) -> None:
    name, token = account(owner)
    bearer = {"Authorization": f"Bearer {token['token']}"}
    assert visitor.get("/v1/user", headers=bearer).json()["name"] == name
    assert visitor.get("/v1/session", headers=bearer).json()["user"]["name"] == name
    # No browser sends one of its own accord.
    foreign = {**bearer, "Sec-Fetch-Site": "cross-site"}
    assert visitor.patch("/v1/user", json={"bio": "x"}, headers=foreign).json()["name"] == name
    for wrong, said in (("Bearer aug_wrong", "invalid_token"), ("", "malformed_token"), ("Basic x", "malformed_token")):
        for path in ("/v1/user", "/v1/session", "/v1/models"):
            answer = visitor.get(path, headers={"Authorization": wrong})
            assert (answer.status_code, code_of(answer)) == (401, said), (wrong, path)


def test_a_session_is_no_token_and_a_token_no_session(server: Server, visitor: httpx.Client, browser: Open) -> None:
    ((name, session),) = visitor.cookies.items()
    stranger = browser()
    for header in (f"Bearer {session}", f"Token {session}", session, f"cookie {session}", f"cookie-0 {session}"):
        answer = stranger.get("/v1/user", headers={"Authorization": header})
        assert answer.status_code == 401, header
    assert code_of(stranger.get("/v1/user", headers={"Authorization": f"Bearer {session}"})) == "invalid_token"
    answer = stranger.get("/v1/user", headers={"Cookie": f"{name}={server.token}"})
    assert (answer.status_code, code_of(answer)) == (401, "session_ended")
    assert stranger.post("/v1/session", json={"token": session}).status_code == 401


@pytest.mark.parametrize("value", ["", "x", "augs_", "augs_" + "A" * 43, "augs_\xff", "augs_" + "A" * 5000])
def test_a_cookie_that_means_nothing_is_taken_away_and_harms_nothing(
    owner: httpx.Client, visitor: httpx.Client, browser: Open, value: str
) -> None:
    ((name, _),) = visitor.cookies.items()
    cookie = {b"Cookie": f"other=1; {name}={value}; {name}=second".encode("latin-1")}
    stranger = browser()
    answer = stranger.get("/v1/session", headers=cookie)
    assert answer.json() == STRANGER
    assert answer.headers["set-cookie"].startswith(f"{name}=; Max-Age=0; Path=/")
    assert code_of(stranger.get("/v1/user", headers=cookie)) == "session_ended"
    assert stranger.get("/v1/models", headers=cookie).status_code == 200
    made = stranger.post("/v1/session", json={"code": new_code(owner)}, headers=cookie)
    assert made.json()["user"]["name"] == "owner"


@pytest.mark.parametrize(
    "cookie", ["", ";;;", "=", "augury", "augury-=x", "a=b; c", "\xff=\xfe", "augury-00000000=augs_x"]
)
def test_cookies_of_others_are_nothing_to_us(browser: Open, cookie: str) -> None:
    stranger, headers = browser(), {b"Cookie": cookie.encode("latin-1")}
    answer = stranger.get("/v1/session", headers=headers)
    assert answer.json() == STRANGER
    assert "set-cookie" not in answer.headers
    assert code_of(stranger.post("/v1/predictions", json={}, headers=headers)) == "missing_token"


def test_signing_out_ends_that_session_alone(owner: httpx.Client, visitor: httpx.Client, browser: Open) -> None:
    other = browser()
    other.post("/v1/session", json={"code": new_code(owner)}).raise_for_status()
    kept = dict(visitor.cookies)

    answer = visitor.delete("/v1/session")

    assert (answer.status_code, answer.content) == (204, b"")
    assert dict(visitor.cookies) == {}
    assert visitor.get("/v1/session").json() == STRANGER
    stolen = browser()
    stolen.cookies.update(kept)
    assert code_of(stolen.get("/v1/user")) == "session_ended"
    assert code_of(stolen.post("/v1/predictions", json={})) == "session_ended"
    assert stolen.delete("/v1/session").status_code == 204
    assert visitor.delete("/v1/session").status_code == 204
    assert user_of(other) == "owner"


def test_signing_out_everywhere_ends_every_session_and_link_of_the_account(owner: httpx.Client, browser: Open) -> None:
    name, token = account(owner)
    opened = [browser() for _ in range(3)]
    for one in opened:
        one.post("/v1/session", json={"token": token["token"]}).raise_for_status()
    link = new_code(opened[0])
    outsider = browser()
    outsider.post("/v1/session", json={"code": new_code(owner)}).raise_for_status()

    assert opened[0].delete("/v1/session", params={"everywhere": True}).status_code == 204

    assert [user_of(one) for one in opened] == [None] * 3
    assert code_of(outsider.post("/v1/session", json={"code": link})) == "invalid_code"
    assert user_of(outsider) == "owner"
    bearer = {"Authorization": f"Bearer {token['token']}"}
    assert owner.get("/v1/user", headers=bearer).json()["name"] == name
    assert code_of(browser().delete("/v1/session?everywhere=true")) == "missing_token"


def test_revoking_the_token_ends_its_sessions_at_once(owner: httpx.Client, browser: Open) -> None:
    name, token = account(owner)
    opened = browser()
    opened.post("/v1/session", json={"token": token["token"]}).raise_for_status()
    assert user_of(opened) == name
    owner.delete(f"/v1/tokens/{token['id']}").raise_for_status()
    assert code_of(opened.get("/v1/user")) == "session_ended"
    assert opened.get("/v1/session").json() == STRANGER
    assert dict(opened.cookies) == {}


def test_a_session_is_in_no_list_of_tokens(owner: httpx.Client, browser: Open) -> None:
    name, token = account(owner)
    opened = browser()
    opened.post("/v1/session", json={"token": token["token"]}).raise_for_status()
    new_code(opened)
    for http in (opened, owner):
        found = http.get("/v1/tokens", params={"account": name}).json()["items"]
        assert [one["id"] for one in found] == [token["id"]]


def test_a_session_is_as_good_as_its_token_everywhere(visitor: httpx.Client) -> None:
    for path in ("/metrics", "/v1/workers", "/v1/user", "/v1/predictions", "/openai/v1/models"):
        assert visitor.get(path).status_code == 200, path
    found = visitor.post("/v1/chat/completions", json={"model": "no/such", "messages": []})
    assert found.status_code == 404, found.text


def test_what_a_cookie_was_shown_for_is_kept_by_no_cache(owner: httpx.Client, visitor: httpx.Client) -> None:
    for path in ("/v1/user", "/v1/predictions", "/v1/no/such", "/metrics"):
        assert visitor.get(path).headers.get_list("cache-control") == ["no-store"], path
    assert "cache-control" not in owner.get("/v1/user").headers
    # What says so itself is kept as it says.
    html = {"Accept": "text/html"}
    assert visitor.get("/docs/swagger-ui.css", headers=html).headers.get_list("cache-control") == ["max-age=3600"]


@pytest.mark.parametrize("kind", ["create", "stream", "log"])
@pytest.mark.parametrize("way", ["signed out", "signed out everywhere", "revoked", "disabled"])
def test_an_open_stream_ends_with_its_session(
    owner: httpx.Client, browser: Open, talker: str, tmp_path: Path, kind: str, way: str
) -> None:
    go = tmp_path / "go"
    name, token = account(owner)
    opened = browser()
    opened.post("/v1/session", json={"token": token["token"]}).raise_for_status()
    body: Json = {"model": talker, "input": {"until": str(go)}, "stream": True}
    wait = {"Prefer": "wait=60"}
    if kind == "create":
        request = opened.build_request("POST", "/v1/predictions", json=body, headers=wait)
    else:
        made = opened.post("/v1/predictions", json=body).raise_for_status().json()
        path = f"/v1/predictions/{made['id']}/" + ("stream" if kind == "stream" else "logs?follow=true")
        request = opened.build_request("GET", path, headers=wait)
    try:
        with closing(opened.send(request, stream=True)) as answer:
            assert answer.headers["x-content-type-options"] == "nosniff"
            pieces = answer.iter_text()
            text = ""
            while "first" not in text:
                text += next(pieces)
            match way:
                case "revoked":
                    owner.delete(f"/v1/tokens/{token['id']}").raise_for_status()
                case "disabled":
                    owner.patch(f"/v1/users/{name}", json={"disabled": True}).raise_for_status()
                case _:
                    opened.delete("/v1/session", params={"everywhere": "everywhere" in way}).raise_for_status()
            assert "event: done" not in "".join(pieces)
            assert not go.exists()
    finally:
        go.touch()


TALKER = """
import os, time
from typing import Iterator
def predict(until: str) -> Iterator[str]:
    yield "first"
    print("first", flush=True)
    while not os.path.exists(until):
        time.sleep(0.02)
"""


@pytest.fixture(scope="module")
def talker(server: Server, owner: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> str:
    with closing(publishing.Client(server, tmp_path_factory.mktemp("models"))) as client:
        name = client.publish("talker", TALKER, "workers = { max = 4 }")
    owner.patch("/v1/models/owner/talker", json={"visibility": "public"}).raise_for_status()
    return name


def test_public_models_are_seen_by_whoever_was_signed_in_once(owner: httpx.Client, visitor: httpx.Client) -> None:
    if owner.get("/v1/models/owner/shout").status_code == 404:
        models.publish(owner, "shout", models.SHOUT, visibility="public")
    ((name, value),) = visitor.cookies.items()
    visitor.delete("/v1/session").raise_for_status()
    ended = {"Cookie": f"{name}={value}"}
    assert visitor.get("/v1/models/owner/shout", headers=ended).status_code == 200
    assert code_of(visitor.get("/v1/user/models", headers=ended)) == "session_ended"


def test_two_servers_on_one_host_do_not_disturb_each_other(
    server: Server, owner: httpx.Client, browser: Open, tmp_path: Path
) -> None:
    opened = browser()
    opened.post("/v1/session", json={"code": new_code(owner)}).raise_for_status()
    with running(tmp_path) as second:
        (code,) = printed(second)
        # Cookies know no ports: each server gets those of both.
        opened.post(f"{second.url}/v1/session", json={"code": code}).raise_for_status()
        assert len(opened.cookies) == 2
        for url in (server.url, second.url):
            assert opened.get(f"{url}/v1/user").json()["name"] == "owner"
        assert opened.delete(f"{second.url}/v1/session").status_code == 204
        assert opened.get(f"{second.url}/v1/session").json() == STRANGER
    assert user_of(opened) == "owner"


def test_over_https_the_cookie_goes_nowhere_else(server: Server, owner: httpx.Client, browser: Open) -> None:
    opened = browser(**{"X-Forwarded-Proto": "https", "Origin": server.url.replace("http:", "https:")})
    answer = opened.post("/v1/session", json={"code": new_code(owner)})
    given = answer.headers["set-cookie"]
    assert given.startswith("__Host-augury-")
    assert given.endswith("; Path=/; HttpOnly; SameSite=Strict; Secure")
    pair = given.partition(";")[0]
    assert opened.patch("/v1/user", json={}, headers={"Cookie": pair}).json()["name"] == "owner"
    # One that came over an open connection, where others may have set it, counts for nothing there.
    plain = pair.removeprefix("__Host-")
    assert code_of(opened.get("/v1/user", headers={"Cookie": plain})) == "missing_token"
    assert code_of(browser().get("/v1/user", headers={"Cookie": pair})) == "missing_token"


@pytest.mark.parametrize(
    ("public_url", "scheme", "secure"),
    [(None, "http", False), (None, "https", True), ("https://a.test", "http", True), ("http://a.test", "http", False)],
)
def test_a_cookie_is_secure_wherever_browsers_can_be_told_so(public_url: str | None, scheme: str, secure: bool) -> None:
    cookies = Cookies.of([b"\x00" * 32, b"\xff" * 32], public_url)
    scope = {"scheme": scheme}
    for text in (cookies.given(scope, "augs_x", 5), *cookies.cleared(scope)):
        assert text.startswith("__Host-augury-") == secure
        assert text.endswith("; Secure") == secure


def test_a_session_outlives_the_change_of_the_secret_key() -> None:
    before, after = Cookies.of([b"\x00" * 32], None), Cookies.of([b"\xff" * 32, b"\x00" * 32], None)
    scope = {"scheme": "http"}
    assert before.names != after.names[:1]
    pair = before.given(scope, "augs_x", 5).partition(";")[0]
    assert after.read(scope, pair.encode()) == "augs_x"
    assert len(after.cleared(scope)) == 2


def test_no_answer_may_be_taken_for_another_kind_of_content(visitor: httpx.Client) -> None:
    for method, path in (
        ("GET", "/"),
        ("GET", "/v1/models"),
        ("GET", "/v1/no/such"),
        ("POST", "/v1/predictions"),
        ("GET", "/openapi.json"),
        ("GET", "/docs"),
        ("GET", "/docs/begin.js"),
        ("GET", "/metrics"),
        ("GET", "/openai/v1/models"),
        ("POST", "/v1/messages"),
    ):
        assert visitor.request(method, path).headers.get_list("x-content-type-options") == ["nosniff"], path


def test_sessions_and_codes_are_in_no_log(server: Server, owner: httpx.Client, visitor: httpx.Client) -> None:
    code = new_code(owner)
    ((_, session),) = visitor.cookies.items()
    visitor.post("/v1/session", json={"code": code}).raise_for_status()
    ((_, later),) = visitor.cookies.items()
    visitor.get("/v1/user").raise_for_status()
    visitor.delete("/v1/session").raise_for_status()
    visitor.get("/v1/user", headers={"Cookie": f"a=b; {later}"})
    for secret in (code, session, later):
        assert secret not in server.log
    assert later != session


def test_the_server_has_the_page_for_browsers_and_its_pointers_for_programs(server: Server) -> None:
    html = {"Accept": "text/html,*/*;q=0.8"}
    with httpx.Client(base_url=server.url) as client:
        page = client.get("/models/ada/echo", headers=html)
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert page.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'; ")
        assert page.headers.get_list("x-content-type-options") == ["nosniff"]
        assert page.headers["x-request-id"].startswith("req_")
        pointers = client.get("/")
        assert pointers.json()["docs"] == "/docs"
        assert pointers.headers["vary"] == "Accept"
        assert client.get("/models/ada/echo").json()["code"] == "route_not_found"
        assert "swagger" in client.get("/docs", headers=html).text
        assert client.get("/v1/user", headers=html).json()["code"] == "missing_token"
