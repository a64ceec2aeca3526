"""Accounts and their tokens as rows. A token is stored as its SHA-256 alone.

Knows no clock and no rule about who may do what.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from sqlalchemy import bindparam, select
from sqlalchemy import insert as sql_insert
from sqlalchemy import update as sql_update

from augury.domain import jsontext
from augury.domain.account import Account
from augury.domain.ids import AccountId
from augury.store.connection import Connection, Query, Row
from augury.store.tables import accounts, tokens

CHANGEABLE = ("name", "display_name", "bio", "urls", "company", "location")
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
)


@dataclass(frozen=True, slots=True)
class Token:
    """A token without its text. Times are microseconds since the epoch."""

    id: str
    account_id: AccountId
    name: str
    scopes: tuple[str, ...]
    created_at: int
    expires_at: int | None = None
    revoked_at: int | None = None
    last_used_at: int | None = None


def insert(c: Connection, account: Account) -> None:
    """Store a new account; raises ConstraintViolated where the name is taken."""
    c.change(_INSERT, id=account.id, name=account.name, admin=account.admin, created_at=account.created_at)


def get(c: Connection, account_id: AccountId) -> Account | None:
    """The account."""
    return next(map(_from_row, c.run(_GET, id=account_id)), None)


def find(c: Connection, name: str) -> Account | None:
    """The account of that name."""
    return next(map(_from_row, c.run(_FIND, name=name)), None)


def first_admin(c: Connection) -> Account | None:
    """The oldest account that may do everything."""
    return next(map(_from_row, c.run(_FIRST_ADMIN, admin=True)), None)


def update(c: Connection, account_id: AccountId, changes: Mapping[str, str | tuple[str, ...] | None], now: int) -> bool:
    """Set columns of CHANGEABLE; raises ConstraintViolated for a name that is taken."""
    stored = {
        name: jsontext.dumps(list(value)) if isinstance(value, tuple) else value for name, value in changes.items()
    }
    return c.change(_update(tuple(sorted(stored))), wanted=account_id, now=now, **stored) == 1


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
    )


def find_token(c: Connection, sha256: str) -> tuple[Token, Account] | None:
    """The token with that hash, whatever its state, and whose it is."""
    for row in c.run(_FIND_TOKEN, hash=sha256):
        return _token(row), _from_row(row[len(_TOKEN_COLUMNS) :])
    return None


def tokens_of(c: Connection, account_id: AccountId) -> list[Token]:
    """Every token of an account, oldest first."""
    return [_token(row) for row in c.run(_TOKENS_OF, account_id=account_id)]


def revoke(c: Connection, account_id: AccountId, token_id: str, now: int) -> bool:
    """Make a token of the account worthless; False where it is none of its, or that was done before."""
    return c.change(_REVOKE, wanted=token_id, account=account_id, now=now) == 1


def touch(c: Connection, token_id: str, now: int) -> None:
    """Note that the token was used."""
    c.change(_TOUCH, wanted=token_id, now=now)


def _from_row(row: Row) -> Account:
    id_, name, admin, created, updated, display_name, bio, urls, company, location, avatar = row
    known = None if urls is None else tuple(cast("list[str]", jsontext.loads(urls)))
    return Account(id_, name, bool(admin), created, updated, display_name, bio, known, company, location, avatar)


def _token(row: Row) -> Token:
    id_, account_id, name, scopes, created, expires, revoked, used = row[: len(_TOKEN_COLUMNS)]
    known = tuple(cast("list[str]", jsontext.loads(scopes)))
    return Token(id_, account_id, name, known, created, expires, revoked, used)


@lru_cache(maxsize=64)
def _update(names: tuple[str, ...]) -> Query:
    if unknown := set(names) - set(CHANGEABLE):
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
)
_ACCOUNTS = select(*_COLUMNS)
_INSERT = Query(sql_insert(accounts).values({name: bindparam(name) for name in ("id", "name", "admin", "created_at")}))
_GET = Query(_ACCOUNTS.where(accounts.c.id == bindparam("id")))
_FIND = Query(_ACCOUNTS.where(accounts.c.name == bindparam("name")))
_FIRST_ADMIN = Query(
    _ACCOUNTS.where(accounts.c.admin == bindparam("admin")).order_by(accounts.c.created_at, accounts.c.id).limit(1)
)
_INSERT_TOKEN = Query(
    sql_insert(tokens).values(
        {name: bindparam(name) for name in ("id", "account_id", "name", "hash", "scopes", "created_at", "expires_at")}
    )
)
_FIND_TOKEN = Query(
    select(*_TOKEN_COLUMNS, *_COLUMNS)
    .join_from(tokens, accounts, accounts.c.id == tokens.c.account_id)
    .where(tokens.c.hash == bindparam("hash"))
)
_TOKENS_OF = Query(
    select(*_TOKEN_COLUMNS)
    .where(tokens.c.account_id == bindparam("account_id"))
    .order_by(tokens.c.created_at, tokens.c.id)
)
_REVOKE = Query(
    sql_update(tokens)
    .where(
        tokens.c.id == bindparam("wanted"), tokens.c.account_id == bindparam("account"), tokens.c.revoked_at.is_(None)
    )
    .values(revoked_at=bindparam("now"))
)
_TOUCH = Query(sql_update(tokens).where(tokens.c.id == bindparam("wanted")).values(last_used_at=bindparam("now")))
