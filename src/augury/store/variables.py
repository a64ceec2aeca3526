"""Variables as rows, and which versions have them. Values come and go sealed.

Knows no clock and no rule about who may do what.
"""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import Select, bindparam, delete, literal, select, update
from sqlalchemy import insert as sql_insert

from augury.domain import jsontext
from augury.domain.ids import AccountId
from augury.domain.prediction import ModelRef
from augury.domain.variable import Variable
from augury.store.connection import Connection, Query, Row
from augury.store.tables import accounts, models, variables, versions

_COLUMNS = (
    variables.c.account_id,
    variables.c.name,
    variables.c.key,
    variables.c.value,
    variables.c.secret,
    variables.c.created_at,
    variables.c.updated_at,
)


def insert(c: Connection, variable: Variable) -> None:
    """Store a new variable; raises ConstraintViolated where the account has one of that name."""
    c.change(
        _INSERT,
        account_id=variable.account_id,
        name=variable.name,
        key=variable.key,
        value=variable.value,
        secret=variable.secret,
        created_at=variable.created_at,
    )


def find(c: Connection, account_id: AccountId, name: str) -> Variable | None:
    """An account's variable of that name."""
    return next(map(_from_row, c.run(_FIND, account_id=account_id, name=name)), None)


def find_to_use(c: Connection, account_id: AccountId, name: str) -> Variable | None:
    """The same, which nobody else can change or delete until the transaction ends."""
    return next(map(_from_row, c.run(_FIND_TO_USE, account_id=account_id, name=name)), None)


def find_to_change(c: Connection, account_id: AccountId, name: str) -> Variable | None:
    """The same, which nobody else can change or begin to use until the transaction ends."""
    return next(map(_from_row, c.run(_FIND_TO_CHANGE, account_id=account_id, name=name)), None)


def page(c: Connection, account_id: AccountId, *, position: str | None, backward: bool, limit: int) -> list[Variable]:
    """The `limit` variables of an account next to a name, in the order of their names."""
    statement = select(*_COLUMNS).where(variables.c.account_id == account_id)
    if position is not None:
        name = variables.c.name
        statement = statement.where(name < literal(position) if backward else name > literal(position))
    order = variables.c.name.desc() if backward else variables.c.name.asc()
    found = [_from_row(tuple(row)) for row in c.execute(statement.order_by(order).limit(limit))]
    if backward:
        found.reverse()
    return found


def change(c: Connection, account_id: AccountId, name: str, *, key: str, value: str, now: int) -> None:
    """Give a variable another key and value."""
    c.change(_CHANGE, account=account_id, wanted=name, new_key=key, new_value=value, now=now)


def remove(c: Connection, account_id: AccountId, name: str) -> None:
    """Take a variable away."""
    c.change(_DELETE, account=account_id, wanted=name)


def having(c: Connection, account_id: AccountId, name: str) -> list[tuple[int, ModelRef]]:
    """The ids and names of the versions whose configuration has a variable of the account, by model and number."""
    return [
        (version_id, ModelRef(owner, model, number))
        for version_id, number, model, owner, names in c.run(_VERSIONS, account_id=account_id)
        if name in _names(names)
    ]


def of_version(c: Connection, version_id: int) -> tuple[list[str], list[Variable]]:
    """What a version's configuration names, and those variables of its model's owner that there are, in that order."""
    for account_id, text in c.run(_OF_VERSION, id=version_id):
        names = _names(text)
        found = (find(c, account_id, name) for name in names)
        return names, [one for one in found if one is not None]
    return [], []


def revise(c: Connection, version_id: int) -> None:
    """What a version runs with has changed: its revision counts up, and it is no longer broken."""
    c.change(_REVISE, wanted=version_id)


def _from_row(row: Row) -> Variable:
    account_id, name, key, value, secret, created, updated = row
    return Variable(account_id, name, key, value, bool(secret), created, updated)


def _names(text: str) -> list[str]:
    return cast("list[str]", jsontext.loads(text))


_INSERT = Query(
    sql_insert(variables).values(
        {name: bindparam(name) for name in ("account_id", "name", "key", "value", "secret", "created_at")}
    )
)
_ONE: Select[Any, *tuple[Any, ...]] = select(*_COLUMNS).where(
    variables.c.account_id == bindparam("account_id"), variables.c.name == bindparam("name")
)
_FIND = Query(_ONE)
_FIND_TO_USE = Query(_ONE.with_for_update(read=True))
_FIND_TO_CHANGE = Query(_ONE.with_for_update())
_THIS = (variables.c.account_id == bindparam("account"), variables.c.name == bindparam("wanted"))
_CHANGE = Query(
    update(variables)
    .where(*_THIS)
    .values(key=bindparam("new_key"), value=bindparam("new_value"), updated_at=bindparam("now"))
)
_DELETE = Query(delete(variables).where(*_THIS))
_VERSIONS = Query(
    select(versions.c.id, versions.c.number, models.c.name, accounts.c.name, versions.c.variable_names)
    .join_from(versions, models, models.c.id == versions.c.model_id)
    .join(accounts, accounts.c.id == models.c.account_id)
    .where(
        models.c.account_id == bindparam("account_id"),
        models.c.deleted_at.is_(None),
        versions.c.deleted_at.is_(None),
        versions.c.variable_names != "[]",
    )
    .order_by(models.c.name, versions.c.number)
)
_OF_VERSION = Query(
    select(models.c.account_id, versions.c.variable_names)
    .join_from(versions, models, models.c.id == versions.c.model_id)
    .where(versions.c.id == bindparam("id"))
)
_REVISE = Query(
    update(versions)
    .where(versions.c.id == bindparam("wanted"))
    .values(revision=versions.c.revision + 1, broken_at=None, broken_reason=None)
)
