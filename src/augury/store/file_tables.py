"""The tables of uploads and files. The bytes are elsewhere: a row says under which name. Rules as in `tables`."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text

from augury.store.tables import metadata, time, where

uploads = Table(
    "uploads",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("mime_type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("part_size", BigInteger, nullable=False),
    # What names it to the blob store.
    Column("handle", Text, nullable=False),
    time("created_at"),
    time("expires_at"),
    # What it became when it was completed.
    Column("file_id", Text),
    CheckConstraint("size >= 0", name="size_counts"),
    CheckConstraint("part_size >= 0", name="part_size_counts"),
)
Index("uploads_expiry", uploads.c.expires_at)

upload_parts = Table(
    "upload_parts",
    metadata,
    Column("upload_id", Text, ForeignKey("uploads.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("etag", Text, nullable=False),
    time("stored_at"),
    CheckConstraint("number >= 1", name="number_counts"),
    CheckConstraint("size >= 0", name="size_counts"),
)

# What was uploaded, and what predictions put out as files. The bytes are elsewhere, under `blob`.
files = Table(
    "files",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("prediction_id", Text),
    Column("blob", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("mime_type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("etag", Text, nullable=False),
    time("created_at"),
    time("expires_at", nullable=True),
    CheckConstraint("size >= 0", name="size_counts"),
)
_OF_PREDICTION = "prediction_id IS NOT NULL"
Index("files_of_prediction", files.c.prediction_id, **where(_OF_PREDICTION))
_UPLOADED = "prediction_id IS NULL"
Index("files_uploaded", files.c.account_id, files.c.id, **where(_UPLOADED))
_EXPIRES = "expires_at IS NOT NULL"
Index("files_expiry", files.c.expires_at, **where(_EXPIRES))
