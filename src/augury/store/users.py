"""Accounts and their tokens as rows. A token is stored as its SHA-256 alone.

Knows no clock and no rule about who may do what.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeAlias, cast

from sqlalchemy import ColumnElement, Select, bindparam, func, literal, literal_column, select, tuple_
from sqlalchemy import insert as sql_insert
from sqlalchemy import update as sql_update

from augury.domain import jsontext
from augury.domain.account import Account
from augury.domain.ids import AccountId, ModelId
from augury.store import search
from augury.store.connection import Connection, Query, Row
from augury.store.tables import accounts, model_access, tokens

Kind = Literal["token", "session", "code"]
Selected: TypeAlias = "Select[Any, *tuple[Any, ...]]"

CHANGEABLE = ("name", "display_name", "bio", "urls", "company", "location")
"""The columns that an account's own people may set."""
ADMINISTERED = (*CHANGEABLE, "admin", "disabled_at")
"""The columns that `update` takes."""

_COLUMNS = (
    accounts.c.id,
    accounts.c.name,
    accounts.c.admin,
    accounts.c.created_at,
    accounts.c.updated_at,
    accounts.c.display_name,
    accounts.c.bio,
    accounts.c.urls,
    accounts.c.company,
    accounts.c.location,
    accounts.c.avatar_url,
    accounts.c.disabled_at,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A token without its text; or a session, or a code for one. Times are microseconds since the epoch."""

    id: str
    account_id: AccountId
    name: str
    scopes: tuple[str, ...]
    created_at: int
    expires_at: int | None = None
    revoked_at: int | None = None
    """Its own, or that of the token that it was made from."""
    last_used_at: int | None = None
    kind: Kind = "token"
    made_from: str | None = None
    """The id of the token whose rights it has; None for one that has its own."""


def insert(c: Connection, account: Account) -> None:
    """Store a new account; raises ConstraintViolated where the name is taken."""
    c.change(
        _INSERT,
        id=account.id,
        name=account.name,
        admin=account.admin,
        created_at=account.created_at,
        display_name=account.display_name,
        bio=account.bio,
        urls=None if account.urls is None else jsontext.dumps(list(account.urls)),
        company=account.company,
        location=account.location,
    )
    search.refresh_account(c, account.id)


def get(c: Connection, account_id: AccountId) -> Account | None:
    """The account."""
    return next(map(_from_row, c.run(_GET, id=account_id)), None)


def find(c: Connection, name: str) -> Account | None:
    """The account of that name."""
    return next(map(_from_row, c.run(_FIND, name=name)), None)


def first_admin(c: Connection) -> Account | None:
    """The oldest account that may do everything; one that is disabled only where there is no other."""
    return next(map(_from_row, c.run(_FIRST_ADMIN, admin=True)), None)


def active_admins(c: Connection) -> list[AccountId]:
    """Every account that may do everything now; they stay so until this transaction has ended."""
    return [row[0] for row in c.run(_ACTIVE_ADMINS, admin=True)]


def page(
    c: Connection, *, position: tuple[int, str] | None, backward: bool, descending: bool, limit: int
) -> list[Account]:
    """The `limit` accounts next to a position (when they were made, and id), in the order of that."""
    order = (accounts.c.created_at, accounts.c.id)
    return _page(c, _ACCOUNTS, order, position, backward=backward, descending=descending, limit=limit)


def page_of_access(
    c: Connection, model_id: ModelId, *, position: tuple[str] | None, backward: bool, limit: int
) -> list[Account]:
    """The `limit` accounts on a model's access list that are next to a position (their name), by name."""
    listed = _ACCOUNTS.join(model_access, model_access.c.account_id == accounts.c.id)
    wanted = listed.where(model_access.c.model_id == model_id)
    return _page(c, wanted, (accounts.c.name,), position, backward=backward, descending=False, limit=limit)


Change: TypeAlias = "str | int | bool | tuple[str, ...] | None"


def update(c: Connection, account_id: AccountId, changes: Mapping[str, Change], now: int) -> bool:
    """Set columns of ADMINISTERED; raises ConstraintViolated for a name that is taken."""
    stored = {
        name: jsontext.dumps(list(value)) if isinstance(value, tuple) else value for name, value in changes.items()
    }
    if c.change(_update(tuple(sorted(stored))), wanted=account_id, now=now, **stored) != 1:
        return False
    search.refresh_account(c, account_id, renamed="name" in stored)
    return True


def insert_token(c: Connection, token: Token, sha256: str) -> None:
    """Store a new token by the hexadecimal SHA-256 of its text."""
    c.change(
        _INSERT_TOKEN,
        id=token.id,
        account_id=token.account_id,
        name=token.name,
        hash=sha256,
        scopes=jsontext.dumps(list(token.scopes)),
        created_at=token.created_at,
        expires_at=token.expires_at,
        kind=token.kind,
        made_from=token.made_from,
    )


def find_token(c: Connection, sha256: str) -> tuple[Token, Account] | None:
    """What has that hash, of whatever kind and state, and whose it is."""
    for row in c.run(_FIND_TOKEN, hash=sha256):
        return _token(row), _from_row(row[len(_TOKEN_COLUMNS) :])
    return None


def whose(c: Connection, token_id: str) -> tuple[Token, Account] | None:
    """What has that id, of whatever kind and state, and whose it is."""
    for row in c.run(_WHOSE, id=token_id):
        return _token(row), _from_row(row[len(_TOKEN_COLUMNS) :])
    return None


def tokens_of(c: Connection, account_id: AccountId) -> list[Token]:
    """Every token of an account, oldest first."""
    return [_token(row) for row in c.run(_TOKENS_OF, account_id=account_id)]


def token(c: Connection, token_id: str) -> Token | None:
    """The token, whatever its state."""
    return next(map(_token, c.run(_TOKEN, id=token_id)), None)


def page_of_tokens(
    c: Connection, account_id: AccountId, *, position: tuple[int, str] | None, backward: bool, limit: int
) -> list[Token]:
    """The `limit` tokens of an account next to a position (when they were made, and id), newest first."""
    order = (tokens.c.created_at, tokens.c.id)
    statement = select(*_TOKEN_COLUMNS).where(tokens.c.account_id == account_id, tokens.c.kind == "token")
    rows = _rows(c, statement, order, position, backward=backward, descending=True, limit=limit)
    return [_token(row) for row in rows]


def revoke(c: Connection, token_id: str, now: int) -> bool:
    """Make a token worthless; False where that was done before."""
    return c.change(_REVOKE, wanted=token_id, now=now) == 1


def touch(c: Connection, token_id: str, now: int) -> None:
    """Note that the token was used."""
    c.change(_TOUCH, wanted=token_id, now=now)


def _page(
    c: Connection,
    statement: Selected,
    order: Sequence[ColumnElement[Any]],
    position: tuple[Any, ...] | None,
    *,
    backward: bool,
    descending: bool,
    limit: int,
) -> list[Account]:
    rows = _rows(c, statement, order, position, backward=backward, descending=descending, limit=limit)
    return [_from_row(row) for row in rows]


def _rows(
    c: Connection,
    statement: Selected,
    order: Sequence[ColumnElement[Any]],
    position: tuple[Any, ...] | None,
    *,
    backward: bool,
    descending: bool,
    limit: int,
) -> list[Row]:
    """The rows next to a position, which has a value for each column of the order; in the list's order."""
    upwards = descending == backward
    if position is not None:
        here, there = tuple_(*order), tuple_(*map(literal, position))
        statement = statement.where(here > there if upwards else here < there)
    found = c.execute(statement.order_by(*(one.asc() if upwards else one.desc() for one in order)).limit(limit))
    rows: list[Row] = [tuple(row) for row in found]
    if backward:
        rows.reverse()
    return rows


def _from_row(row: Row) -> Account:
    id_, name, admin, created, updated, display_name, bio, urls, company, location, avatar, disabled = row
    known = None if urls is None else tuple(cast("list[str]", jsontext.loads(urls)))
    return Account(
        id_, name, bool(admin), created, updated, display_name, bio, known, company, location, avatar, disabled
    )


def _token(row: Row) -> Token:
    id_, account_id, name, scopes, created, expires, revoked, used, kind, made_from = row[: len(_TOKEN_COLUMNS)]
    known = tuple(cast("list[str]", jsontext.loads(scopes)))
    return Token(id_, account_id, name, known, created, expires, revoked, used, kind, made_from)


@lru_cache(maxsize=64)
def _update(names: tuple[str, ...]) -> Query:
    if unknown := set(names) - set(ADMINISTERED):
        raise ValueError(f"{unknown} cannot be changed")
    return Query(
        sql_update(accounts)
        .where(accounts.c.id == bindparam("wanted"))
        .values(updated_at=bindparam("now"), **{name: bindparam(name) for name in names})
    )


_TOKEN_COLUMNS = (
    tokens.c.id,
    tokens.c.account_id,
    tokens.c.name,
    tokens.c.scopes,
    tokens.c.created_at,
    tokens.c.expires_at,
    tokens.c.revoked_at,
    tokens.c.last_used_at,
    tokens.c.kind,
    tokens.c.made_from,
)
_ACCOUNTS = select(*_COLUMNS)
_INSERT = Query(
    sql_insert(accounts).values({name: bindparam(name) for name in (*CHANGEABLE, "id", "admin", "created_at")})
)
_GET = Query(_ACCOUNTS.where(accounts.c.id == bindparam("id")))
_FIND = Query(_ACCOUNTS.where(accounts.c.name == bindparam("name")))
_FIRST_ADMIN = Query(
    _ACCOUNTS.where(accounts.c.admin == bindparam("admin"))
    .order_by(accounts.c.disabled_at.is_not(None), accounts.c.created_at, accounts.c.id)
    .limit(1)
)
# In one order, so that two who lock them never wait for each other.
_ACTIVE_ADMINS = Query(
    select(accounts.c.id)
    .where(accounts.c.admin == bindparam("admin"), accounts.c.disabled_at.is_(None))
    .order_by(accounts.c.id)
    .with_for_update()
)
_INSERTED = ("id", "account_id", "name", "hash", "scopes", "created_at", "expires_at", "kind", "made_from")
_INSERT_TOKEN = Query(sql_insert(tokens).values({name: bindparam(name) for name in _INSERTED}))
_source = tokens.alias("source")
# A session that is stored in the moment in which its token is revoked is worthless, too.
_revoked_at = func.coalesce(tokens.c.revoked_at, _source.c.revoked_at)
_TOKEN_AND_ACCOUNT = (
    select(*(_revoked_at if one is tokens.c.revoked_at else one for one in _TOKEN_COLUMNS), *_COLUMNS)
    .join_from(tokens, accounts, accounts.c.id == tokens.c.account_id)
    .outerjoin(_source, _source.c.id == tokens.c.made_from)
)
_FIND_TOKEN = Query(_TOKEN_AND_ACCOUNT.where(tokens.c.hash == bindparam("hash")))
_WHOSE = Query(_TOKEN_AND_ACCOUNT.where(tokens.c.id == bindparam("id")))
_IS_TOKEN = tokens.c.kind == literal_column("'token'")
_TOKENS_OF = Query(
    select(*_TOKEN_COLUMNS)
    .where(tokens.c.account_id == bindparam("account_id"), _IS_TOKEN)
    .order_by(tokens.c.created_at, tokens.c.id)
)
_TOKEN = Query(select(*_TOKEN_COLUMNS).where(tokens.c.id == bindparam("id"), _IS_TOKEN))
_REVOKE = Query(
    sql_update(tokens)
    .where(tokens.c.id == bindparam("wanted"), tokens.c.revoked_at.is_(None))
    .values(revoked_at=bindparam("now"))
)
_TOUCH = Query(sql_update(tokens).where(tokens.c.id == bindparam("wanted")).values(last_used_at=bindparam("now")))
