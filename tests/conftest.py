"""Fixtures that every test can ask for: the event loop, and databases of both kinds."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

from augury.store import migrate
from tests.support import order, postgres

# A run in the background may ignore Ctrl+C, and so would each program that it starts: some tests interrupt those.
signal.signal(signal.SIGINT, signal.default_int_handler)

VERSION_TABLE = "alembic_version"
"""The one with a row in it from the beginning."""

settings.register_profile("thorough", max_examples=1000, print_blob=True)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where there are several testers, begin with what takes longest."""
    if hasattr(config, "workerinput"):
        tests = Path(__file__).parent
        files = [item.path.relative_to(tests).as_posix() for item in items]
        places = {name: place for place, name in enumerate(order.of_files(files))}
        items.sort(key=lambda item: places[item.path.relative_to(tests).as_posix()])


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


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that was migrated once for the whole run, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "augury.db"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: postgres.Postgres) -> Generator[tuple[str, postgres.Shape]]:
    """A database that was migrated once for the whole run, to be emptied after each use, and its shape."""
    with postgres_server.database() as url:
        migrate.upgrade(url)
        yield url, postgres_server.empty(url, but=VERSION_TABLE)


@pytest.fixture
def migrated_sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """A SQLite database with our tables, and nothing in them."""
    return f"sqlite:///{shutil.copyfile(migrated_sqlite, tmp_path / 'augury.db')}"


@pytest.fixture
def migrated_postgres_url(
    postgres_server: postgres.Postgres, migrated_postgres: tuple[str, postgres.Shape]
) -> Generator[str]:
    """A PostgreSQL database with our tables, and nothing in them, whose tables must stay as they are."""
    url, shape = migrated_postgres
    yield url
    assert postgres_server.empty(url, but=VERSION_TABLE) == shape, (
        "who changes more than rows asks for `postgres_url` and migrates it"
    )


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated_url(request: pytest.FixtureRequest) -> str:
    """A database of each kind in turn with our tables, and nothing in them."""
    return request.getfixturevalue("migrated_sqlite_url" if request.param == "sqlite" else "migrated_postgres_url")
