"""A migrated database of each kind, with the rows of `tests.store.rows` in it."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from augury.store.database import Database, open_database
from tests.store import rows


@pytest.fixture
async def db(migrated_url: str) -> AsyncGenerator[Database]:
    """An open database with an account, a model and two versions."""
    async with open_database(migrated_url) as database:
        await database.write(rows.seed)
        yield database
