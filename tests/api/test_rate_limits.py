"""Rate limits over HTTP: what is refused, on whose account, and what every answer says."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from augury.api.ratelimit import RateLimit
from augury.domain.errors import CallerError
from augury.domain.rate import Buckets
from augury.http import auth, problems
from tests.service.house import opened
from tests.support import models
from tests.support.server import Server, running

# A token a minute: nothing comes back while a test looks.
RATES = "read=1/m burst 5, write=1/m burst 20, predict=1/m burst 8, anonymous=1/m burst 4"
NAMES = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


@pytest.fixture
def limited(tmp_path: Path) -> Generator[Server]:
    """A server of this test alone, whose buckets are full."""
    with running(tmp_path, rate_limit=RATES) as server:
        yield server


def caller(server: Server, token: str | None) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    return httpx.Client(base_url=server.url, headers=headers, timeout=25)


def second_token(server: Server) -> str:
    command = [sys.executable, "-m", "augury", "tokens", "create", "second"]
    environ = {**os.environ, "AUGURY_DATA": str(server.data)}
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout.strip()


def left(answer: httpx.Response) -> tuple[int, int]:
    return int(answer.headers["x-ratelimit-limit"]), int(answer.headers["x-ratelimit-remaining"])


def test_every_answer_says_what_is_left_and_one_too_many_when_to_come_again(limited: Server) -> None:
    with caller(limited, limited.token) as owner:
        answers = [owner.get("/v1/user"), *(owner.get(f"/v1/predictions?n={n}") for n in range(3))]
        answers.append(owner.get("/v1/nothing/like/this"))
        assert [one.status_code for one in answers] == [200, 200, 200, 200, 404]
        assert [left(one) for one in answers] == [(5, 4), (5, 3), (5, 2), (5, 1), (5, 0)]
        refused = owner.get("/v1/user")
    assert refused.status_code == 429
    body = refused.json()
    assert body["code"] == "rate_limited"
    assert set(body) == {"detail", "code", "hint", "request_id"}
    assert body["request_id"] == refused.headers["x-request-id"]
    assert left(refused) == (5, 0)
    wait = float(refused.headers["x-ratelimit-reset"]) - time.time()
    assert 50 < wait <= 61
    assert 50 < int(refused.headers["retry-after"]) <= 61


def test_each_class_of_routes_and_each_token_has_its_own_bucket(limited: Server) -> None:
    with caller(limited, limited.token) as owner, caller(limited, second_token(limited)) as other:
        echo = models.publish(owner, "echo", models.ECHO)
        assert [owner.get("/v1/user").status_code for _ in range(7)].count(429) >= 2
        created = owner.post("/v1/predictions", json={"model": echo, "input": {"value": 1}})
        assert created.status_code == 202
        assert left(created) == (8, 7)
        assert owner.patch("/v1/user", json={"bio": "x"}).status_code == 200
        assert left(other.get("/v1/user")) == (5, 4)


def test_a_request_that_is_refused_is_refused_before_its_body_is_read(limited: Server) -> None:
    with caller(limited, limited.token) as owner:
        statuses = Counter(owner.post("/v1/predictions", json={}).status_code for _ in range(12))
        assert statuses == {422: 8, 429: 4}
    with closing(http.client.HTTPConnection("127.0.0.1", limited.port, timeout=10)) as connection:
        connection.putrequest("POST", "/v1/predictions")
        connection.putheader("Authorization", f"Bearer {limited.token}")
        connection.putheader("Content-Length", "1000")
        connection.endheaders()
        # Not a byte of the body is sent.
        assert connection.getresponse().status == 429


def test_wrong_tokens_count_for_their_address_however_many_there_are(limited: Server) -> None:
    answers: list[httpx.Response] = []
    for number in range(6):
        with caller(limited, f"aug_{number:043d}") as guessing:
            answers.append(guessing.get("/v1/predictions"))
    assert [one.status_code for one in answers] == [401] * 4 + [429] * 2
    with caller(limited, None) as stranger:
        assert stranger.get("/v1/models").status_code == 429
    with caller(limited, "aug_no-route-looks-at-it") as guessing:
        assert guessing.get("/v1/nothing").status_code == 429


def test_a_token_that_is_not_known_yet_pays_for_itself_and_its_address_gets_it_back(limited: Server) -> None:
    with caller(limited, limited.token) as owner, caller(limited, None) as stranger:
        assert left(owner.get("/v1/user")) == (5, 4)
        assert left(stranger.get("/v1/models")) == (4, 3)


@pytest.mark.anyio
async def test_a_token_that_was_revoked_counts_for_its_address_again(migrated_sqlite_url: str, tmp_path: Path) -> None:
    async with opened(migrated_sqlite_url, tmp_path) as house:
        ada = await house.account("ada")
        token = await house.access.issue_token(ada.account_id, "laptop")

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                await auth.identify(house.access, dict(scope["headers"]).get(b"authorization"))
                await Response()(scope, receive, send)
            except CallerError as error:
                await problems.answer(error, scope)(scope, receive, send)

        limit = RateLimit(app, house.access, {"read": Buckets(3600, 5), "anonymous": Buckets(3600, 4)})
        transport = httpx.ASGITransport(limit)
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://augury", headers=headers) as http:
            assert left(await http.get("/v1/user")) == (5, 4)
            (listed,) = await house.access.tokens(ada)
            await house.access.revoke(ada, listed.id)
            answers = [await http.get("/v1/user") for _ in range(7)]
    assert [one.status_code for one in answers] == [401] * 5 + [429] * 2
    # The first one tells that it is worth nothing any more.
    assert [left(one)[0] for one in answers] == [5, 4, 4, 4, 4, 4, 4]


def test_many_at_once_are_admitted_exactly_as_often_as_the_bucket_holds(limited: Server) -> None:
    with caller(limited, limited.token) as owner, ThreadPoolExecutor(16) as threads:
        assert owner.get("/v1/user").status_code == 200
        statuses = Counter(one.status_code for one in threads.map(owner.get, ["/v1/user"] * 60))
    assert statuses == {200: 4, 429: 56}


def test_what_operators_ask_for_is_never_refused(limited: Server) -> None:
    with caller(limited, None) as stranger:
        for path in ("/livez", "/readyz", "/metrics", "/openapi.json"):
            assert {stranger.get(path).status_code for _ in range(8)} == {200}


def test_a_server_without_limits_says_nothing_of_any(owner: httpx.Client) -> None:
    answer = owner.get("/v1/user")
    assert not any(name in answer.headers for name in NAMES)


def test_an_address_is_believed_to_a_proxy_only_where_the_operator_says_so(tmp_path: Path) -> None:
    for trusted, statuses in (("", [200] * 4 + [429] * 2), ("127.0.0.0/8", [200] * 6)):
        settings = {"trusted_proxies": trusted} if trusted else {}
        folder = tmp_path / (trusted[:3] or "none")
        folder.mkdir()
        with running(folder, rate_limit=RATES, **settings) as server, caller(server, None) as proxy:
            answers = [proxy.get("/v1/models", headers={"X-Forwarded-For": f"203.0.113.{n}"}) for n in range(6)]
            assert [one.status_code for one in answers] == statuses


def test_a_browser_that_is_signed_in_has_buckets_of_its_own(limited: Server) -> None:
    with caller(limited, None) as browser:
        browser.post("/v1/session", json={"token": limited.token}).raise_for_status()
        assert left(browser.get("/v1/user")) == (5, 4)
        answers = [browser.get(f"/v1/user?n={n}").status_code for n in range(5)]
        assert answers == [200] * 4 + [429]
    # Neither its token nor the address pays for it.
    with caller(limited, limited.token) as owner, caller(limited, None) as stranger:
        assert left(owner.get("/v1/user")) == (5, 4)
        assert left(stranger.get("/v1/user"))[0] == 4
        assert stranger.get("/v1/models").status_code == 200
