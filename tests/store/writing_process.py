"""A process that stores predictions and says on its standard output which are acknowledged, until it is killed."""

from __future__ import annotations

import os
import sys
from typing import Literal, cast

import anyio

from augury.store import predictions
from augury.store.database import Database, open_database
from tests.store import rows


async def write_for_ever(db: Database) -> None:
    """One of several that write at once."""
    while True:
        one = rows.new()
        await db.write(lambda c, one=one: predictions.insert(c, one))
        os.write(1, f"{one.id}\n".encode())


async def main(url: str, sync: Literal["full", "normal"]) -> None:
    """Write with 16 tasks."""
    async with open_database(url, sqlite_sync=sync) as db:
        await db.write(rows.seed)
        async with anyio.create_task_group() as tasks:
            for _ in range(16):
                tasks.start_soon(write_for_ever, db)


if __name__ == "__main__":
    anyio.run(main, sys.argv[1], cast('Literal["full", "normal"]', sys.argv[2]), backend_options={"use_uvloop": True})
