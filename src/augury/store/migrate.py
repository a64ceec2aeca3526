"""Brings a database's schema to the one this version of the server needs, step by step.

Knows nothing about what a step does: those are in `migrations/versions`.
"""

from __future__ import annotations

import sqlalchemy
from alembic import command
from alembic.config import Config

from augury.store.schema import MIGRATIONS, transaction


def upgrade(url: str) -> None:
    """Apply every step that is missing, all or none."""
    with transaction(url) as connection:
        command.upgrade(config(connection), "head")


def config(connection: sqlalchemy.Connection | None = None) -> Config:
    """What Alembic has to know of us."""
    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    made.attributes["connection"] = connection
    return made
