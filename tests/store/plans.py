"""How a database finds what a function asks it for, in the words of either database."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from typing import Any, cast

import psycopg
from sqlalchemy import select, text

from augury.store.connection import Connection

Ask = Callable[[Connection], Any]

READ_WHOLE = re.compile(
    r"^\s*(?:->)?\s*(?:SCAN (\w+)$|Seq Scan on (\w+)|USE TEMP B-TREE FOR ORDER|Sort\b)", re.MULTILINE
)
"""What a plan says where a table is read whole, or what was found is sorted."""


def plans_of(c: Connection, ask: Ask) -> list[str]:
    """The plan of each statement that this makes."""
    return _sqlite_plans(c, ask) if c.dialect == "sqlite" else _postgres_plans(c, ask)


def _sqlite_plans(c: Connection, ask: Ask) -> list[str]:
    raw = cast("sqlite3.Connection", c.execute(select(1)).connection.connection.driver_connection)
    statements: list[str] = []
    raw.set_trace_callback(statements.append)
    ask(c)
    raw.set_trace_callback(None)
    cursor = raw.cursor()
    return ["\n".join(row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {one}")) for one in statements]


def _postgres_plans(c: Connection, ask: Ask) -> list[str]:
    """What the server itself says that it did, with tables too small for it to use an index unless it has to."""
    raw = cast("psycopg.Connection", c.execute(select(1)).connection.connection.driver_connection)
    for setting in ("LOAD 'auto_explain'", "SET LOCAL auto_explain.log_min_duration = 0"):
        c.execute(text(setting))
    for way in ("seqscan", "sort", "bitmapscan"):
        c.execute(text(f"SET LOCAL enable_{way} = off"))
    said: list[str] = []

    def note(diagnostic: psycopg.errors.Diagnostic) -> None:
        said.append(diagnostic.message_primary or "")

    raw.add_notice_handler(note)
    c.execute(text("SET LOCAL client_min_messages = log"))
    ask(c)
    c.execute(text("SET LOCAL client_min_messages = warning"))
    raw.remove_notice_handler(note)
    return said
