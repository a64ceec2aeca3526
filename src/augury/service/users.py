"""Accounts as people see them: looked up by name, and their own changed. Knows nothing about tokens and models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypedDict, cast

from augury.domain.account import Account, Caller
from augury.domain.errors import Conflict, NotFound, Unauthenticated
from augury.domain.model import as_name
from augury.service.access import Access
from augury.service.texts import LINE, TEXT, Checks, check_texts
from augury.store import users as rows
from augury.store.connection import Connection, ConstraintViolated
from augury.store.database import Database
from augury.store.notifier import Notifier

_LIMITS = {"display_name": LINE, "bio": TEXT, "company": LINE, "location": LINE}
_MOST_URLS = 20


class AccountChange(TypedDict, total=False):
    """What to change about an account: only what is there changes."""

    name: str
    display_name: str | None
    bio: str | None
    urls: list[str] | None
    company: str | None
    location: str | None


@dataclass(frozen=True)
class Users:
    """The use cases of accounts. `now` is in microseconds since the epoch."""

    db: Database
    notifier: Notifier
    access: Access
    now: Callable[[], int]

    async def get(self, name: str) -> Account:
        """The account of that name; raises NotFound."""
        wanted = as_name(name)
        found = None if wanted is None else await self.db.read(lambda c: rows.find(c, wanted))
        if found is None:
            raise NotFound(f"There is no user {name[:64]}.", code="user_not_found")
        return found

    async def me(self, caller: Caller) -> Account:
        """The caller's own account."""
        found = await self.db.read(lambda c: rows.get(c, caller.account_id))
        if found is None:
            raise Unauthenticated("The account of this token is gone.", code="invalid_token")
        return found

    async def update_me(self, caller: Caller, change: AccountChange) -> Account:
        """Change the caller's account; raises InvalidRequest, and Conflict `name_taken`."""
        values = _checked(change)
        if not values:
            return await self.me(caller)
        now = self.now()
        try:
            found = await self.db.write(lambda c: _update(c, caller, values, now))
        except ConstraintViolated:
            raise Conflict(f"The name {values.get('name')} is taken.", code="name_taken") from None
        if found is None:
            raise Unauthenticated("The account of this token is gone.", code="invalid_token")
        if "name" in values:
            # Models are named after their owner, and tokens remember whose they are.
            self.access.forget()
            self.notifier.publish("models")
        return found


def _update(
    c: Connection, caller: Caller, values: Mapping[str, str | tuple[str, ...] | None], now: int
) -> Account | None:
    rows.update(c, caller.account_id, values, now)
    return rows.get(c, caller.account_id)


def _checked(change: AccountChange) -> dict[str, str | tuple[str, ...] | None]:
    given = cast("dict[str, Any]", change)
    values: dict[str, Any] = {name: given[name] for name in rows.CHANGEABLE if name in given}
    checks = Checks()
    check_texts(checks, values, _LIMITS)
    if "name" in values:
        values["name"] = checks.name(values["name"])
    if values.get("urls") is not None:
        urls: list[str] = values["urls"]
        if len(urls) > _MOST_URLS:
            checks.add("urls", f"At most {_MOST_URLS} addresses.", "too_long", None, max_length=_MOST_URLS)
        for url in urls:
            checks.url("urls", url)
        values["urls"] = tuple(urls)
    checks.done()
    return values
