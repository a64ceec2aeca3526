"""The access lists of restricted models as rows. Knows no rule about who may change one."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, select, text

from augury.domain.ids import AccountId, ModelId
from augury.store.connection import Connection, Query
from augury.store.tables import model_access


def may_run(c: Connection, model_id: ModelId, account_id: AccountId) -> bool:
    """Whether the account is on the model's access list."""
    return bool(c.run(_MAY_RUN, model_id=model_id, account_id=account_id))


def let_run(c: Connection, model_id: ModelId, account_id: AccountId) -> None:
    """Put the account on the model's access list."""
    c.change(_LET_RUN, model_id=model_id, account_id=account_id)


def stop_run(c: Connection, model_id: ModelId, account_id: AccountId) -> bool:
    """Take the account off the model's access list; False where it was not on it."""
    return c.change(_STOP_RUN, model_id=model_id, account_id=account_id) == 1


_HERE = (model_access.c.model_id == bindparam("model_id"), model_access.c.account_id == bindparam("account_id"))
_MAY_RUN = Query(select(model_access.c.model_id).where(*_HERE))
_LET_RUN = Query(
    text("INSERT INTO model_access (model_id, account_id) VALUES (:model_id, :account_id) ON CONFLICT DO NOTHING")
)
_STOP_RUN = Query(delete(model_access).where(*_HERE))
