"""A server for a whole file of scenarios, and a client of it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.publishing import Client
from tests.support.server import Server, running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """A server that several scenarios share: what one breaks must not reach the next."""
    with running(tmp_path_factory.mktemp("server"), cancel_grace="1", max_workers="6") as server:
        yield server


@pytest.fixture
def own_server(tmp_path: Path) -> Generator[Server]:
    """A server of this test alone: to be killed and restarted."""
    with running(tmp_path, cancel_grace="1", grace_period="10") as server:
        yield server


@pytest.fixture
def client(server: Server, tmp_path: Path) -> Generator[Client]:
    """A caller of the shared server."""
    with closing(Client(server, tmp_path)) as client:
        yield client


@pytest.fixture
def own_client(own_server: Server, tmp_path: Path) -> Generator[Client]:
    """A caller of this test's own server."""
    with closing(Client(own_server, tmp_path)) as client:
        yield client
