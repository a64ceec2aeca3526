"""Fixtures that every test can ask for: the event loop, and databases of both kinds."""

from __future__ import annotations

import signal
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support import postgres

# A run in the background may ignore Ctrl+C, and so would each program that it starts: some tests interrupt those.
signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("thorough", max_examples=1000, print_blob=True)


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """Async tests run on the loop that the server runs on."""
    return "asyncio", {"use_uvloop": True}


@pytest.fixture(scope="session")
def postgres_server() -> Generator[postgres.Postgres]:
    """A PostgreSQL for the whole run, started when the first test asks for it."""
    with postgres.running() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: postgres.Postgres) -> Generator[str]:
    """A new, empty PostgreSQL database."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new, empty database of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'augury.db'}"
    return request.getfixturevalue("postgres_url")
