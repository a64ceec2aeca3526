"""Who asks: from a token to a Caller; tokens made and revoked; the owner's account at the first start.

A token's text is seen once, when it is made: the store has its SHA-256. What a token proves is remembered for a few
seconds, and forgotten at once where it is revoked. Knows nothing about headers.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from augury.domain.account import Account, Caller, granted
from augury.domain.errors import InvalidRequest, NotFound, Unauthenticated
from augury.domain.ids import AccountId, IdSource
from augury.domain.model import NAME_RULE, as_name
from augury.store import users as rows
from augury.store.connection import Connection, ConstraintViolated
from augury.store.database import Database
from augury.store.users import Token

log = logging.getLogger(__name__)

PREFIX = "aug_"
ALL = "*"
"""The one scope there is: everything that the account may do."""
REMEMBERED = 5_000_000
"""Microseconds that a token is taken for valid without looking: another process may have revoked it."""
_NOTED = 60_000_000
"""Microseconds between two notes of a token's use."""
_MOST = 10_000
_LONGEST = 512


@dataclass(slots=True)
class _Known:
    caller: Caller
    until: int


@dataclass(frozen=True)
class Access:
    """The use cases around tokens. Use from the event loop only; `now` is in microseconds since the epoch."""

    db: Database
    ids: IdSource
    now: Callable[[], int]
    _known: dict[bytes, _Known] = field(default_factory=dict[bytes, _Known], repr=False)
    _epoch: list[int] = field(default_factory=lambda: [0], repr=False)
    """Counts what was forgotten, so that a slow look does not bring back what it saw before."""

    def cached(self, token: str) -> Caller | None:
        """The caller that this token proved a moment ago, without a look into the store."""
        known = self._known.get(_digest(token))
        return known.caller if known is not None and known.until > self.now() else None

    async def authenticate(self, token: str) -> Caller:
        """The caller that a token proves; raises Unauthenticated (invalid_token, revoked_token, expired_token)."""
        if not token.startswith(PREFIX) or len(token) > _LONGEST:
            raise _invalid()
        digest = _digest(token)
        epoch = self._epoch[0]
        found = await self.db.read(lambda c: rows.find_token(c, digest.hex()))
        if found is None:
            raise _invalid()
        stored, account = found
        now = self.now()
        _refuse_dead(stored, now)
        scopes = granted(stored.scopes)
        caller = Caller(account.id, account.name, account.admin and "admin" in scopes, stored.id, scopes)
        if epoch == self._epoch[0]:
            if len(self._known) >= _MOST:
                self._known.clear()
            until = now + REMEMBERED
            self._known[digest] = _Known(caller, until if stored.expires_at is None else min(until, stored.expires_at))
        if stored.last_used_at is None or stored.last_used_at < now - _NOTED:
            self._note(stored.id, now)
        return caller

    async def issue_token(
        self, account_id: AccountId, name: str, scopes: Sequence[str] = (ALL,), expires_at: int | None = None
    ) -> str:
        """Make a token and return its text, which is kept nowhere; `expires_at` in microseconds since the epoch."""
        if list(scopes) != [ALL]:
            raise InvalidRequest.at(
                "body", "scopes", msg='The only scope is "*": all that the account may do.', type="unknown_scope"
            )
        token, text = self._new_token(account_id, name, expires_at)
        await self.db.write(lambda c: rows.insert_token(c, token, _digest(text).hex()))
        return text

    async def tokens(self, caller: Caller) -> list[Token]:
        """The caller's tokens, oldest first."""
        return await self.db.read(lambda c: rows.tokens_of(c, caller.account_id))

    async def revoke(self, caller: Caller, token_id: str) -> None:
        """Make one of the caller's tokens worthless; raises NotFound."""
        now = self.now()
        if not await self.db.write(lambda c: rows.revoke(c, caller.account_id, token_id, now)):
            raise NotFound("You have no such token, or it is revoked already.", code="token_not_found")
        self.forget()

    async def ensure_owner(self, name: str) -> tuple[Account, str | None]:
        """The account that may do everything, made with a token at the first start; later without one.

        Raises InvalidRequest for a name that is none.
        """
        wanted = as_name(name)
        if wanted is None:
            raise InvalidRequest.at("name", msg=f"A name is {NAME_RULE}.", type="name", input=name)
        now = self.now()
        account = Account(AccountId(self.ids.next()), wanted, True, now)
        token, text = self._new_token(account.id, "owner", None)
        try:
            found = await self.db.write(lambda c: _ensure_owner(c, account, token, _digest(text).hex()))
        except ConstraintViolated:
            # Another process has started for the first time just now.
            found = await self.db.write(lambda c: _ensure_owner(c, account, token, _digest(text).hex()))
        return found, text if found.id == account.id else None

    def forget(self) -> None:
        """Look every token up again: one was revoked, or an account has changed."""
        self._epoch[0] += 1
        self._known.clear()

    def _new_token(self, account_id: AccountId, name: str, expires_at: int | None) -> tuple[Token, str]:
        text = PREFIX + secrets.token_urlsafe(32)
        return Token(self.ids.next(), account_id, name, (ALL,), self.now(), expires_at), text

    def _note(self, token_id: str, now: int) -> None:
        future = self.db.write_soon(lambda c: rows.touch(c, token_id, now))
        future.add_done_callback(_noted)


def _noted(future: asyncio.Future[None]) -> None:
    if not future.cancelled() and (error := future.exception()) is not None:
        # Whoever asked has been answered, and nothing depends on it.
        log.warning("the use of a token was not noted", extra={"error": str(error)})


def _ensure_owner(c: Connection, account: Account, token: Token, sha256: str) -> Account:
    known = rows.first_admin(c)
    if known is not None:
        return known
    rows.insert(c, account)
    rows.insert_token(c, token, sha256)
    return account


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _refuse_dead(token: Token, now: int) -> None:
    if token.revoked_at is not None:
        raise Unauthenticated(
            "This token was revoked.", code="revoked_token", hint="Make another with `augury tokens create`."
        )
    if token.expires_at is not None and token.expires_at <= now:
        raise Unauthenticated(
            "This token has expired.", code="expired_token", hint="Make another with `augury tokens create`."
        )


def _invalid() -> Unauthenticated:
    return Unauthenticated(
        "This is no token of this server.",
        code="invalid_token",
        hint="The owner's token is in the file `token` of the server's data folder.",
    )
