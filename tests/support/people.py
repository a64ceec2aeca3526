"""Accounts of a running server, made in its store beside it."""

from __future__ import annotations

import anyio

from augury.domain.account import Account
from augury.domain.ids import AccountId, IdSource
from augury.service.access import Access
from augury.store import users
from augury.store.database import open_database
from tests.support.server import Server


def token_of(server: Server, name: str, *, admin: bool = False) -> str:
    """A token with every scope of a new account; the server is on SQLite."""

    async def make() -> str:
        async with open_database(f"sqlite:///{server.data / 'augury.db'}") as db:
            ids = IdSource()
            account = AccountId(ids.next())
            await db.write(lambda c: users.insert(c, Account(account, name, admin, 1)))
            return await Access(db, ids, lambda: 1).issue_token(account, "test")

    return anyio.run(make)
