"""Tables that follow from the others: the words that a search finds things by, and how often models were run of late.

What no table can say is said in the database's own words, once for each kind: on SQLite the words are an FTS5 table
beside `documents`, on PostgreSQL a generated column of it; and a trigger counts each new prediction, in its own
transaction. Knows nothing about how they are read: that is in `search` and `counts`.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DDLElement, Integer, Table, Text, event
from sqlalchemy.schema import DDL

from augury.store.file_tables import metadata

__all__ = ["documents", "fresh_counts", "metadata"]

# What is found by search: a model or an account each, `audience` being who may find it.
documents = Table(
    "documents",
    metadata,
    Column("id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True),
    Column("subject", Text, nullable=False, unique=True),
    Column("audience", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("body", Text, nullable=False),
)

# Predictions that were made since the last time these were added to their models. Each connection of PostgreSQL has a
# row of its own, so that creates of one model never wait for each other. No foreign key: the prediction has it.
fresh_counts = Table(
    "fresh_counts",
    metadata,
    Column("version_id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=False),
    Column("writer", Integer, primary_key=True, autoincrement=False),
    Column("predictions", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

_SQLITE_WORDS = (
    "CREATE VIRTUAL TABLE documents_words USING fts5(audience, title, about, body, content='documents', "
    "content_rowid='id', columnsize=0, prefix='1 2 3', tokenize='unicode61 remove_diacritics 0')",
    "CREATE TRIGGER documents_inserted AFTER INSERT ON documents BEGIN "
    "INSERT INTO documents_words (rowid, audience, title, about, body) "
    "VALUES (NEW.id, NEW.audience, NEW.title, NEW.about, NEW.body); END",
    "CREATE TRIGGER documents_deleted AFTER DELETE ON documents BEGIN "
    "INSERT INTO documents_words (documents_words, rowid, audience, title, about, body) "
    "VALUES ('delete', OLD.id, OLD.audience, OLD.title, OLD.about, OLD.body); END",
    "CREATE TRIGGER documents_updated AFTER UPDATE ON documents BEGIN "
    "INSERT INTO documents_words (documents_words, rowid, audience, title, about, body) "
    "VALUES ('delete', OLD.id, OLD.audience, OLD.title, OLD.about, OLD.body); "
    "INSERT INTO documents_words (rowid, audience, title, about, body) "
    "VALUES (NEW.id, NEW.audience, NEW.title, NEW.about, NEW.body); END",
)
# Punctuation becomes spaces: PostgreSQL's parser would make hosts, paths and numbers of what it joins.
_PARTS = "!\"#$%&''()*+,-./:;<=>?@[\\]^_`{|}~"
# Each place has words of its own, and no weights in common ones: then it is known how many have a word in that place.
_POSTGRES_WORDS = tuple(
    statement
    for column, place in (
        ("title_words", "title"),
        ("about_words", "title || ' ' || about"),
        ("words", "title || ' ' || about || ' ' || body"),
    )
    for statement in (
        f"ALTER TABLE documents ADD COLUMN {column} tsvector GENERATED ALWAYS AS (array_to_tsvector(ARRAY['=' || "
        f"audience]) || to_tsvector('simple'::regconfig, translate({place}, '{_PARTS}', repeat(' ', 40)))) STORED",
        # Changes are rare, and a search should not have to look through a list of those that are pending.
        f"CREATE INDEX documents_{column} ON documents USING gin ({column}) WITH (fastupdate = off)",
    )
)
_SQLITE_COUNTING = (
    "CREATE TRIGGER predictions_counted AFTER INSERT ON predictions BEGIN "
    "INSERT INTO fresh_counts (version_id, writer, predictions) VALUES (NEW.version_id, 0, 1) "
    "ON CONFLICT (version_id, writer) DO UPDATE SET predictions = predictions + 1; END",
)
_POSTGRES_COUNTING = (
    "CREATE OR REPLACE FUNCTION count_prediction() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "INSERT INTO fresh_counts (version_id, writer, predictions) VALUES (NEW.version_id, pg_backend_pid(), 1) "
    "ON CONFLICT (version_id, writer) DO UPDATE SET predictions = fresh_counts.predictions + 1; "
    "RETURN NULL; END $$",
    "CREATE TRIGGER predictions_counted AFTER INSERT ON predictions FOR EACH ROW EXECUTE FUNCTION count_prediction()",
)


def _in_words_of(dialect: str, statement: str) -> DDLElement:
    return DDL(statement.replace("%", "%%")).execute_if(dialect=dialect)


for _dialect, _statements in (
    ("sqlite", (*_SQLITE_WORDS, *_SQLITE_COUNTING)),
    ("postgresql", (*_POSTGRES_WORDS, *_POSTGRES_COUNTING)),
):
    for _statement in _statements:
        # After all tables: a trigger of one writes into another.
        event.listen(metadata, "after_create", _in_words_of(_dialect, _statement))
event.listen(documents, "before_drop", _in_words_of("sqlite", "DROP TABLE IF EXISTS documents_words"))
