"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    _accounts()
    _idempotency_keys()
    _nodes()
    _bundles()
    _models()
    _tokens()
    _model_access()
    _versions()
    _predictions()
    _workers()


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=True),
        sa.Column("bio", sa.Text(), nullable=True),
        sa.Column("urls", sa.Text(), nullable=True),
        sa.Column("company", sa.Text(), nullable=True),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("avatar_url", sa.Text(), nullable=True),
        sa.Column("admin", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("name = lower(name) AND length(name) BETWEEN 1 AND 64", name=op.f("accounts_name_form")),
        sa.PrimaryKeyConstraint("id", name=op.f("accounts_pkey")),
        sa.UniqueConstraint("name", name=op.f("accounts_name_key")),
    )


def _idempotency_keys() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("token_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token_id", "key", name=op.f("idempotency_keys_pkey")),
    )
    op.create_index("idempotency_keys_age", "idempotency_keys", ["created_at"], unique=False)


def _nodes() -> None:
    op.create_table(
        "nodes",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("hostname", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("nodes_pkey")),
    )


def _bundles() -> None:
    op.create_table(
        "bundles",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "substr(digest, 1, 7) = 'sha256:' AND length(digest) = 71", name=op.f("bundles_digest_form")
        ),
        sa.CheckConstraint("size >= 0", name=op.f("bundles_size_counts")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("bundles_account_id_fkey")),
        sa.PrimaryKeyConstraint("digest", name=op.f("bundles_pkey")),
    )


def _models() -> None:
    op.create_table(
        "models",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("visibility", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("overview", sa.Text(), nullable=True),
        sa.Column("source_url", sa.Text(), nullable=True),
        sa.Column("license_url", sa.Text(), nullable=True),
        sa.Column("paper_url", sa.Text(), nullable=True),
        sa.Column("cover_image_url", sa.Text(), nullable=True),
        sa.Column("last_version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("visibility IN ('private', 'public', 'restricted')", name=op.f("models_visibility_known")),
        sa.CheckConstraint("last_version >= 0", name=op.f("models_last_version_counts")),
        sa.CheckConstraint("name = lower(name) AND length(name) BETWEEN 1 AND 64", name=op.f("models_name_form")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("models_account_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("models_pkey")),
    )
    op.create_index(
        "models_live_name",
        "models",
        ["account_id", "name"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )


def _tokens() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("length(hash) = 64", name=op.f("tokens_hash_is_sha256")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("tokens_account_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("tokens_pkey")),
        sa.UniqueConstraint("hash", name=op.f("tokens_hash_key")),
    )
    op.create_index(op.f("tokens_account_id"), "tokens", ["account_id"], unique=False)


def _model_access() -> None:
    op.create_table(
        "model_access",
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("model_access_account_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["model_id"], ["models.id"], name=op.f("model_access_model_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("model_id", "account_id", name=op.f("model_access_pkey")),
    )


def _versions() -> None:
    op.create_table(
        "versions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("release_notes", sa.Text(), nullable=False),
        sa.Column("schemas", sa.Text(), nullable=False),
        sa.Column("compatibilities", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("hardware_identifier", sa.Text(), nullable=False),
        sa.Column("variable_names", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.Column("broken_reason", sa.Text(), nullable=True),
        sa.Column("broken_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(broken_at IS NULL) = (broken_reason IS NULL)", name=op.f("versions_broken_has_a_reason")),
        sa.CheckConstraint("number >= 1", name=op.f("versions_number_counts")),
        sa.ForeignKeyConstraint(["digest"], ["bundles.digest"], name=op.f("versions_digest_fkey")),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("versions_model_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("versions_pkey")),
        sa.UniqueConstraint("model_id", "number", name=op.f("versions_model_id_number_key")),
    )


def _predictions() -> None:
    op.create_table(
        "predictions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("stream", sa.Boolean(), nullable=False),
        sa.Column("input", sa.Text(), nullable=True),
        sa.Column("output", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("metrics", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.Column("setup_time", sa.BigInteger(), nullable=True),
        sa.Column("execution_time", sa.BigInteger(), nullable=True),
        sa.Column("worker_id", sa.Text(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("given_back", sa.Integer(), nullable=False),
        sa.Column("start_deadline", sa.BigInteger(), nullable=True),
        sa.Column("deadline", sa.BigInteger(), nullable=True),
        sa.Column("cancel_requested_at", sa.BigInteger(), nullable=True),
        *_prediction_checks(),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("predictions_account_id_fkey")),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name=op.f("predictions_version_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("predictions_pkey")),
    )
    _prediction_indexes()


def _prediction_checks() -> list[sa.CheckConstraint]:
    return [
        sa.CheckConstraint(
            "(status IN ('succeeded', 'failed', 'cancelled', 'abandoned')) = (finished_at IS NOT NULL)",
            name=op.f("predictions_terminal_has_a_time"),
        ),
        sa.CheckConstraint(
            "status <> 'started' OR (started_at IS NOT NULL AND worker_id IS NOT NULL)",
            name=op.f("predictions_started_has_a_worker"),
        ),
        sa.CheckConstraint(
            "status <> 'succeeded' OR (error IS NULL AND (output IS NOT NULL OR removed_at IS NOT NULL))",
            name=op.f("predictions_success_has_output"),
        ),
        sa.CheckConstraint("status = 'succeeded' OR output IS NULL", name=op.f("predictions_only_success_has_output")),
        sa.CheckConstraint(
            "status IN ('pending', 'starting', 'started', 'succeeded', 'failed', 'cancelled', 'abandoned')",
            name=op.f("predictions_status_known"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('failed', 'abandoned') OR error IS NOT NULL", name=op.f("predictions_failure_has_an_error")
        ),
        sa.CheckConstraint(
            "execution_time IS NULL OR execution_time >= 0", name=op.f("predictions_execution_time_counts")
        ),
        sa.CheckConstraint("given_back >= 0 AND given_back <= attempt", name=op.f("predictions_given_back_counts")),
        sa.CheckConstraint("input IS NOT NULL OR removed_at IS NOT NULL", name=op.f("predictions_input_is_kept")),
        sa.CheckConstraint("length(id) = 36", name=op.f("predictions_id_form")),
        sa.CheckConstraint("worker_id IS NULL OR attempt >= 1", name=op.f("predictions_assigned_has_an_attempt")),
    ]


def _prediction_indexes() -> None:
    op.create_index(
        "predictions_assigned",
        "predictions",
        ["worker_id"],
        unique=False,
        sqlite_where=sa.text("worker_id IS NOT NULL AND finished_at IS NULL"),
        postgresql_where=sa.text("worker_id IS NOT NULL AND finished_at IS NULL"),
    )
    op.create_index("predictions_by_account", "predictions", ["account_id", "id"], unique=False)
    op.create_index(
        "predictions_due",
        "predictions",
        ["deadline"],
        unique=False,
        sqlite_where=sa.text("finished_at IS NULL AND deadline IS NOT NULL"),
        postgresql_where=sa.text("finished_at IS NULL AND deadline IS NOT NULL"),
    )
    op.create_index(
        "predictions_queue",
        "predictions",
        ["version_id", "id"],
        unique=False,
        sqlite_where=sa.text("status IN ('pending', 'starting') AND worker_id IS NULL"),
        postgresql_where=sa.text("status IN ('pending', 'starting') AND worker_id IS NULL"),
    )
    op.create_index(
        "predictions_start_due",
        "predictions",
        ["start_deadline"],
        unique=False,
        sqlite_where=sa.text("status IN ('pending', 'starting') AND start_deadline IS NOT NULL"),
        postgresql_where=sa.text("status IN ('pending', 'starting') AND start_deadline IS NOT NULL"),
    )


def _workers() -> None:
    op.create_table(
        "workers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("node_id", sa.Text(), nullable=False),
        sa.Column("version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=True),
        sa.Column("process_mark", sa.Text(), nullable=True),
        sa.Column("slots", sa.Integer(), nullable=False),
        sa.Column("exit_reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ready_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name=op.f("workers_ended_has_a_time")),
        sa.CheckConstraint("state IN ('starting', 'ready', 'draining', 'ended')", name=op.f("workers_state_known")),
        sa.CheckConstraint("slots >= 1", name=op.f("workers_slots_count")),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name=op.f("workers_version_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("workers_pkey")),
    )
    op.create_index(op.f("workers_node_id"), "workers", ["node_id"], unique=False)
