"""The official client against a running server, in its sync and its async form."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from wriftai import Client

from tests.support import models
from tests.support.server import Server, running


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    with running(tmp_path_factory.mktemp("client")) as started:
        yield started


@pytest.fixture(scope="session")
def shout(server: Server) -> str:
    """A published model: `owner/name:number`."""
    headers = {"Authorization": f"Bearer {server.token}"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=30) as http:
        models.publish(http, "shout", models.SHOUT)
        return models.publish(http, "shout", models.SHOUT)


@pytest.fixture(scope="session")
def latch(server: Server) -> str:
    """A published model that runs until a file exists: `owner/name:number`."""
    headers = {"Authorization": f"Bearer {server.token}"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=30) as http:
        return models.publish(http, "latch", models.LATCH)


@dataclass(frozen=True)
class Use:
    """A client, and which half of it a test is to use."""

    client: Client
    asynchronously: bool

    async def __call__(self, resource: str, method: str, *args: Any, **options: Any) -> Any:
        """Call a method of one of the client's resources, or its async twin."""
        found = getattr(self.client, resource)
        if self.asynchronously:
            return await getattr(found, f"async_{method}")(*args, **options)
        return getattr(found, method)(*args, **options)


@pytest.fixture(params=["sync", "async"])
async def use(request: pytest.FixtureRequest, server: Server) -> AsyncIterator[Use]:
    timeout = httpx.Timeout(25)
    with httpx.Client(timeout=timeout) as http:
        async with httpx.AsyncClient(timeout=timeout) as async_http:
            client = Client(server.token, server.api, http_client=http, async_http_client=async_http)
            yield Use(client, request.param == "async")
