"""Items, log lines, webhooks and what is sent to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("predictions", sa.Column("webhook", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("predictions", sa.Column("retried", sa.Integer(), server_default=sa.text("0"), nullable=False))
    _events()
    _logs()
    _setup_logs()
    _webhooks()
    _deliveries()
    _delivery_attempts()


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("prediction_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.CheckConstraint("number >= 2", name=op.f("events_number_follows_the_first")),
        _of_prediction("events"),
        sa.PrimaryKeyConstraint("prediction_id", "number", name=op.f("events_pkey")),
        sqlite_with_rowid=False,
    )


def _logs() -> None:
    op.create_table(
        "logs",
        sa.Column("prediction_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.CheckConstraint("attempt >= 0", name=op.f("logs_attempt_counts")),
        sa.CheckConstraint("number >= 1", name=op.f("logs_number_counts")),
        _of_prediction("logs"),
        sa.PrimaryKeyConstraint("prediction_id", "number", name=op.f("logs_pkey")),
        sqlite_with_rowid=False,
    )


def _setup_logs() -> None:
    serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "setup_logs",
        sa.Column("id", serial, autoincrement=True, nullable=False),
        sa.Column("worker_id", sa.Text(), nullable=False),
        sa.Column("version_id", serial, nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name=op.f("setup_logs_version_id_fkey")),
        sa.ForeignKeyConstraint(
            ["worker_id"], ["workers.id"], name=op.f("setup_logs_worker_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("setup_logs_pkey")),
    )
    op.create_index("setup_logs_by_version", "setup_logs", ["version_id", "id"], unique=False)
    op.create_index(op.f("setup_logs_worker_id"), "setup_logs", ["worker_id"], unique=False)


def _webhooks() -> None:
    op.create_table(
        "webhooks",
        sa.Column("prediction_id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=True),
        sa.Column("receiver", sa.Text(), nullable=False),
        sa.CheckConstraint("length(url) BETWEEN 1 AND 2048", name=op.f("webhooks_url_form")),
        _of_prediction("webhooks"),
        sa.PrimaryKeyConstraint("prediction_id", name=op.f("webhooks_pkey")),
    )


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("prediction_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("receiver", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("setup_time", sa.BigInteger(), nullable=True),
        sa.Column("execution_time", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("again", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        *_delivery_checks(),
        _of_prediction("deliveries"),
        sa.PrimaryKeyConstraint("id", name=op.f("deliveries_pkey")),
        sa.UniqueConstraint("prediction_id", "number", name=op.f("deliveries_prediction_id_number_key")),
    )
    is_open = sa.text("state IN ('due', 'sending')")
    op.create_index(
        "deliveries_due",
        "deliveries",
        ["receiver", "due_at"],
        unique=False,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )


def _delivery_checks() -> list[sa.CheckConstraint]:
    return [
        sa.CheckConstraint(
            "(state IN ('due', 'sending')) = (due_at IS NOT NULL)", name=op.f("deliveries_open_has_a_time")
        ),
        sa.CheckConstraint(
            "(state IN ('due', 'sending')) = (ended_at IS NULL)", name=op.f("deliveries_ended_has_a_time")
        ),
        sa.CheckConstraint(
            "state IN ('due', 'sending', 'delivered', 'failed', 'superseded')", name=op.f("deliveries_state_known")
        ),
        sa.CheckConstraint(
            "status IN ('pending', 'starting', 'started', 'succeeded', 'failed', 'cancelled', 'abandoned')",
            name=op.f("deliveries_status_known"),
        ),
        sa.CheckConstraint("NOT again OR state = 'sending'", name=op.f("deliveries_again_while_sending")),
        sa.CheckConstraint("attempts >= 0", name=op.f("deliveries_attempts_count")),
        sa.CheckConstraint("number >= 1", name=op.f("deliveries_number_counts")),
    ]


def _delivery_attempts() -> None:
    op.create_table(
        "delivery_attempts",
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("duration", sa.BigInteger(), nullable=False),
        sa.Column("status_code", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("response", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(status_code IS NULL) = (error IS NOT NULL)", name=op.f("delivery_attempts_answered_or_failed")
        ),
        sa.CheckConstraint("duration >= 0", name=op.f("delivery_attempts_duration_counts")),
        sa.CheckConstraint("number >= 1", name=op.f("delivery_attempts_number_counts")),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["deliveries.id"],
            name=op.f("delivery_attempts_delivery_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("delivery_id", "number", name=op.f("delivery_attempts_pkey")),
    )


def _of_prediction(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["prediction_id"], ["predictions.id"], name=op.f(f"{table}_prediction_id_fkey"), ondelete="CASCADE"
    )
