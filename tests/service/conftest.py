"""The catalogue on a database of each kind."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from augury.domain.account import Caller
from tests.service.house import House, opened


@pytest.fixture
async def house(migrated_url: str, tmp_path: Path) -> AsyncGenerator[House]:
    """The catalogue's services, with nothing in it."""
    async with opened(migrated_url, tmp_path) as services:
        yield services


@pytest.fixture
async def ada(house: House) -> Caller:
    """An account."""
    return await house.account("ada")


@pytest.fixture
async def bob(house: House) -> Caller:
    """Another account."""
    return await house.account("bob")


@pytest.fixture
async def root(house: House) -> Caller:
    """An account that may do everything."""
    return await house.account("root", admin=True)
