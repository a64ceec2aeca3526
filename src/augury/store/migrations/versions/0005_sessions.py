"""Sessions of browsers, and the codes that they are had for, beside tokens."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_KIND = "kind IN ('token', 'session', 'code')"
_PASSING = "kind = 'token' OR expires_at IS NOT NULL"
_KEPT = "id, account_id, name, hash, scopes, created_at, expires_at, revoked_at, last_used_at"


def upgrade() -> None:
    """Go from step 0004 to this one."""
    if op.get_context().dialect.name == "sqlite":
        _anew()
    else:
        op.add_column("tokens", sa.Column("kind", sa.Text(), nullable=False, server_default="token"))
        op.add_column("tokens", sa.Column("made_from", sa.Text(), nullable=True))
        op.create_foreign_key("tokens_made_from_fkey", "tokens", "tokens", ["made_from"], ["id"], ondelete="CASCADE")
        op.create_check_constraint(op.f("tokens_kind_known"), "tokens", _KIND)
        op.create_check_constraint(op.f("tokens_passing_expires"), "tokens", _PASSING)
    passing, made = sa.text("kind <> 'token'"), sa.text("made_from IS NOT NULL")
    op.create_index("tokens_passing", "tokens", ["expires_at"], sqlite_where=passing, postgresql_where=passing)
    op.create_index("tokens_made_from", "tokens", ["made_from"], sqlite_where=made, postgresql_where=made)


def _anew() -> None:
    """SQLite adds no constraint to a table that there is; no other table refers to this one."""
    op.drop_index("tokens_account_id", "tokens")
    op.create_table(
        "tokens_anew",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False, server_default="token"),
        sa.Column("made_from", sa.Text(), nullable=True),
        sa.CheckConstraint("length(hash) = 64", name=op.f("tokens_hash_is_sha256")),
        sa.CheckConstraint(_KIND, name=op.f("tokens_kind_known")),
        sa.CheckConstraint(_PASSING, name=op.f("tokens_passing_expires")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("tokens_account_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["made_from"], ["tokens.id"], name=op.f("tokens_made_from_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("tokens_pkey")),
        sa.UniqueConstraint("hash", name=op.f("tokens_hash_key")),
    )
    op.execute(f"INSERT INTO tokens_anew ({_KEPT}) SELECT {_KEPT} FROM tokens")  # noqa: S608 - names of columns
    op.drop_table("tokens")
    op.rename_table("tokens_anew", "tokens")
    op.create_index(op.f("tokens_account_id"), "tokens", ["account_id"])
