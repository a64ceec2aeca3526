"""An open stream ends soon after its reader's right to it, in silence and in a flood, and nothing else does."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Generator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support import elsewhere, publishing
from tests.support.server import Server, running

TALKER = """
import os, time
from typing import Iterator
def predict(until: str, talks: bool) -> Iterator[str]:
    yield "first"
    print("first", flush=True)
    while not os.path.exists(until):
        time.sleep(0.02)
        if talks:
            print("more", flush=True)
            yield "more"
"""
HEARTBEAT = 0.5
KINDS = ("create", "stream", "log")
Json = dict[str, Any]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    folder = tmp_path_factory.mktemp("refused")
    with running(folder, stream_heartbeat=f"{HEARTBEAT:g}", stream_idle="60") as started:
        yield started


@pytest.fixture(scope="module")
def client(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Generator[publishing.Client]:
    with closing(publishing.Client(server, tmp_path_factory.mktemp("models"))) as made:
        yield made


@pytest.fixture(scope="module")
def talker(client: publishing.Client) -> str:
    name = client.publish("talker", TALKER, "workers = { max = 4 }")
    client.http.patch("/models/owner/talker", json={"visibility": "public"}).raise_for_status()
    return name


def _revoke(stranger: _Stranger) -> None:
    stranger.owner.delete(f"/tokens/{stranger.token}").raise_for_status()


def _disable(stranger: _Stranger) -> None:
    stranger.owner.patch(f"/users/{stranger.name}", json={"disabled": True}).raise_for_status()


def _revoke_elsewhere(stranger: _Stranger) -> None:
    """As another process does, which tells this one nothing."""
    elsewhere.change(stranger.server, "UPDATE tokens SET revoked_at = created_at WHERE id = ?", stranger.token)


def _expire(stranger: _Stranger) -> None:
    elsewhere.change(stranger.server, "UPDATE tokens SET expires_at = created_at WHERE id = ?", stranger.token)


class _Stranger:
    """Another account, with a token."""

    def __init__(self, client: publishing.Client) -> None:
        self.owner = client.http
        self.server = client.server
        self.name = f"user-{uuid.uuid4().hex[:12]}"
        self.owner.post("/users", json={"name": self.name}).raise_for_status()
        made = self.owner.post("/tokens", json={"name": "t", "account": self.name}).raise_for_status().json()
        self.token: str = made["id"]
        headers = {"Authorization": f"Bearer {made['token']}"}
        self.http = httpx.Client(base_url=client.server.api, headers=headers, timeout=20)

    def open(self, kind: str, talker: str, go: Path, *, talks: bool) -> httpx.Response:
        """A stream of that kind of a new prediction, which lasts until `go` is there."""
        body: Json = {"model": talker, "input": {"until": str(go), "talks": talks}, "stream": True}
        if kind == "create":
            request = self.http.build_request("POST", "/predictions", json=body, headers={"Prefer": "wait=60"})
        else:
            made = self.http.post("/predictions", json=body).raise_for_status().json()
            path = f"/predictions/{made['id']}/" + ("stream" if kind == "stream" else "logs?follow=true")
            request = self.http.build_request("GET", path, headers={"Prefer": "wait=60"})
        return self.http.send(request, stream=True)


WAYS: dict[str, Callable[[_Stranger], None]] = {
    "a revoked token": _revoke,
    "a token revoked elsewhere": _revoke_elsewhere,
    "an expired token": _expire,
    "a disabled account": _disable,
}


@pytest.mark.parametrize("talks", [False, True], ids=["silent", "talking"])
@pytest.mark.parametrize("way", WAYS)
def test_a_stream_ends_soon_after_its_readers_right_to_it(
    client: publishing.Client, talker: str, tmp_path: Path, way: str, talks: bool
) -> None:
    go = tmp_path / "go"
    stranger = _Stranger(client)
    with ExitStack() as stack:
        stack.callback(go.touch)
        stack.enter_context(stranger.http)
        answers = [stack.enter_context(closing(stranger.open(kind, talker, go, talks=talks))) for kind in KINDS]
        bodies = [answer.iter_text() for answer in answers]
        for kind, answer, body in zip(KINDS, answers, bodies, strict=True):
            assert answer.status_code == 200, kind
            text = ""
            while "first" not in text:
                text += next(body)
        WAYS[way](stranger)
        for kind, body in zip(KINDS, bodies, strict=True):
            rest = "".join(body)
            assert "event: done" not in rest, kind
        assert not go.exists()


def test_a_stream_of_who_may_read_goes_on_over_many_looks(
    client: publishing.Client, talker: str, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    stranger = _Stranger(client)
    with stranger.http, closing(stranger.open("stream", talker, go, talks=False)) as answer:
        text = ""
        for piece in answer.iter_text():
            text += piece
            if text.count(": ping") >= 3:
                go.touch()
    assert text.count(": ping") >= 3
    assert "event: done" in text
