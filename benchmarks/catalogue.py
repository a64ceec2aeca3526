"""A big installation's database, made quickly: many models with words about them, and many more predictions.

The rows are those that the server would have written, put in by the drivers' own bulk ways.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

import anyio
import psycopg

from augury.store import counts
from augury.store.database import open_database
from augury.store.sqlite import sqlite_path

DIGEST = "sha256:" + "0" * 64
OWN = 200
"""Every so manieth model is the owner's."""
CATEGORIES = 20
RARE = "category-rare"
"""A category with few models."""
ACCOUNTS = 1_000
_START = 1_760_000_000_000_000
_SYLLABLES = ("ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "ri", "so", "tu", "va")
_WORDS = [one + two + three for one in _SYLLABLES for two in _SYLLABLES for three in _SYLLABLES[:8]]
_STATUSES = ("succeeded",) * 970 + ("failed",) * 20 + ("cancelled",) * 9 + ("abandoned",)
_TABLES = {
    "accounts": ("id", "name", "display_name", "bio", "admin", "created_at"),
    "models": ("id", "account_id", "name", "visibility", "description", "overview", "last_version", "created_at"),
    "versions": (
        "id", "model_id", "number", "release_notes", "schemas", "compatibilities", "digest", "options",
        "hardware_identifier", "variable_names", "created_at",
    ),
    "categories": ("slug", "name", "description", "created_at"),
    "model_categories": ("model_id", "slug"),
    "predictions": (
        "id", "account_id", "version_id", "status", "stream", "input", "output", "error", "created_at", "updated_at",
        "started_at", "finished_at", "worker_id", "attempt", "given_back",
    ),
    "documents": ("subject", "audience", "title", "about", "body"),
}  # fmt: skip

Row = tuple[object, ...]


@dataclass(frozen=True)
class Size:
    """How much there is."""

    models: int = 100_000
    predictions: int = 1_000_000


def word(number: int) -> str:
    """One of the words that models are described with; 0 is in about every tenth of them, the last in few."""
    return _WORDS[number]


def name(number: int) -> str:
    """The name of a model; every 200th is the owner's, every tenth private."""
    return f"{_WORDS[number % len(_WORDS)]}-{_WORDS[number * 31 % len(_WORDS)]}-{number}"


def fill(url: str, owner: str, size: Size) -> None:
    """Put everything into a database that has nothing but the account `owner` in it, by its id."""
    if url.startswith("sqlite"):
        _fill_sqlite(sqlite_path(url), owner, size)
    else:
        _fill_postgres(url, owner, size)
    anyio.run(_fold, url)
    if not url.startswith("sqlite"):
        with psycopg.connect(url, autocommit=True) as connection:
            # As its own housekeeping would have done by now.
            connection.execute("VACUUM ANALYZE")


def _fill_sqlite(path: str, owner: str, size: Size) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA cache_size=-200000")
    connection.execute("INSERT INTO bundles VALUES (?, ?, 1, 1)", (DIGEST, owner))
    for table, columns in _TABLES.items():
        values = ", ".join("?" * len(columns))
        statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})"
        connection.executemany(statement, _rows(table, owner, size))
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _fill_postgres(url: str, owner: str, size: Size) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO bundles VALUES (%s, %s, 1, 1)", (DIGEST, owner))
        # Without the trigger of each row: what it counts is counted below at once.
        connection.execute("SET session_replication_role = replica")
        for table, columns in _TABLES.items():
            statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
            with connection.cursor().copy(statement.encode()) as copy:
                for row in _rows(table, owner, size):
                    copy.write_row(row)
        connection.execute(
            "INSERT INTO fresh_counts SELECT version_id, 0, count(*) FROM predictions GROUP BY version_id"
        )


async def _fold(url: str) -> None:
    async with open_database(url) as db:
        while await db.write(counts.fold) == counts.FOLD:
            pass


def _rows(table: str, owner: str, size: Size) -> Iterator[Row]:
    """The rows of a table, the same each time."""
    chance = random.Random(table)
    match table:
        case "accounts":
            return _accounts(chance)
        case "models":
            return _models(owner, size)
        case "versions":
            return _versions(size)
        case "categories":
            slugs = [*(f"category-{number}" for number in range(CATEGORIES)), RARE]
            return ((slug, slug.capitalize(), "", _START) for slug in slugs)
        case "model_categories":
            return _memberships(size)
        case "predictions":
            return _predictions(chance, owner, size)
        case _:
            return _documents(owner, size)


def _accounts(chance: random.Random) -> Iterator[Row]:
    for number in range(ACCOUNTS):
        yield _id(1, number), f"user-{number}", _text(chance, 2), _text(chance, 12), False, _START + number


def _models(owner: str, size: Size) -> Iterator[Row]:
    for number in range(size.models):
        whose = owner if number % OWN == 0 else _id(1, number % ACCOUNTS)
        chance = random.Random(number)
        visibility = "private" if number % 10 == 9 else "public"
        yield (
            _id(2, number), whose, name(number), visibility, _text(chance, 12), _text(chance, 60), 1, _START + number
        )  # fmt: skip


def _versions(size: Size) -> Iterator[Row]:
    for number in range(size.models):
        yield (
            number + 1, _id(2, number), 1, "", '{"prediction":{"input":{},"output":{}}}', "{}", DIGEST, "{}", "cpu",
            "[]", _START + number,
        )  # fmt: skip


def _memberships(size: Size) -> Iterator[Row]:
    for number in range(size.models):
        yield _id(2, number), f"category-{number * 7 % CATEGORIES}"
        if number % 2_000 == 0:
            yield _id(2, number), RARE


def _predictions(chance: random.Random, owner: str, size: Size) -> Iterator[Row]:
    for number in range(size.predictions):
        # Some models run very often, most seldom.
        version = 1 + int(size.models * chance.random() ** 6)
        status = _STATUSES[number * 7 % 1000]
        whose = owner if number % 3 == 0 else _id(1, number % ACCOUNTS)
        succeeded, time = status == "succeeded", _START + number
        yield (
            _id(3, number), whose, version, status, False, '{"text":"hello"}', '"hello"' if succeeded else None,
            None if succeeded else '{"source":"external","message":"m","detail":null}', time, time, time, time,
            "worker", 1, 0,
        )  # fmt: skip


def _documents(owner: str, size: Size) -> Iterator[Row]:
    for number, row in enumerate(_rows("accounts", owner, size)):
        yield row[0], "users", f"user-{number}/{row[2]}", row[3], ""
    for row in _rows("models", owner, size):
        whose = "owner" if row[1] == owner else f"user-{int(str(row[1])[-12:], 16)}"
        audience = f"owner{str(row[1]).replace('-', '')}" if row[3] == "private" else "models"
        yield row[0], audience, f"{whose}/{row[2]}", row[4], row[5]


def _text(chance: random.Random, words: int) -> str:
    # As in any language, few words are everywhere and most are rare.
    return " ".join(_WORDS[int(len(_WORDS) * chance.random() ** 4)] for _ in range(words))


def _id(kind: int, number: int) -> str:
    return f"0199{kind:04x}-0000-7000-8000-{number:012x}"
