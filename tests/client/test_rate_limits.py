"""The official client over a limit: it sleeps until it may go on, and succeeds."""

from __future__ import annotations

import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx
import pytest
from wriftai import Client

from tests.client.conftest import Use
from tests.support import models
from tests.support.server import Server, running

pytestmark = pytest.mark.anyio


@pytest.fixture
def limited(tmp_path: Path) -> Generator[Server]:
    with running(tmp_path, rate_limit="read=2/s burst 2, predict=1/s burst 1, write=100/s") as server:
        yield server


@pytest.mark.parametrize("asynchronously", [False, True], ids=["sync", "async"])
async def test_a_client_that_asks_too_often_sleeps_and_succeeds(limited: Server, asynchronously: bool) -> None:
    headers = {"Authorization": f"Bearer {limited.token}"}
    with httpx.Client(base_url=limited.url, headers=headers, timeout=25) as http:
        shout = models.publish(http, "shout", models.SHOUT)
        async with httpx.AsyncClient(timeout=25) as async_http:
            client = Client(limited.token, limited.api, http_client=http, async_http_client=async_http)
            use = Use(client, asynchronously)
            began = time.monotonic()
            made = [await use("predictions", "create", model=shout, input={"text": str(n)}) for n in range(4)]
            assert time.monotonic() - began > 2, "it was refused, and waited"
            listed = [await use("predictions", "list") for _ in range(5)]
    assert len({one["id"] for one in made}) == 4
    assert {one["id"] for one in listed[-1].items} == {one["id"] for one in made}


@pytest.mark.parametrize("asynchronously", [False, True], ids=["sync", "async"])
async def test_a_client_that_finds_the_queue_full_sleeps_and_succeeds(tmp_path: Path, asynchronously: bool) -> None:
    with running(tmp_path, max_queue="2", max_workers="1") as server:
        headers = {"Authorization": f"Bearer {server.token}"}
        with httpx.Client(base_url=server.url, headers=headers, timeout=25) as http:
            latch = models.publish(http, "latch", models.LATCH)
            async with httpx.AsyncClient(timeout=25) as async_http:
                client = Client(server.token, server.api, http_client=http, async_http_client=async_http)
                use = Use(client, asynchronously)
                gate = tmp_path / "gate"
                fill(http, latch, gate)
                gate.touch()
                made = await use("predictions", "create", model=latch, input={"path": str(gate)})
                done = await use("predictions", "wait", made["id"])
        assert done["output"] == "opened"


def fill(http: httpx.Client, model: str, gate: Path) -> None:
    body: dict[str, Any] = {"model": model, "input": {"path": str(gate)}}
    statuses = [http.post("/v1/predictions", json=body).status_code for _ in range(8)]
    assert statuses.count(202) <= 3, "one runs, two wait"
    assert statuses[-1] == 429
