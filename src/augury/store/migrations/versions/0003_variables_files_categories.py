"""Accounts' variables, uploads and files, categories, and how often models ran."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Go from step 0002 to this one."""
    _accounts()
    _fleet()
    _variables()
    _uploads()
    _files()
    _categories()
    _counts()
    _search()


def _accounts() -> None:
    op.add_column("accounts", sa.Column("disabled_at", sa.BigInteger(), nullable=True))
    op.create_index("accounts_age", "accounts", ["created_at", "id"])


def _fleet() -> None:
    op.add_column("nodes", sa.Column("machine", sa.Text(), nullable=True))
    op.add_column("versions", sa.Column("workers_min", sa.Integer(), nullable=False, server_default="0"))
    versions = sa.table("versions", sa.column("id"), sa.column("options"), sa.column("workers_min"))
    connection = op.get_bind()
    for version_id, options in connection.execute(sa.select(versions.c.id, versions.c.options)).all():
        if least := json.loads(options).get("workers_min"):
            connection.execute(sa.update(versions).where(versions.c.id == version_id).values(workers_min=least))
    warm = sa.text("workers_min > 0")
    op.create_index("versions_warm", "versions", ["model_id"], sqlite_where=warm, postgresql_where=warm)
    queued = sa.text("status IN ('pending', 'starting') AND worker_id IS NULL")
    op.create_index(
        "predictions_queue_of_account",
        "predictions",
        ["account_id", "id"],
        sqlite_where=queued,
        postgresql_where=queued,
    )


def _variables() -> None:
    op.create_table(
        "variables",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("secret", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 64", name=op.f("variables_name_form")),
        sa.CheckConstraint("length(key) BETWEEN 1 AND 256", name=op.f("variables_key_form")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("variables_account_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "name", name=op.f("variables_pkey")),
    )

    op.create_table(
        "prediction_secrets",
        sa.Column("prediction_id", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["prediction_id"],
            ["predictions.id"],
            name=op.f("prediction_secrets_prediction_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("prediction_id", name=op.f("prediction_secrets_pkey")),
    )


def _uploads() -> None:
    op.create_table(
        "uploads",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("mime_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("part_size", sa.BigInteger(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.Text(), nullable=True),
        sa.CheckConstraint("size >= 0", name=op.f("uploads_size_counts")),
        sa.CheckConstraint("part_size >= 0", name=op.f("uploads_part_size_counts")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("uploads_account_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("uploads_pkey")),
    )
    op.create_index("uploads_expiry", "uploads", ["expires_at"])
    op.create_table(
        "upload_parts",
        sa.Column("upload_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("upload_parts_number_counts")),
        sa.CheckConstraint("size >= 0", name=op.f("upload_parts_size_counts")),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["uploads.id"], name=op.f("upload_parts_upload_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("upload_id", "number", name=op.f("upload_parts_pkey")),
    )


def _files() -> None:
    op.create_table(
        "files",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("prediction_id", sa.Text(), nullable=True),
        sa.Column("blob", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("mime_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("size >= 0", name=op.f("files_size_counts")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("files_account_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("files_pkey")),
        sa.UniqueConstraint("blob", name=op.f("files_blob_key")),
    )
    op.create_index(
        "files_of_prediction",
        "files",
        ["prediction_id"],
        sqlite_where=sa.text("prediction_id IS NOT NULL"),
        postgresql_where=sa.text("prediction_id IS NOT NULL"),
    )
    op.create_index(
        "files_expiry",
        "files",
        ["expires_at"],
        sqlite_where=sa.text("expires_at IS NOT NULL"),
        postgresql_where=sa.text("expires_at IS NOT NULL"),
    )


def _categories() -> None:
    op.create_table(
        "categories",
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("slug = lower(slug) AND length(slug) BETWEEN 1 AND 64", name=op.f("categories_slug_form")),
        sa.PrimaryKeyConstraint("slug", name=op.f("categories_pkey")),
    )
    op.create_table(
        "model_categories",
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["model_id"], ["models.id"], name=op.f("model_categories_model_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["slug"], ["categories.slug"], name=op.f("model_categories_slug_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("model_id", "slug", name=op.f("model_categories_pkey")),
    )
    op.create_index("model_categories_slug", "model_categories", ["slug", "model_id"])


def _counts() -> None:
    # Not by add_column: SQLite takes a check only with the column that it is of.
    op.execute(
        "ALTER TABLE models ADD COLUMN predictions BIGINT DEFAULT '0' NOT NULL "
        "CONSTRAINT models_predictions_count CHECK (predictions >= 0)"
    )
    op.execute(
        "UPDATE models SET predictions = (SELECT count(*) FROM predictions, versions "
        "WHERE versions.id = predictions.version_id AND versions.model_id = models.id)"
    )
    live, listed = "deleted_at IS NULL", "deleted_at IS NULL AND visibility <> 'private'"
    _partial("models_of_account", "models", ["account_id", "created_at", "id"], live)
    _partial("models_by_age", "models", ["created_at", "id"], listed)
    _partial("models_by_count", "models", ["predictions", "id"], listed)
    _partial("models_of_owner_by_age", "models", ["account_id", "created_at", "id"], listed)
    _partial("models_of_owner_by_count", "models", ["account_id", "predictions", "id"], listed)
    wrong = "status IN ('failed', 'cancelled', 'abandoned')"
    _partial("predictions_gone_wrong", "predictions", ["account_id", "status", "id"], wrong)
    op.create_table(
        "fresh_counts",
        sa.Column(
            "version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("writer", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("predictions", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("version_id", "writer", name=op.f("fresh_counts_pkey")),
        sqlite_with_rowid=False,
    )
    for statement in _COUNTING[op.get_bind().dialect.name]:
        op.execute(statement)


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _search() -> None:
    op.create_table(
        "documents",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("documents_pkey")),
        sa.UniqueConstraint("subject", name=op.f("documents_subject_key")),
    )
    for statement in (*_WORDS[op.get_bind().dialect.name], _MODELS, _ACCOUNTS):
        op.execute(statement)


_COUNTING = {
    "sqlite": (
        "CREATE TRIGGER predictions_counted AFTER INSERT ON predictions BEGIN "
        "INSERT INTO fresh_counts (version_id, writer, predictions) VALUES (NEW.version_id, 0, 1) "
        "ON CONFLICT (version_id, writer) DO UPDATE SET predictions = predictions + 1; END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION count_prediction() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "INSERT INTO fresh_counts (version_id, writer, predictions) VALUES (NEW.version_id, pg_backend_pid(), 1) "
        "ON CONFLICT (version_id, writer) DO UPDATE SET predictions = fresh_counts.predictions + 1; "
        "RETURN NULL; END $$",
        "CREATE TRIGGER predictions_counted AFTER INSERT ON predictions "
        "FOR EACH ROW EXECUTE FUNCTION count_prediction()",
    ),
}
_PARTS = "!\"#$%&''()*+,-./:;<=>?@[\\]^_`{|}~"
_WORDS = {
    "sqlite": (
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
    ),
    "postgresql": tuple(
        statement
        for column, place in (
            ("title_words", "title"),
            ("about_words", "title || ' ' || about"),
            ("words", "title || ' ' || about || ' ' || body"),
        )
        for statement in (
            f"ALTER TABLE documents ADD COLUMN {column} tsvector GENERATED ALWAYS AS (array_to_tsvector(ARRAY['=' || "
            f"audience]) || to_tsvector('simple'::regconfig, translate({place}, '{_PARTS}', repeat(' ', 40)))) STORED",
            f"CREATE INDEX documents_{column} ON documents USING gin ({column}) WITH (fastupdate = off)",
        )
    ),
}
# Before this step no model was in a category.
_MODELS = (
    "INSERT INTO documents (subject, audience, title, about, body) SELECT models.id, "
    "CASE models.visibility WHEN 'private' THEN 'owner' || replace(models.account_id, '-', '') ELSE 'models' END, "
    "accounts.name || '/' || models.name, coalesce(substr(models.description, 1, 2000), ''), "
    "coalesce(substr(models.overview, 1, 20000), '') "
    "FROM models, accounts WHERE accounts.id = models.account_id AND models.deleted_at IS NULL"
)
_ACCOUNTS = (
    "INSERT INTO documents (subject, audience, title, about, body) SELECT id, 'users', "
    "name || '/' || coalesce(display_name, ''), coalesce(substr(bio, 1, 2000), ''), '' FROM accounts"
)
