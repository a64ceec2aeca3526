"""What an account has uploaded, newest first; and webhooks that are told in other forms, and not of each state."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Go from step 0003 to this one."""
    op.add_column("webhooks", sa.Column("form", sa.Text(), nullable=True))
    op.add_column("webhooks", sa.Column("told", sa.Text(), nullable=True))
    uploaded = sa.text("prediction_id IS NULL")
    op.create_index("files_uploaded", "files", ["account_id", "id"], sqlite_where=uploaded, postgresql_where=uploaded)
