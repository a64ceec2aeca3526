"""The migrations build exactly the tables that the code knows, on both databases."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import sqlalchemy
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from augury.store import migrate, schema
from augury.store.tables import metadata


@pytest.fixture
def url(database_url: str) -> str:
    return database_url.replace("postgresql:", "postgresql+psycopg:", 1)


def test_the_migrated_schema_is_the_one_of_the_tables(database_url: str, url: str) -> None:
    migrate.upgrade(database_url)
    engine = sqlalchemy.create_engine(url, poolclass=NullPool)

    with engine.connect() as connection:
        # What only one of the databases has is not in the metadata; `_described` shows it on both sides.
        opts: dict[str, Any] = {"compare_server_default": True, "include_name": _is_portable}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, metadata) == []
        migrated = _described(connection)
    with engine.begin() as connection:
        metadata.drop_all(connection)
        metadata.create_all(connection)
    with engine.connect() as connection:
        assert _described(connection) == migrated


def test_an_empty_database_is_outdated_and_a_migrated_one_is_not(database_url: str) -> None:
    assert schema.current(database_url) is None
    with pytest.raises(schema.SchemaOutdated, match="augury migrate"):
        schema.check(database_url)

    migrate.upgrade(database_url)

    schema.check(database_url)
    assert schema.current(database_url) == schema.head()


def test_the_newest_file_is_the_step_that_alembic_ends_at() -> None:
    scripts = ScriptDirectory.from_config(migrate.config())
    assert scripts.get_current_head() == schema.head()
    assert sorted(one.revision for one in scripts.walk_revisions()) == schema.steps()


def test_a_database_made_at_once_is_the_one_that_the_steps_make(database_url: str, url: str) -> None:
    schema.create(database_url)
    schema.check(database_url)
    engine = sqlalchemy.create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        at_once = _described(connection)
    with engine.begin() as connection:
        metadata.drop_all(connection)
        connection.execute(sqlalchemy.text("DROP TABLE alembic_version"))

    migrate.upgrade(database_url)

    with engine.connect() as connection:
        assert _described(connection) == at_once


def test_a_database_with_something_in_it_is_not_made_anew(database_url: str, url: str) -> None:
    engine = sqlalchemy.create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE mine (id TEXT)"))

    schema.create(database_url)

    assert schema.current(database_url) is None


def test_migrating_again_changes_nothing(database_url: str) -> None:
    migrate.upgrade(database_url)
    migrate.upgrade(database_url)

    schema.check(database_url)


def test_a_schema_of_a_newer_version_is_named_as_such(database_url: str, url: str) -> None:
    migrate.upgrade(database_url)
    with sqlalchemy.create_engine(url, poolclass=NullPool).begin() as connection:
        connection.execute(sqlalchemy.text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(schema.SchemaOutdated, match="9999, which this server does not know"):
        schema.check(database_url)


def test_the_tokens_of_before_there_were_sessions_stay_what_they_are(database_url: str, url: str) -> None:
    with schema.transaction(database_url) as connection:
        command.upgrade(migrate.config(connection), "0004")
        connection.execute(
            sqlalchemy.text("INSERT INTO accounts (id, name, admin, created_at) VALUES ('a', 'ada', true, 1)")
        )
        connection.execute(
            sqlalchemy.text(
                "INSERT INTO tokens (id, account_id, name, hash, scopes, created_at, expires_at, revoked_at)"
                " VALUES ('t', 'a', 'laptop', :hash, '[\"admin\"]', 2, 9, 5)"
            ),
            {"hash": "0" * 64},
        )

    migrate.upgrade(database_url)

    with sqlalchemy.create_engine(url, poolclass=NullPool).connect() as connection:
        (row,) = connection.execute(sqlalchemy.text("SELECT * FROM tokens")).mappings().all()
    assert (row["id"], row["name"], row["hash"], row["expires_at"], row["revoked_at"]) == (
        "t",
        "laptop",
        "0" * 64,
        9,
        5,
    )
    assert (row["kind"], row["made_from"], row["last_used_at"]) == ("token", None, None)


def test_four_that_migrate_at_once_do_it_once(database_url: str) -> None:
    errors: list[BaseException] = []

    def run() -> None:
        try:
            migrate.upgrade(database_url)
        except Exception as error:  # noqa: BLE001 - shown below
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    schema.check(database_url)


def test_a_step_that_fails_leaves_nothing_behind(database_url: str, url: str) -> None:
    engine = sqlalchemy.create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE workers (id TEXT)"))

    with pytest.raises(DBAPIError):
        migrate.upgrade(database_url)

    with engine.connect() as connection:
        assert sqlalchemy.inspect(connection).get_table_names() == ["workers"]


def _described(connection: sqlalchemy.Connection) -> dict[str, Any]:
    """All that the database itself says about its tables, checks and partial indexes included."""
    inspector = sqlalchemy.inspect(connection)
    return {
        table: {
            "columns": [
                (one["name"], str(one["type"]), one["nullable"], one["default"]) for one in inspector.get_columns(table)
            ],
            "checks": sorted((one["name"] or "", one["sqltext"]) for one in inspector.get_check_constraints(table)),
            "indexes": sorted(
                (one["name"] or "", tuple(one["column_names"]), one["unique"], _where(connection, one))
                for one in inspector.get_indexes(table)
            ),
            "keys": sorted(
                (one["name"] or "", tuple(one["constrained_columns"]), one["referred_table"], str(one.get("options")))
                for one in inspector.get_foreign_keys(table)
            ),
            "primary": inspector.get_pk_constraint(table)["constrained_columns"],
            "unique": sorted(
                (one["name"] or "", tuple(one["column_names"])) for one in inspector.get_unique_constraints(table)
            ),
        }
        for table in sorted(metadata.tables)
    } | {"by hand": _by_hand(connection)}


def _is_portable(name: str | None, _type: str, _parents: Any) -> bool:
    """Whether both databases have it: all but the words of the search."""
    return name is None or not (name.endswith("words") or name.startswith("documents_words"))


def _by_hand(connection: sqlalchemy.Connection) -> list[str]:
    """What is made of neither tables nor constraints: triggers and their functions, the words of the search."""
    if connection.dialect.name == "sqlite":
        query = "SELECT sql FROM sqlite_master WHERE type = 'trigger' OR sql LIKE 'CREATE VIRTUAL%'"
    else:
        query = (
            "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal "
            "UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace "
            "UNION ALL SELECT indexdef FROM pg_indexes WHERE indexdef LIKE '%USING gin%' "
            "UNION ALL SELECT generation_expression FROM information_schema.columns WHERE is_generated = 'ALWAYS'"
        )
    found = sorted(connection.execute(sqlalchemy.text(query)).scalars())
    assert found
    return found


def _where(connection: sqlalchemy.Connection, index: Any) -> str:
    return str(index.get("dialect_options", {}).get(f"{connection.dialect.name}_where"))
