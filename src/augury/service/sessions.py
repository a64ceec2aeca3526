"""Browsers that are signed in: a session has the rights of the token that it was had for, and ends with it.

    a token, or a link with a code that is good once --> a session --> requests, as with the token

A session never may more, nor lives longer, than what it was made from. Of texts the store has hashes alone. Knows
nothing about cookies.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from augury.domain.account import SCOPES, Account, Caller
from augury.domain.errors import Unauthenticated
from augury.domain.ids import AccountId, IdSource
from augury.service.access import SESSION_PREFIX, Access, digest_of, no_token, refuse_dead, unknown_token
from augury.store import sessions as rows
from augury.store import users
from augury.store.connection import Connection
from augury.store.database import Database
from augury.store.users import Token

CODE_PREFIX = "augc_"
CODE_SECONDS = 900.0
"""How long a link to sign in is good."""
_LONGEST = 512


@dataclass(frozen=True, slots=True)
class Link:
    """Where a browser signs in, once. `expires_at` is in microseconds since the epoch."""

    url: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who somebody is, and until when that is so: microseconds since the epoch, None without end."""

    account: Account
    caller: Caller
    expires_at: int | None


@dataclass(frozen=True)
class Sessions:
    """The use cases of sessions. `now` is in microseconds since the epoch."""

    db: Database
    ids: IdSource
    access: Access
    now: Callable[[], int]
    ttl: float
    """Seconds that a session lives at most."""
    base: str
    """The address of the web app, without a slash at the end."""

    async def link(self, caller: Caller) -> Link:
        """A link that signs a browser in as the caller, with what their token may do and for no longer."""
        code, text = self._code(caller.account_id, caller.scopes, caller.token_id)
        await self.db.write(lambda c: users.insert_token(c, code, digest_of(text)))
        return self._link(code, text)

    async def link_of(self, account: Account) -> Link:
        """A link that signs a browser in as the account, for whoever may start the server."""
        code, text = self._code(account.id, ("admin",), None)
        await self.db.write(lambda c: users.insert_token(c, code, digest_of(text)))
        return self._link(code, text)

    async def by_code(self, code: str) -> tuple[SignedIn, str]:
        """Use up the code of a link, and begin a session; its text is returned this once.

        Raises Unauthenticated `invalid_code` and `account_disabled`.
        """
        if not code.startswith(CODE_PREFIX) or len(code) > _LONGEST:
            raise _invalid_code()
        text, now = _text(SESSION_PREFIX), self.now()
        made = await self.db.write(lambda c: self._redeem(c, digest_of(code), digest_of(text), now))
        return await self._begun(made, text)

    async def by_token(self, token: str) -> tuple[SignedIn, str]:
        """Begin a session with a token; its text is returned this once.

        Raises Unauthenticated as for a request with that token.
        """
        if token.startswith(SESSION_PREFIX):
            raise no_token()
        caller = await self.access.authenticate(token)
        text, now = _text(SESSION_PREFIX), self.now()

        def begin(c: Connection) -> Token:
            found = users.whose(c, caller.token_id)
            if found is None:
                raise unknown_token()
            refuse_dead(*found, now)
            source = found[0]
            return self._insert(c, source, source.scopes, digest_of(text), now)

        return await self._begun(await self.db.write(begin), text)

    async def look(self, caller: Caller) -> SignedIn | None:
        """Who a caller is; None where that ended just now."""
        found = await self.db.read(lambda c: users.whose(c, caller.token_id))
        return None if found is None else SignedIn(found[1], caller, found[0].expires_at)

    async def end(self, text: str) -> None:
        """Make a session worthless; one that is so already stays it."""
        now = self.now()

        def end(c: Connection) -> None:
            found = users.find_token(c, digest_of(text))
            if found is not None:
                rows.end(c, found[0].id, now)

        await self.db.write(end)
        self.access.forget()

    async def end_all(self, caller: Caller) -> None:
        """Make every session of the caller's account worthless, and every link that is not used yet."""
        now = self.now()
        await self.db.write(lambda c: rows.end_all(c, caller.account_id, now))
        self.access.forget()

    def seconds_left(self, who: SignedIn) -> int:
        """For how much longer a session lives that has just begun."""
        until = self.now() if who.expires_at is None else who.expires_at
        return max(1, (until - self.now()) // 1_000_000)

    def _redeem(self, c: Connection, code_hash: str, session_hash: str, now: int) -> Token:
        found = users.find_token(c, code_hash)
        if found is None or found[0].kind != "code":
            raise _invalid_code()
        code, account = found
        if account.disabled_at is not None:
            refuse_dead(code, account, now)
        source = None if code.made_from is None else _living(c, code.made_from, now)
        over = code.expires_at is None or code.expires_at <= now
        if over or (source is None and code.made_from is not None) or not rows.end(c, code.id, now):
            raise _invalid_code()
        return self._insert(c, source or code, code.scopes, session_hash, now)

    def _insert(self, c: Connection, source: Token, scopes: tuple[str, ...], session_hash: str, now: int) -> Token:
        """Store a session made from a token or a session, or of a code's own right."""
        until = now + int(self.ttl * 1e6)
        if source.kind != "code" and source.expires_at is not None:
            until = min(until, source.expires_at)
        made_from = source.id if source.kind == "token" else source.made_from
        session = Token(
            self.ids.next(), source.account_id, "browser", scopes, now, until, kind="session", made_from=made_from
        )
        users.insert_token(c, session, session_hash)
        return session

    async def _begun(self, session: Token, text: str) -> tuple[SignedIn, str]:
        caller = await self.access.authenticate(text)
        found = await self.look(caller)
        if found is None:
            raise _invalid_code()
        return SignedIn(found.account, caller, session.expires_at), text

    def _code(self, account_id: AccountId, scopes: Iterable[str], made_from: str | None) -> tuple[Token, str]:
        now, text = self.now(), _text(CODE_PREFIX)
        kept = tuple(one for one in SCOPES if one in scopes)
        until = now + int(CODE_SECONDS * 1e6)
        code = Token(self.ids.next(), account_id, "link", kept, now, until, kind="code", made_from=made_from)
        return code, text

    def _link(self, code: Token, text: str) -> Link:
        assert code.expires_at is not None  # noqa: S101 - tells the type checker what _code makes
        # In the fragment, which a browser tells no server.
        return Link(f"{self.base}/sign-in#code={text}", code.expires_at)


def _living(c: Connection, token_id: str, now: int) -> Token | None:
    """The token or session with that id, where it is worth something; raises Unauthenticated for a disabled account."""
    found = users.whose(c, token_id)
    if found is None:
        return None
    token, account = found
    alive = token.revoked_at is None and (token.expires_at is None or token.expires_at > now)
    if account.disabled_at is not None:
        refuse_dead(token, account, now)
    return token if alive else None


def _text(prefix: str) -> str:
    return prefix + secrets.token_urlsafe(32)


def _invalid_code() -> Unauthenticated:
    return Unauthenticated(
        "This link was used already, or its time is over.",
        code="invalid_code",
        hint="`augury sign-in` prints another, and so does each start of `augury serve`.",
    )
