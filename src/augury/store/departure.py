"""What an account leaves behind: counted, handed over, and taken away with it.

What others depend on keeps an account from being deleted, as the rows refer to each other: its models, its predictions,
and what others ran on models of its that were deleted. Knows no clock and no rule about who may do what.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, delete, func, select, update

from augury.domain.ids import AccountId
from augury.store import search
from augury.store.connection import Connection, Query
from augury.store.file_tables import files, uploads
from augury.store.tables import (
    accounts,
    bundles,
    models,
    predictions,
    setup_logs,
    versions,
    workers,
)


@dataclass(frozen=True, slots=True)
class Ties:
    """How much keeps an account from being deleted."""

    models: int
    """That were not deleted."""
    predictions: int
    """Its own, those whose contents were removed among them."""
    used: int
    """Predictions of others on its models."""
    workers: int
    """Processes that still run a model of its."""


def ties(c: Connection, account_id: AccountId) -> Ties:
    """What keeps the account."""
    ((live,),) = c.run(_MODELS, account_id=account_id)
    ((own,),) = c.run(_PREDICTIONS, account_id=account_id)
    ((used,),) = c.run(_USED, account_id=account_id)
    ((running,),) = c.run(_WORKERS, account_id=account_id)
    return Ties(live, own, used, running)


def erase(c: Connection, account_id: AccountId, heir: AccountId, now: int) -> bool:
    """Take an account without ties away, with its tokens and its deleted models; False where there is none.

    Bundles, which others may use, become the heir's; uploads and files, too, and expire now. Raises Vanished where
    something came to it meanwhile.
    """
    for query in (_BUNDLES, _UPLOADS, _FILES):
        c.change(query, wanted=account_id, heir=heir, now=now)
    for query in (_SETUP_LOGS, _ENDED, _VERSIONS, _DELETED):
        c.change(query, account_id=account_id)
    search.forget(c, account_id)
    return c.change(_ACCOUNT, account_id=account_id) == 1


_OWN = models.c.account_id == bindparam("account_id")
_MODEL_IDS = select(models.c.id).where(_OWN)
_VERSION_IDS = select(versions.c.id).join(models, models.c.id == versions.c.model_id).where(_OWN)
_MODELS = Query(select(func.count()).select_from(models).where(_OWN, models.c.deleted_at.is_(None)))
_PREDICTIONS = Query(
    select(func.count()).select_from(predictions).where(predictions.c.account_id == bindparam("account_id"))
)
_USED = Query(
    select(func.count())
    .select_from(predictions)
    .where(predictions.c.version_id.in_(_VERSION_IDS), predictions.c.account_id != bindparam("account_id"))
)
_WORKERS = Query(
    select(func.count())
    .select_from(workers)
    .where(workers.c.version_id.in_(_VERSION_IDS), workers.c.ended_at.is_(None))
)
_BUNDLES = Query(
    update(bundles).where(bundles.c.account_id == bindparam("wanted")).values(account_id=bindparam("heir"))
)
_UPLOADS = Query(
    update(uploads)
    .where(uploads.c.account_id == bindparam("wanted"))
    .values(account_id=bindparam("heir"), expires_at=bindparam("now"))
)
_FILES = Query(
    update(files)
    .where(files.c.account_id == bindparam("wanted"))
    .values(account_id=bindparam("heir"), expires_at=bindparam("now"))
)
_SETUP_LOGS = Query(delete(setup_logs).where(setup_logs.c.version_id.in_(_VERSION_IDS)))
_ENDED = Query(delete(workers).where(workers.c.version_id.in_(_VERSION_IDS)))
_VERSIONS = Query(delete(versions).where(versions.c.model_id.in_(_MODEL_IDS)))
_DELETED = Query(delete(models).where(_OWN, models.c.deleted_at.is_not(None)))
_ACCOUNT = Query(delete(accounts).where(accounts.c.id == bindparam("account_id")))
