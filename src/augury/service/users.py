"""Accounts: looked up and listed by everyone, changed by their own people, made, disabled and deleted by admins.

There is always an admin who is not disabled. Knows nothing about models, and of tokens only that they are to be
forgotten where their account has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, TypedDict, cast

from augury.domain.account import Account, Caller
from augury.domain.errors import Conflict, Gone, NotFound, Unauthenticated, Vanished
from augury.domain.ids import AccountId, IdSource
from augury.domain.model import as_name
from augury.domain.paging import Cursor, Page, refused
from augury.service.access import Access
from augury.service.once import Idempotency, Repeated, first_time
from augury.service.texts import LINE, TEXT, Checks, check_texts
from augury.store import departure
from augury.store import users as rows
from augury.store.connection import Connection, ConstraintViolated
from augury.store.database import Database
from augury.store.notifier import Notifier

_LIMITS = {"display_name": LINE, "bio": TEXT, "company": LINE, "location": LINE}
_MOST_URLS = 20


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account to make."""

    name: str
    admin: bool = False
    display_name: str | None = None
    bio: str | None = None
    urls: list[str] | None = None
    company: str | None = None
    location: str | None = None


class AccountChange(TypedDict, total=False):
    """What to change about an account: only what is there changes."""

    name: str
    display_name: str | None
    bio: str | None
    urls: list[str] | None
    company: str | None
    location: str | None


class Administration(AccountChange, total=False):
    """What admins may change about an account, too."""

    admin: bool
    disabled: bool
    """Disabled: none of its tokens is worth anything. What it owns stays as it is, and what runs ends as it would."""


@dataclass(frozen=True)
class Users:
    """The use cases of accounts. `now` is in microseconds since the epoch."""

    db: Database
    notifier: Notifier
    access: Access
    now: Callable[[], int]
    ids: IdSource = field(default_factory=IdSource)

    async def get(self, name: str) -> Account:
        """The account of that name; raises NotFound."""
        return await self.db.read(lambda c: find_account(c, name))

    async def page(
        self,
        *,
        cursor: str | None = None,
        page_size: int = 25,
        sort_by: str = "created_at",
        sort_direction: str = "asc",
    ) -> Page[Account]:
        """All accounts, sorted by when they were made."""
        place = (
            Cursor({"sort_by": sort_by, "sort_direction": sort_direction}) if cursor is None else Cursor.parse(cursor)
        )
        direction, position = place.text_filter("sort_direction"), place.number_and_text()
        if place.text_filter("sort_by") != "created_at" or direction not in ("asc", "desc"):
            raise refused()
        found = await self.db.read(
            lambda c: rows.page(
                c,
                position=position,
                backward=place.backward,
                descending=direction == "desc",
                limit=page_size + 1,
            )
        )
        return place.page(found, page_size, lambda one: (one.created_at, one.id))

    async def me(self, caller: Caller) -> Account:
        """The caller's own account."""
        found = await self.db.read(lambda c: rows.get(c, caller.account_id))
        if found is None:
            raise Unauthenticated("The account of this token is gone.", code="invalid_token")
        return found

    async def update_me(self, caller: Caller, change: AccountChange) -> Account:
        """Change the caller's account; raises InvalidRequest, and Conflict `name_taken`."""
        values = _checked(change, rows.CHANGEABLE)
        if not values:
            return await self.me(caller)
        now = self.now()
        return await self._write(lambda c: _update(c, _own(c, caller), values, now), values)

    async def create(self, caller: Caller, new: NewAccount, idempotency: Idempotency | None = None) -> Account:
        """Make an account, which has no token yet; raises InvalidRequest, Forbidden, and Conflict `name_taken`."""
        caller.demand_admin("make accounts")
        values = _checked(cast("AccountChange", asdict(new)), (*rows.CHANGEABLE, "admin"))
        account = Account(AccountId(self.ids.next()), created_at=self.now(), **cast("Any", values))
        try:
            return await self._write(lambda c: _create(c, account, idempotency), values)
        except Repeated as earlier:
            return await self._made_before(AccountId(earlier.resource))

    async def change(self, caller: Caller, name: str, change: Administration) -> Account:
        """Change anybody's account, what it may do included; disabled, all its tokens are refused at once.

        Raises InvalidRequest, Forbidden, NotFound, Conflict `name_taken`, and Conflict `last_admin` where nobody would
        be left who could undo it.
        """
        caller.demand_admin("change the accounts of others")
        values = _checked(change, (*rows.CHANGEABLE, "admin"))
        now = self.now()
        if "disabled" in change:
            values["disabled_at"] = now if change["disabled"] else None
        return await self._write(lambda c: _administer(c, find_account(c, name), values, now), values)

    async def delete(self, caller: Caller, name: str) -> None:
        """Take an account away with its tokens, variables and uploads; its name is free again.

        Raises Forbidden, NotFound, Conflict `last_admin`, and Conflict `user_in_use` for one that has models or
        predictions.
        """
        caller.demand_admin("delete accounts")
        now = self.now()
        try:
            await self.db.write(lambda c: _delete(c, find_account(c, name), caller, now))
        except Vanished:
            raise _in_use(name, "something of its was made just now") from None
        self._changed()

    async def _write(self, change: Callable[[Connection], Account], values: Mapping[str, rows.Change]) -> Account:
        try:
            found = await self.db.write(change)
        except ConstraintViolated:
            raise Conflict(
                f"The name {values.get('name')} is taken.", code="name_taken", hint="Choose another name."
            ) from None
        if not _SEEN_BY_TOKENS.isdisjoint(values):
            self._changed()
        return found

    async def _made_before(self, account_id: AccountId) -> Account:
        found = await self.db.read(lambda c: rows.get(c, account_id))
        if found is None:
            raise Gone("The account that this key made was deleted.", code="user_deleted")
        return found

    def _changed(self) -> None:
        """Models are named after their owner, and tokens remember whose they are, and what that account may do."""
        self.access.forget()
        self.notifier.publish("models")


def find_account(c: Connection, name: str) -> Account:
    """The account of that name; raises NotFound."""
    wanted = as_name(name)
    found = None if wanted is None else rows.find(c, wanted)
    if found is None:
        raise NotFound(f"There is no user {name[:64]}.", code="user_not_found")
    return found


def _own(c: Connection, caller: Caller) -> Account:
    found = rows.get(c, caller.account_id)
    if found is None:
        raise Unauthenticated("The account of this token is gone.", code="invalid_token")
    return found


def _create(c: Connection, account: Account, once: Idempotency | None) -> Account:
    first_time(c, once, "user", account.id, account.created_at)
    rows.insert(c, account)
    return account


def _update(c: Connection, account: Account, values: Mapping[str, rows.Change], now: int) -> Account:
    rows.update(c, account.id, values, now)
    return rows.get(c, account.id) or account


def _administer(c: Connection, account: Account, values: dict[str, rows.Change], now: int) -> Account:
    if values.get("disabled_at") is not None and account.disabled_at is not None:
        values = {**values, "disabled_at": account.disabled_at}
    if values.get("disabled_at") is not None or values.get("admin") is False:
        _demand_another_admin(c, account)
    return _update(c, account, values, now) if values else account


def _delete(c: Connection, account: Account, caller: Caller, now: int) -> None:
    _demand_another_admin(c, account)
    ties = departure.ties(c, account.id)
    if ties.models:
        raise _in_use(account.name, f"it owns {_count(ties.models, 'model')}", f"Delete them first, or: {_DISABLE}")
    if ties.predictions:
        raise _in_use(account.name, f"{_count(ties.predictions, 'prediction')} of its are on record")
    if ties.used:
        raise _in_use(account.name, f"others have {_count(ties.used, 'prediction')} of models that it had")
    if ties.workers:
        raise _in_use(account.name, "a model of its is just being stopped", "Try again in a moment.")
    heirs = (caller.account_id, *rows.active_admins(c))
    departure.erase(c, account.id, next(one for one in heirs if one != account.id), now)


def _demand_another_admin(c: Connection, account: Account) -> None:
    """Raise Conflict where this account is the last that can make and enable others."""
    if rows.active_admins(c) == [account.id]:
        raise Conflict(
            f"{account.name} is the only admin there is.",
            code="last_admin",
            hint="Make another account an admin first: PATCH /v1/users/{name} with admin true.",
        )


def _in_use(name: str, why: str, hint: str = "") -> Conflict:
    return Conflict(f"{name[:64]} cannot be deleted: {why}.", code="user_in_use", hint=hint or _DISABLE)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _checked(change: AccountChange, names: Collection[str]) -> dict[str, Any]:
    """The columns to write, checked; raises InvalidRequest."""
    given = cast("dict[str, Any]", change)
    values: dict[str, Any] = {name: given[name] for name in names if name in given}
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


_DISABLE = "Disable the account, which refuses all its tokens: PATCH /v1/users/{name} with disabled true."
_SEEN_BY_TOKENS = frozenset(("name", "admin", "disabled_at"))
"""What is remembered elsewhere of an account."""
