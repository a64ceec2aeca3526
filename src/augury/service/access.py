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
from dataclasses import dataclass, field, replace
from typing import cast

from augury.domain.account import SCOPES, Account, Caller, Scope, granted
from augury.domain.errors import Gone, InvalidRequest, NotFound, Unauthenticated
from augury.domain.ids import AccountId, IdSource
from augury.domain.model import NAME_RULE, as_name
from augury.domain.paging import Cursor, Page
from augury.service.once import Idempotency, Repeated, first_time
from augury.service.texts import LINE, Checks
from augury.store import users as rows
from augury.store.connection import Connection, ConstraintViolated
from augury.store.database import Database
from augury.store.users import Token

__all__ = ["Access", "NewToken", "Token", "digest_of", "no_token", "refuse_dead", "session_ended", "unknown_token"]

log = logging.getLogger(__name__)

PREFIX = "aug_"
SESSION_PREFIX = "augs_"
"""What the text of a browser's session begins with, so that nobody takes it for a token."""
REMEMBERED = 5_000_000
"""Microseconds that a token is taken for valid without looking: another process may have revoked it."""
_NOTED = 60_000_000
"""Microseconds between two notes of a token's use."""
_MOST = 10_000
_LONGEST = 512
_LATEST = 253_402_300_800_000_000
_NAMED = ", ".join(SCOPES)


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token to make. `expires_at` is in microseconds since the epoch; `account` is whose, the caller's if None."""

    name: str
    scopes: Sequence[str] = ("admin",)
    expires_at: int | None = None
    account: str | None = None


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
        """The caller that a token, or a session, proves.

        Raises Unauthenticated: invalid_token, revoked_token, expired_token, session_ended, account_disabled.
        """
        session = token.startswith(SESSION_PREFIX)
        if not (session or token.startswith(PREFIX)) or len(token) > _LONGEST:
            raise session_ended() if session else unknown_token()
        digest = _digest(token)
        epoch = self._epoch[0]
        found = await self.db.read(lambda c: rows.find_token(c, digest.hex()))
        if found is None or found[0].kind == "code":
            raise session_ended() if session else unknown_token()
        stored, account = found
        now = self.now()
        refuse_dead(stored, account, now)
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

    async def stands(self, caller: Caller) -> bool:
        """Whether the token or session that a caller came with is still worth anything, by a look into the store."""
        found = await self.db.read(lambda c: rows.whose(c, caller.token_id))
        if found is None:
            return False
        try:
            refuse_dead(*found, self.now())
        except Unauthenticated:
            return False
        return True

    async def issue_token(
        self,
        account_id: AccountId,
        name: str,
        scopes: Sequence[str] = ("admin",),
        expires_at: int | None = None,
    ) -> str:
        """Make a token of an account for whoever may open the database, and return its text."""
        now = self.now()
        _check(NewToken(name, scopes, expires_at), now)
        token, text = self._new_token(account_id, name, scopes, expires_at)
        await self.db.write(lambda c: rows.insert_token(c, token, _digest(text).hex()))
        return text

    async def issue(
        self, caller: Caller, new: NewToken, idempotency: Idempotency | None = None
    ) -> tuple[Token, str | None]:
        """Make a token; its text is returned this once and kept nowhere, so that a repetition returns None for it.

        Raises InvalidRequest, Forbidden for more than the caller's own token may do, and for another's account where
        the caller is no admin, and NotFound for an account that there is none of.
        """
        _check(new, self.now())
        for scope in new.scopes:
            caller.demand(cast("Scope", scope))
        token, text = self._new_token(caller.account_id, new.name, new.scopes, new.expires_at)

        def insert(c: Connection) -> Token:
            made = replace(token, account_id=_whose(c, caller, new.account).id)
            first_time(c, idempotency, "token", made.id, made.created_at)
            rows.insert_token(c, made, _digest(text).hex())
            return made

        try:
            return await self.db.write(insert), text
        except Repeated as earlier:
            resource = earlier.resource
            return await self.db.read(lambda c: _still_there(c, resource)), None

    async def tokens(self, caller: Caller) -> list[Token]:
        """The caller's tokens, oldest first."""
        return await self.db.read(lambda c: rows.tokens_of(c, caller.account_id))

    async def page(
        self, caller: Caller, *, account: str | None = None, cursor: str | None = None, page_size: int = 25
    ) -> Page[Token]:
        """The tokens of the caller, or of another account where the caller is an admin, newest first."""
        place = Cursor({} if account is None else {"account": account}) if cursor is None else Cursor.parse(cursor)
        wanted = place.text_filter("account") if "account" in place.filters else None
        position = place.number_and_text()
        found = await self.db.read(
            lambda c: rows.page_of_tokens(
                c,
                _whose(c, caller, wanted).id,
                position=position,
                backward=place.backward,
                limit=page_size + 1,
            )
        )
        return place.page(found, page_size, lambda one: (one.created_at, one.id))

    async def revoke(self, caller: Caller, token_id: str) -> None:
        """Make one of the caller's tokens worthless, or for an admin anybody's; raises NotFound."""
        now = self.now()
        await self.db.write(lambda c: _revoke(c, caller, token_id, now))
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
        token, text = self._new_token(account.id, "owner", ("admin",), None)
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

    def _new_token(
        self, account_id: AccountId, name: str, scopes: Sequence[str], expires_at: int | None
    ) -> tuple[Token, str]:
        text = PREFIX + secrets.token_urlsafe(32)
        kept = tuple(one for one in SCOPES if one in scopes)
        return Token(self.ids.next(), account_id, name, kept, self.now(), expires_at), text

    def _note(self, token_id: str, now: int) -> None:
        future = self.db.write_soon(lambda c: rows.touch(c, token_id, now))
        future.add_done_callback(_noted)


def _noted(future: asyncio.Future[None]) -> None:
    if not future.cancelled() and (error := future.exception()) is not None:
        # Whoever asked has been answered, and nothing depends on it.
        log.warning("the use of a token was not noted", extra={"error": str(error)})


def _check(new: NewToken, now: int) -> None:
    """Raise InvalidRequest with all that is wrong with a token that somebody wants."""
    checks = Checks()
    checks.text("name", new.name)
    if not new.name.strip():
        checks.add("name", "A token's name says what it is for.", "string_too_short", new.name, min_length=1)
    if not new.scopes:
        checks.add("scopes", f"A token has at least one scope of {_NAMED}.", "too_short", [], min_length=1)
    for place, scope in enumerate(new.scopes):
        if scope not in SCOPES:
            checks.add(
                f"scopes.{place}", f"A scope is one of {_NAMED}.", "unknown_scope", scope[:LINE], expected=_NAMED
            )
    if new.expires_at is not None and new.expires_at <= now:
        checks.add("expires_at", "A token expires in the future.", "expiry", None)
    elif new.expires_at is not None and new.expires_at > _LATEST:
        checks.add("expires_at", "A token expires before the year 10000, or never.", "expiry", None)
    checks.done()


def _whose(c: Connection, caller: Caller, name: str | None) -> Account:
    """The account that is meant: the caller's, or one that an admin names."""
    wanted = None if name is None else as_name(name)
    if name is None or wanted == caller.name:
        found = rows.get(c, caller.account_id)
    else:
        caller.demand_admin("see and make the tokens of others")
        found = None if wanted is None else rows.find(c, wanted)
    if found is None:
        raise NotFound(f"There is no user {(name or caller.name)[:64]}.", code="user_not_found")
    return found


def _revoke(c: Connection, caller: Caller, token_id: str, now: int) -> None:
    found = None if "\0" in token_id else rows.token(c, token_id)
    theirs = found is not None and (caller.admin or found.account_id == caller.account_id)
    if not theirs or not rows.revoke(c, token_id, now):
        raise NotFound("You have no such token, or it is revoked already.", code="token_not_found")


def _still_there(c: Connection, token_id: str) -> Token:
    found = rows.token(c, token_id)
    if found is None:
        raise Gone("The account of the token that this key made was deleted.", code="token_deleted")
    return found


def _ensure_owner(c: Connection, account: Account, token: Token, sha256: str) -> Account:
    known = rows.first_admin(c)
    if known is not None:
        return known
    rows.insert(c, account)
    rows.insert_token(c, token, sha256)
    return account


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def digest_of(text: str) -> str:
    """What the store has of a token's text: its SHA-256 in hexadecimal."""
    return _digest(text).hex()


def refuse_dead(token: Token, account: Account, now: int) -> None:
    """Raise Unauthenticated for a token or session that was valid once, and one whose account is disabled."""
    if account.disabled_at is not None:
        raise Unauthenticated(
            "The account of this token is disabled.", code="account_disabled", hint="An admin can enable it again."
        )
    if token.kind != "token" and (token.revoked_at is not None or token.expires_at is None or token.expires_at <= now):
        raise session_ended()
    if token.revoked_at is not None:
        raise Unauthenticated(
            "This token was revoked.", code="revoked_token", hint="Make another with `augury tokens create`."
        )
    if token.expires_at is not None and token.expires_at <= now:
        raise Unauthenticated(
            "This token has expired.", code="expired_token", hint="Make another with `augury tokens create`."
        )


def session_ended() -> Unauthenticated:
    """What a browser is told whose session is over, or never was."""
    return Unauthenticated(
        "This session has ended.",
        code="session_ended",
        hint="Sign in again: `augury sign-in` prints a link for that, and each start of `augury serve`.",
    )


def no_token() -> Unauthenticated:
    """What is said of a session's text where a token belongs."""
    return Unauthenticated(
        "This is a browser's session, and no token.",
        code="invalid_token",
        hint="`augury tokens create` makes a token; `augury sign-in` prints a link that signs another browser in.",
    )


def unknown_token() -> Unauthenticated:
    """What is said of a text that is no token here, or is none any more."""
    return Unauthenticated(
        "This is no token of this server.",
        code="invalid_token",
        hint="The owner's token is in the file `token` of the server's data folder.",
    )
