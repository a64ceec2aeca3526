"""Brings a database's schema to the one this version of the server needs, step by step.

Knows nothing about what a step does: those are in `migrations/versions`.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event
from sqlalchemy.pool import NullPool

_LOCK = 0x61756775
"""Of two servers that migrate one PostgreSQL at once, the second waits."""


class SchemaOutdated(Exception):
    """The database's schema is not the one that this server needs; the message says what to do."""


def upgrade(url: str) -> None:
    """Apply every step that is missing, all or none."""
    with _transaction(url) as connection:
        command.upgrade(_config(connection), "head")


def current(url: str) -> str | None:
    """The step that the database is at; None for an empty one."""
    with _transaction(url) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head() -> str:
    """The step that this server needs."""
    step = ScriptDirectory.from_config(_config()).get_current_head()
    if step is None:
        raise LookupError("the migrations are not installed")
    return step


def check(url: str) -> None:
    """Raise SchemaOutdated unless the database is at the step that this server needs."""
    found, wanted = current(url), head()
    if found == wanted:
        return
    known = {step.revision for step in ScriptDirectory.from_config(_config()).walk_revisions()}
    if found is None or found in known:
        raise SchemaOutdated(
            f"The database's schema is at {found or 'nothing'} and this server needs {wanted}: run `augury migrate`."
        )
    raise SchemaOutdated(
        f"The database's schema is at {found}, which this server does not know: it is from a newer version. "
        "Install that version; `augury migrate` only goes forward."
    )


def _config(connection: sqlalchemy.Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


@contextmanager
def _transaction(url: str) -> Generator[sqlalchemy.Connection]:
    sqlite = url.startswith("sqlite:")
    engine = sqlalchemy.create_engine(
        url if sqlite else url.replace("postgresql:", "postgresql+psycopg:", 1), poolclass=NullPool
    )
    if sqlite:
        event.listen(engine, "connect", _by_hand)
        event.listen(engine, "begin", _begin)
    with engine.begin() as connection:
        if not sqlite:
            connection.execute(sqlalchemy.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        yield connection


def _by_hand(raw: Any, _record: object) -> None:
    # The driver's own idea of a transaction commits before each change of the schema.
    raw.isolation_level = None
    raw.execute("PRAGMA busy_timeout=30000").fetchall()


def _begin(connection: sqlalchemy.Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
