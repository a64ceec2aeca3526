"""Which schema a database has, and which one this version of the server needs.

Steps are named by the numbers of the files in `migrations/versions`; the one that a database is at is in its table
`alembic_version`. Knows no Alembic, which takes longer to load than all else here takes to run.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import event
from sqlalchemy.pool import NullPool

from augury.store.derived import metadata

MIGRATIONS = Path(__file__).parent / "migrations"

_LOCK = 0x61756775
"""Of two servers that migrate one PostgreSQL at once, the second waits."""


class SchemaOutdated(Exception):
    """The database's schema is not the one that this server needs; the message says what to do."""


def steps() -> list[str]:
    """Every step there is, in order."""
    return sorted(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def head() -> str:
    """The step that this server needs."""
    found = steps()
    if not found:
        raise LookupError("the migrations are not installed")
    return found[-1]


def current(url: str) -> str | None:
    """The step that the database is at; None for an empty one."""
    with transaction(url) as connection:
        if not sqlalchemy.inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(sqlalchemy.text("SELECT version_num FROM alembic_version")).scalar()


def create(url: str) -> None:
    """Make the newest schema in an empty database at once; one that is not empty is left as it is.

    The tables are the ones that all the steps together make: a test compares them.
    """
    with transaction(url) as connection:
        if sqlalchemy.inspect(connection).get_table_names():
            return
        metadata.create_all(connection, checkfirst=False)
        connection.execute(sqlalchemy.text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        connection.execute(sqlalchemy.text("INSERT INTO alembic_version VALUES (:step)"), {"step": head()})


def check(url: str) -> None:
    """Raise SchemaOutdated unless the database is at the step that this server needs."""
    found, wanted = current(url), head()
    if found == wanted:
        return
    if found is None or found in steps():
        raise SchemaOutdated(
            f"The database's schema is at {found or 'nothing'} and this server needs {wanted}: run `augury migrate`."
        )
    raise SchemaOutdated(
        f"The database's schema is at {found}, which this server does not know: it is from a newer version. "
        "Install that version; `augury migrate` only goes forward."
    )


@contextmanager
def transaction(url: str) -> Generator[sqlalchemy.Connection]:
    """A transaction in which the schema can be looked at and changed, all or nothing."""
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
