"""When a prediction began to wait for a setup; and which workers a version has, and which are broken, by an index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Go from step 0005 to this one."""
    op.add_column("predictions", sa.Column("starting_at", sa.BigInteger(), nullable=True))
    op.create_index("workers_of_version", "workers", ["version_id", "created_at"])
    live, broken = sa.text("state <> 'ended'"), sa.text("broken_at IS NOT NULL")
    op.create_index("workers_live", "workers", ["version_id", "state"], sqlite_where=live, postgresql_where=live)
    op.create_index("versions_broken", "versions", ["broken_at"], sqlite_where=broken, postgresql_where=broken)
