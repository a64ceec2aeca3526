"""A sender's surroundings on a database of each kind."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator

import pytest

from tests.support.receiver import Receiver, receiving
from tests.webhooks.office import Office, opened


@pytest.fixture
async def office(migrated_url: str) -> AsyncGenerator[Office]:
    """An office where nothing is sent yet."""
    async with opened(migrated_url) as one:
        yield one


@pytest.fixture
def receiver() -> Generator[Receiver]:
    """A receiver that says yes."""
    with receiving() as one:
        yield one
