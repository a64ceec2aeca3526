"""Accounts' variables, uploads and files, categories, and how often models ran."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Go from step 0002 to this one."""
    _variables()
    _uploads()
    _files()
    _categories()
    _counts()


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


def _uploads() -> None:
    op.create_table(
        "uploads",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("mime_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("part_size", sa.BigInteger(), nullable=False),
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
    op.create_table(
        "model_counts",
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("predictions", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("predictions >= 0", name=op.f("model_counts_predictions_count")),
        sa.ForeignKeyConstraint(
            ["model_id"], ["models.id"], name=op.f("model_counts_model_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("model_id", name=op.f("model_counts_pkey")),
    )
    op.create_index("model_counts_most", "model_counts", ["predictions", "model_id"])
