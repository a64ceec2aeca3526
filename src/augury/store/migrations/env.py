"""What Alembic runs to apply the steps: in the transaction that `migrate` opened."""

from __future__ import annotations

from alembic import context

from augury.store.derived import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
