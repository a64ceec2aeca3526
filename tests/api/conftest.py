"""One running server for the tests of its HTTP, and what they send it with."""

from __future__ import annotations

from collections.abc import Generator

import httpx
import pytest

from tests.support import models
from tests.support.server import Server, running


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    with running(tmp_path_factory.mktemp("api"), max_wait="20s", default_wait="10s") as started:
        yield started


@pytest.fixture(scope="session")
def owner(server: Server) -> Generator[httpx.Client]:
    """HTTP with the owner's token."""
    headers = {"Authorization": f"Bearer {server.token}"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=25) as http:
        yield http


@pytest.fixture(scope="session")
def stranger(server: Server) -> Generator[httpx.Client]:
    """HTTP without a token."""
    with httpx.Client(base_url=server.url, timeout=25) as http:
        yield http


@pytest.fixture(scope="session")
def echo(owner: httpx.Client) -> str:
    """A private model that gives back its input's `value`."""
    return models.publish(owner, "echo", models.ECHO)


@pytest.fixture(scope="session")
def shout(owner: httpx.Client) -> str:
    """A public model whose input can be wrong."""
    return models.publish(owner, "shout", models.SHOUT, visibility="public")


@pytest.fixture(scope="session")
def latch(owner: httpx.Client) -> str:
    """A model that runs until a file exists."""
    return models.publish(owner, "latch", models.LATCH)
