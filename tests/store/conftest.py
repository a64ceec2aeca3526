"""A migrated database of each kind, with the rows of `tests.store.rows` in it."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import anyio.to_thread
import pytest

from augury.store import migrate
from augury.store.database import Database, open_database
from tests.store import rows


@pytest.fixture
async def db(database_url: str) -> AsyncGenerator[Database]:
    """An open database with an account, a model and two versions."""
    await anyio.to_thread.run_sync(migrate.upgrade, database_url)
    async with open_database(database_url) as database:
        await database.write(rows.seed)
        yield database
