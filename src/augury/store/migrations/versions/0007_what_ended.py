"""What ended, by version and state, by state, and by when: for lists and statistics."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Go from step 0006 to this one."""
    ended, wrong = sa.text("finished_at IS NOT NULL"), sa.text("status IN ('failed', 'cancelled', 'abandoned')")
    op.create_index("predictions_wrong", "predictions", ["status", "id"], sqlite_where=wrong, postgresql_where=wrong)
    op.create_index(
        "predictions_ended_of_version",
        "predictions",
        ["version_id", "status", "id", "account_id"],
        sqlite_where=ended,
        postgresql_where=ended,
    )
    op.create_index(
        "predictions_ended_at",
        "predictions",
        ["finished_at", "version_id", "status", "created_at", "started_at", "execution_time"],
        sqlite_where=ended,
        postgresql_where=ended,
    )
