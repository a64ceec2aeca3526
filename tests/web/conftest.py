"""A server, browsers without windows that keep its cookies, and what they sign in with."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support.server import Server, running

HEARTBEAT = 0.5

Open = Callable[..., httpx.Client]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    folder = tmp_path_factory.mktemp("web")
    settings = {"stream_heartbeat": f"{HEARTBEAT:g}", "metrics": "admin", "trusted_proxies": "127.0.0.1/32"}
    with running(folder, log_level="debug", session_ttl="7d", **settings) as started:
        yield started


@pytest.fixture(scope="module")
def owner(server: Server) -> Generator[httpx.Client]:
    """HTTP with the owner's token."""
    headers = {"Authorization": f"Bearer {server.token}"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=25) as http:
        yield http


@pytest.fixture
def browser(server: Server) -> Generator[Open]:
    """Opens browsers, each with cookies of its own; its headers are those that a page of the server sends."""
    with ExitStack() as stack:

        def new(url: str = server.url, **headers: str) -> httpx.Client:
            sent = headers or {"Sec-Fetch-Site": "same-origin"}
            return stack.enter_context(httpx.Client(base_url=url, headers=sent, timeout=25))

        yield new


@pytest.fixture
def visitor(owner: httpx.Client, browser: Open) -> httpx.Client:
    """A browser in which the owner is signed in."""
    opened = browser()
    opened.post("/v1/session", json={"code": new_code(owner)}).raise_for_status()
    return opened


def new_code(http: httpx.Client) -> str:
    """The code of a new link."""
    made = http.post("/v1/session/links").raise_for_status()
    assert made.status_code == 201
    url: str = made.json()["url"]
    return urlsplit(url).fragment.removeprefix("code=")


def user_of(http: httpx.Client) -> str | None:
    """Who is signed in."""
    user = http.get("/v1/session").raise_for_status().json()["user"]
    return None if user is None else user["name"]
