"""The access list of a model: who is on it, who is put on it and taken off it again.

It matters while the model is restricted (D51), and is kept whatever the model's visibility. Only who may change the
model sees it. Knows nothing about running.
"""

from __future__ import annotations

from dataclasses import dataclass

from augury.domain.account import Account, Caller
from augury.domain.errors import NotFound
from augury.domain.paging import Cursor, Page
from augury.service.models import Models
from augury.service.users import find_account
from augury.service.visibility import find_owned
from augury.store import access as rows
from augury.store import users
from augury.store.connection import Connection
from augury.store.database import Database


@dataclass(frozen=True)
class Sharing:
    """The use cases of access lists. Each raises NotFound and Forbidden as changing the model would."""

    db: Database
    models: Models

    async def page(
        self, caller: Caller, owner: str, name: str, *, cursor: str | None = None, page_size: int = 25
    ) -> Page[Account]:
        """Who is on a model's list, by name."""
        place = Cursor() if cursor is None else Cursor.parse(cursor)
        reached = place.one_text()
        found = await self.db.read(
            lambda c: users.page_of_access(
                c,
                find_owned(c, caller, owner, name).id,
                position=None if reached is None else (reached,),
                backward=place.backward,
                limit=page_size + 1,
            )
        )
        return place.page(found, page_size, lambda one: one.name)

    async def get(self, caller: Caller, owner: str, name: str, user: str) -> Account:
        """A user who is on the list; raises NotFound `not_on_list` for one who is not."""
        return await self.db.read(lambda c: _listed(c, caller, owner, name, user))

    async def allow(self, caller: Caller, owner: str, name: str, user: str) -> Account:
        """Put a user on the list; one who is on it already stays."""
        found = await self.db.write(lambda c: _allow(c, caller, owner, name, user))
        self.models.changed()
        return found

    async def deny(self, caller: Caller, owner: str, name: str, user: str) -> None:
        """Take a user off the list: what they have created runs to its end."""
        await self.db.write(lambda c: _deny(c, caller, owner, name, user))
        self.models.changed()


def _listed(c: Connection, caller: Caller, owner: str, name: str, user: str) -> Account:
    model = find_owned(c, caller, owner, name)
    account = find_account(c, user)
    if not rows.may_run(c, model.id, account.id):
        raise _not_listed(account)
    return account


def _allow(c: Connection, caller: Caller, owner: str, name: str, user: str) -> Account:
    model = find_owned(c, caller, owner, name)
    account = find_account(c, user)
    rows.let_run(c, model.id, account.id)
    return account


def _deny(c: Connection, caller: Caller, owner: str, name: str, user: str) -> None:
    model = find_owned(c, caller, owner, name)
    account = find_account(c, user)
    if not rows.stop_run(c, model.id, account.id):
        raise _not_listed(account)


def _not_listed(account: Account) -> NotFound:
    return NotFound(f"{account.name} is not on the access list.", code="not_on_list")
