"""The tables: what a row may look like, so that an impossible one cannot exist.

Portable on purpose: text, integers and booleans only. Times and durations are BIGINT microseconds (since the epoch,
UTC), ids are text, JSON is text exactly as it is answered. The migrations in `migrations/` build the same schema step
by step. Those of files are in `file_tables`, those that follow from others in `derived`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)

# SQLite counts rowids in an INTEGER only; PostgreSQL gets the wide type.
_Serial = BigInteger().with_variant(Integer(), "sqlite")


def where(condition: str) -> dict[str, Any]:
    """An index of those rows alone for which this is true."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


def time(name: str, *, nullable: bool = False) -> Column[int]:
    """A column of microseconds since the epoch."""
    return Column(name, BigInteger, nullable=nullable)


accounts = Table(
    "accounts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("display_name", Text),
    Column("bio", Text),
    Column("urls", Text),
    Column("company", Text),
    Column("location", Text),
    Column("avatar_url", Text),
    Column("admin", Boolean, nullable=False),
    time("created_at"),
    time("updated_at", nullable=True),
    time("disabled_at", nullable=True),
    CheckConstraint("name = lower(name) AND length(name) BETWEEN 1 AND 64", name="name_form"),
)
Index("accounts_age", accounts.c.created_at, accounts.c.id)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("hash", Text, nullable=False, unique=True),
    Column("scopes", Text, nullable=False),
    time("created_at"),
    time("expires_at", nullable=True),
    time("revoked_at", nullable=True),
    time("last_used_at", nullable=True),
    # What programs show, what a browser shows, and what is exchanged for the latter once.
    Column("kind", Text, nullable=False, server_default="token"),
    # Whose rights it has: worthless with that one.
    Column("made_from", Text, ForeignKey("tokens.id", ondelete="CASCADE")),
    CheckConstraint("length(hash) = 64", name="hash_is_sha256"),
    CheckConstraint("kind IN ('token', 'session', 'code')", name="kind_known"),
    CheckConstraint("kind = 'token' OR expires_at IS NOT NULL", name="passing_expires"),
)
Index("tokens_passing", tokens.c.expires_at, **where("kind <> 'token'"))
Index("tokens_made_from", tokens.c.made_from, **where("made_from IS NOT NULL"))

models = Table(
    "models",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("accounts.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("visibility", Text, nullable=False),
    Column("description", Text),
    Column("overview", Text),
    Column("source_url", Text),
    Column("license_url", Text),
    Column("paper_url", Text),
    Column("cover_image_url", Text),
    Column("last_version", Integer, nullable=False, server_default="0"),
    time("created_at"),
    time("updated_at", nullable=True),
    time("deleted_at", nullable=True),
    # Of all its versions, without those in fresh_counts; also of predictions that were removed since.
    Column("predictions", BigInteger, nullable=False, server_default="0"),
    CheckConstraint("visibility IN ('private', 'public', 'restricted')", name="visibility_known"),
    CheckConstraint("name = lower(name) AND length(name) BETWEEN 1 AND 64", name="name_form"),
    CheckConstraint("last_version >= 0", name="last_version_counts"),
    CheckConstraint("predictions >= 0", name="predictions_count"),
)
# A deleted model keeps its predictions, and frees its name.
_LIVE = text("deleted_at IS NULL")
Index(
    "models_live_name",
    models.c.account_id,
    models.c.name,
    unique=True,
    sqlite_where=_LIVE,
    postgresql_where=_LIVE,
)
Index(
    "models_of_account",
    models.c.account_id,
    models.c.created_at,
    models.c.id,
    sqlite_where=_LIVE,
    postgresql_where=_LIVE,
)
# Lists that everyone sees, of all owners and of one, by age and by how often they ran.
_LISTED = text("deleted_at IS NULL AND visibility <> 'private'")
for _name, _columns in {
    "models_by_age": (models.c.created_at, models.c.id),
    "models_by_count": (models.c.predictions, models.c.id),
    "models_of_owner_by_age": (models.c.account_id, models.c.created_at, models.c.id),
    "models_of_owner_by_count": (models.c.account_id, models.c.predictions, models.c.id),
}.items():
    Index(_name, *_columns, sqlite_where=_LISTED, postgresql_where=_LISTED)

model_access = Table(
    "model_access",
    metadata,
    Column("model_id", Text, ForeignKey("models.id", ondelete="CASCADE"), primary_key=True),
    Column("account_id", Text, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
)

bundles = Table(
    "bundles",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("accounts.id"), nullable=False),
    Column("size", BigInteger, nullable=False),
    time("created_at"),
    CheckConstraint("substr(digest, 1, 7) = 'sha256:' AND length(digest) = 71", name="digest_form"),
    CheckConstraint("size >= 0", name="size_counts"),
)

versions = Table(
    "versions",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("model_id", Text, ForeignKey("models.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("release_notes", Text, nullable=False),
    Column("schemas", Text, nullable=False),
    Column("compatibilities", Text, nullable=False),
    Column("digest", Text, ForeignKey("bundles.digest"), nullable=False),
    Column("options", Text, nullable=False),
    Column("hardware_identifier", Text, nullable=False),
    Column("variable_names", Text, nullable=False),
    Column("revision", Integer, nullable=False, server_default="1"),
    Column("broken_reason", Text),
    time("broken_at", nullable=True),
    time("created_at"),
    time("deleted_at", nullable=True),
    # Of its options: found without reading them all.
    Column("workers_min", Integer, nullable=False, server_default="0"),
    UniqueConstraint("model_id", "number"),
    CheckConstraint("number >= 1", name="number_counts"),
    CheckConstraint("(broken_at IS NULL) = (broken_reason IS NULL)", name="broken_has_a_reason"),
)

_WARM = "workers_min > 0"
Index("versions_warm", versions.c.model_id, **where(_WARM))
Index("versions_broken", versions.c.broken_at, **where("broken_at IS NOT NULL"))

nodes = Table(
    "nodes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("hostname", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    time("started_at"),
    time("lease_until"),
    # What it has for workers; NULL of one that does not say.
    Column("machine", Text),
)

workers = Table(
    "workers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("node_id", Text, nullable=False, index=True),
    Column("version_id", _Serial, ForeignKey("versions.id"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("pid", Integer),
    Column("process_mark", Text),
    Column("slots", Integer, nullable=False),
    Column("exit_reason", Text),
    time("created_at"),
    time("ready_at", nullable=True),
    time("ended_at", nullable=True),
    CheckConstraint("state IN ('starting', 'ready', 'draining', 'ended')", name="state_known"),
    CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name="ended_has_a_time"),
    CheckConstraint("slots >= 1", name="slots_count"),
)
Index("workers_of_version", workers.c.version_id, workers.c.created_at)
# Few, of all that ever were.
Index("workers_live", workers.c.version_id, workers.c.state, **where("state <> 'ended'"))

_TERMINAL = "status IN ('succeeded', 'failed', 'cancelled', 'abandoned')"
_QUEUED = "status IN ('pending', 'starting') AND worker_id IS NULL"

predictions = Table(
    "predictions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("accounts.id"), nullable=False),
    Column("version_id", _Serial, ForeignKey("versions.id"), nullable=False),
    Column("status", Text, nullable=False),
    Column("stream", Boolean, nullable=False),
    Column("input", Text),
    Column("output", Text),
    Column("error", Text),
    Column("metrics", Text),
    time("created_at"),
    time("updated_at"),
    time("started_at", nullable=True),
    time("finished_at", nullable=True),
    time("removed_at", nullable=True),
    Column("setup_time", BigInteger),
    Column("execution_time", BigInteger),
    Column("worker_id", Text),
    Column("attempt", Integer, nullable=False),
    Column("given_back", Integer, nullable=False),
    time("start_deadline", nullable=True),
    time("deadline", nullable=True),
    time("cancel_requested_at", nullable=True),
    Column("webhook", Boolean, nullable=False, server_default=text("false")),
    Column("retried", Integer, nullable=False, server_default=text("0")),
    time("starting_at", nullable=True),
    CheckConstraint(
        "status IN ('pending', 'starting', 'started', 'succeeded', 'failed', 'cancelled', 'abandoned')",
        name="status_known",
    ),
    CheckConstraint(f"({_TERMINAL}) = (finished_at IS NOT NULL)", name="terminal_has_a_time"),
    CheckConstraint(
        "status <> 'started' OR (started_at IS NOT NULL AND worker_id IS NOT NULL)", name="started_has_a_worker"
    ),
    CheckConstraint("status = 'succeeded' OR output IS NULL", name="only_success_has_output"),
    CheckConstraint(
        "status <> 'succeeded' OR (error IS NULL AND (output IS NOT NULL OR removed_at IS NOT NULL))",
        name="success_has_output",
    ),
    CheckConstraint("status NOT IN ('failed', 'abandoned') OR error IS NOT NULL", name="failure_has_an_error"),
    CheckConstraint("input IS NOT NULL OR removed_at IS NOT NULL", name="input_is_kept"),
    CheckConstraint("worker_id IS NULL OR attempt >= 1", name="assigned_has_an_attempt"),
    CheckConstraint("given_back >= 0 AND given_back <= attempt", name="given_back_counts"),
    CheckConstraint("execution_time IS NULL OR execution_time >= 0", name="execution_time_counts"),
    CheckConstraint("length(id) = 36", name="id_form"),
)
Index("predictions_by_account", predictions.c.account_id, predictions.c.id)
Index("predictions_queue", predictions.c.version_id, predictions.c.id, **where(_QUEUED))
Index("predictions_queue_of_account", predictions.c.account_id, predictions.c.id, **where(_QUEUED))
_ASSIGNED = "worker_id IS NOT NULL AND finished_at IS NULL"
Index("predictions_assigned", predictions.c.worker_id, **where(_ASSIGNED))
# Few in most installations, and looked for among the many that succeeded.
_WENT_WRONG = "status IN ('failed', 'cancelled', 'abandoned')"
Index("predictions_gone_wrong", predictions.c.account_id, predictions.c.status, predictions.c.id, **where(_WENT_WRONG))
# The same of everybody.
Index("predictions_wrong", predictions.c.status, predictions.c.id, **where(_WENT_WRONG))
# What ended is entered with its end, in the order of each: an entry at the end of an index costs least.
_ENDED = "finished_at IS NOT NULL"
Index(
    "predictions_ended_of_version",
    predictions.c.version_id,
    predictions.c.status,
    predictions.c.id,
    # For lists of one account, which need no row to know whose it is.
    predictions.c.account_id,
    **where(_ENDED),
)
# All that statistics ask for, so that they read no row, and no output that lies in it.
Index(
    "predictions_ended_at",
    predictions.c.finished_at,
    predictions.c.version_id,
    predictions.c.status,
    predictions.c.created_at,
    predictions.c.started_at,
    predictions.c.execution_time,
    **where(_ENDED),
)
_DUE = "finished_at IS NULL AND deadline IS NOT NULL"
Index("predictions_due", predictions.c.deadline, **where(_DUE))
_START_DUE = "status IN ('pending', 'starting') AND start_deadline IS NOT NULL"
Index("predictions_start_due", predictions.c.start_deadline, **where(_START_DUE))

# What a prediction put out, item by item. Its first event (number 1) and its last are in its own row.
events = Table(
    "events",
    metadata,
    Column("prediction_id", Text, ForeignKey("predictions.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("data", Text, nullable=False),
    CheckConstraint("number >= 2", name="number_follows_the_first"),
    sqlite_with_rowid=False,
)

logs = Table(
    "logs",
    metadata,
    Column("prediction_id", Text, ForeignKey("predictions.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("attempt", Integer, nullable=False),
    time("time"),
    Column("stream", Text, nullable=False),
    Column("text", Text, nullable=False),
    CheckConstraint("number >= 1", name="number_counts"),
    CheckConstraint("attempt >= 0", name="attempt_counts"),
    sqlite_with_rowid=False,
)

# What a worker printed while it set itself up: of the worker, not of one prediction.
setup_logs = Table(
    "setup_logs",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("worker_id", Text, ForeignKey("workers.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("version_id", _Serial, ForeignKey("versions.id"), nullable=False),
    time("time"),
    Column("stream", Text, nullable=False),
    Column("text", Text, nullable=False),
)
Index("setup_logs_by_version", setup_logs.c.version_id, setup_logs.c.id)

webhooks = Table(
    "webhooks",
    metadata,
    Column("prediction_id", Text, ForeignKey("predictions.id", ondelete="CASCADE"), primary_key=True),
    Column("url", Text, nullable=False),
    Column("secret", Text),
    Column("receiver", Text, nullable=False),
    # Whose form what is sent has, where it is not ours; and of which states alone it tells, each between two commas.
    Column("form", Text),
    Column("told", Text),
    CheckConstraint("length(url) BETWEEN 1 AND 2048", name="url_form"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Text, primary_key=True),
    Column("prediction_id", Text, ForeignKey("predictions.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("receiver", Text, nullable=False),
    Column("status", Text, nullable=False),
    # How the prediction was when it changed: with its row, all that the body is made of.
    time("changed_at"),
    Column("setup_time", BigInteger),
    Column("execution_time", BigInteger),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    # Asked for while it was being sent: it is sent once more after that.
    Column("again", Boolean, nullable=False, server_default=text("false")),
    time("due_at", nullable=True),
    time("ended_at", nullable=True),
    UniqueConstraint("prediction_id", "number"),
    CheckConstraint(
        "status IN ('pending', 'starting', 'started', 'succeeded', 'failed', 'cancelled', 'abandoned')",
        name="status_known",
    ),
    CheckConstraint("state IN ('due', 'sending', 'delivered', 'failed', 'superseded')", name="state_known"),
    CheckConstraint("(state IN ('due', 'sending')) = (due_at IS NOT NULL)", name="open_has_a_time"),
    CheckConstraint("(state IN ('due', 'sending')) = (ended_at IS NULL)", name="ended_has_a_time"),
    CheckConstraint("number >= 1", name="number_counts"),
    CheckConstraint("attempts >= 0", name="attempts_count"),
    CheckConstraint("NOT again OR state = 'sending'", name="again_while_sending"),
)
_OPEN = "state IN ('due', 'sending')"
Index("deliveries_due", deliveries.c.receiver, deliveries.c.due_at, **where(_OPEN))

delivery_attempts = Table(
    "delivery_attempts",
    metadata,
    Column("delivery_id", Text, ForeignKey("deliveries.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    time("started_at"),
    Column("duration", BigInteger, nullable=False),
    Column("status_code", Integer),
    Column("error", Text),
    Column("response", Text),
    CheckConstraint("number >= 1", name="number_counts"),
    CheckConstraint("duration >= 0", name="duration_counts"),
    CheckConstraint("(status_code IS NULL) = (error IS NOT NULL)", name="answered_or_failed"),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("token_id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("body_hash", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("resource", Text, nullable=False),
    time("created_at"),
)
Index("idempotency_keys_age", idempotency_keys.c.created_at)

variables = Table(
    "variables",
    metadata,
    Column("account_id", Text, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("key", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("secret", Boolean, nullable=False),
    time("created_at"),
    time("updated_at", nullable=True),
    CheckConstraint("length(name) BETWEEN 1 AND 64", name="name_form"),
    CheckConstraint("length(key) BETWEEN 1 AND 256", name="key_form"),
)

# What is secret in inputs, sealed; the inputs themselves have stars there.
prediction_secrets = Table(
    "prediction_secrets",
    metadata,
    Column("prediction_id", Text, ForeignKey("predictions.id", ondelete="CASCADE"), primary_key=True),
    Column("sealed", Text, nullable=False),
)

categories = Table(
    "categories",
    metadata,
    Column("slug", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    time("created_at"),
    CheckConstraint("slug = lower(slug) AND length(slug) BETWEEN 1 AND 64", name="slug_form"),
)

model_categories = Table(
    "model_categories",
    metadata,
    Column("model_id", Text, ForeignKey("models.id", ondelete="CASCADE"), primary_key=True),
    Column("slug", Text, ForeignKey("categories.slug", ondelete="CASCADE"), primary_key=True),
)
Index("model_categories_slug", model_categories.c.slug, model_categories.c.model_id)
