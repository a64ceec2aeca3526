"""Models that can be called through other APIs: those whose latest version offers one. Knows no rule on who sees."""

from __future__ import annotations

from typing import cast

from sqlalchemy import bindparam, or_, select

from augury.domain import jsontext
from augury.domain.ids import AccountId
from augury.domain.model import OfferedModel, Visibility
from augury.store.connection import Connection, Query, Row
from augury.store.tables import accounts, models, versions

MOST = 10_000


def offered(c: Connection, account_id: AccountId, *, every: bool) -> list[OfferedModel]:
    """The models that everybody sees and those of this account, or every model; the oldest first, at most MOST."""
    found = c.run(_ALL) if every else c.run(_SEEN, account_id=account_id)
    return [_from_row(row) for row in found]


def _from_row(row: Row) -> OfferedModel:
    owner, name, created, compatibilities = row
    offers = cast("dict[str, object]", jsontext.loads(compatibilities))
    return OfferedModel(owner, name, created, frozenset(one for one, is_so in offers.items() if is_so is True))


_later = versions.alias("later")
_LATEST = (
    select(accounts.c.name, models.c.name, models.c.created_at, versions.c.compatibilities)
    .join_from(models, versions, versions.c.model_id == models.c.id)
    .join(accounts, accounts.c.id == models.c.account_id)
    .where(
        models.c.deleted_at.is_(None),
        versions.c.deleted_at.is_(None),
        versions.c.compatibilities.like("%true%"),
        ~select(_later.c.id)
        .where(
            _later.c.model_id == versions.c.model_id, _later.c.number > versions.c.number, _later.c.deleted_at.is_(None)
        )
        .exists(),
    )
    .order_by(models.c.created_at, models.c.id)
    .limit(MOST)
)
_ALL = Query(_LATEST)
_SEEN = Query(
    _LATEST.where(or_(models.c.visibility != Visibility.PRIVATE.value, models.c.account_id == bindparam("account_id")))
)
