"""What another process does to a server's database, of which the server hears nothing: a statement, with one value."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import psycopg

from tests.support.server import Server


def change(server: Server, statement: str, value: str | int) -> None:
    """Change exactly one row; `?` stands for the value."""
    url = server.settings.get("database_url", "")
    if url.startswith("postgresql"):
        with psycopg.connect(url) as there:
            assert there.execute(statement.replace("?", "%s").encode(), (value,)).rowcount == 1
        return
    with closing(sqlite3.connect(server.data / "augury.db", timeout=10)) as here, here:
        assert here.execute(statement, (value,)).rowcount == 1
