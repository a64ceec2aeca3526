"""One server for all tests of the command line, and commands that know it, or none."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.cli.commands import Augury
from tests.support.server import Server, running


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """A running server."""
    with running(tmp_path_factory.mktemp("cli-server")) as started:
        yield started


@pytest.fixture
def augury(server: Server, tmp_path: Path) -> Augury:
    """Commands that are told where the server is."""
    settings = {"url": server.url, "token": server.token, "data": str(server.data)}
    return Augury(settings, tmp_path)


@pytest.fixture
def alone(tmp_path: Path) -> Augury:
    """Commands on an empty data folder, without a server."""
    return Augury({"data": str(tmp_path / "nothing-here")}, tmp_path)
