"""What an account has uploaded, newest first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Go from step 0003 to this one."""
    uploaded = sa.text("prediction_id IS NULL")
    op.create_index("files_uploaded", "files", ["account_id", "id"], sqlite_where=uploaded, postgresql_where=uploaded)
