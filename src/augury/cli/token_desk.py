"""Where tokens are made and revoked: at the server that AUGURY_URL names, or in this machine's own database.

    AUGURY_URL --> its API, as whoever AUGURY_TOKEN is; else --> the database, as whoever may open it

The database serves beside a running server, too, and where every token was lost. Both ways show a token as the API
does.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

import anyio
import sqlalchemy.exc

from augury.cli.failing import CANNOT_START, CommandFailed
from augury.cli.remote import Connection, connected, every_item
from augury.cli.workbench import load_settings
from augury.domain.account import Account, Caller, known
from augury.domain.errors import CallerError
from augury.domain.ids import IdSource
from augury.domain.model import as_name
from augury.service.access import REMEMBERED, Access, NewToken, Token
from augury.service.presentation import timestamp
from augury.settings import ClientSettings, Settings, SettingsError
from augury.store import schema
from augury.store import users as rows
from augury.store.connection import StorageError
from augury.store.database import open_database
from augury.store.schema import SchemaOutdated

Outcome = TypeVar("Outcome")
Json = Mapping[str, Any]


class Desk(Protocol):
    """What can be done about tokens; `account` is whose, and None means one's own."""

    def list_(self, account: str | None) -> list[Json]:
        """Every token, newest first."""
        ...

    def create(self, name: str, scopes: Sequence[str], expires_at: datetime | None, account: str | None) -> Json:
        """A new token, its text as `token`."""
        ...

    def revoke(self, token_id: str) -> str:
        """Make a token worthless; when that is so everywhere, as words."""
        ...


@contextmanager
def open_desk() -> Generator[Desk]:
    """The server's, where one is named; else this machine's database."""
    try:
        named = ClientSettings.load().url is not None
    except SettingsError as error:
        raise CommandFailed(str(error), code=CANNOT_START) from None
    if not named:
        yield _Database(load_settings())
        return
    with connected() as connection:
        yield _Server(connection)


@dataclass(frozen=True)
class _Server:
    connection: Connection

    def list_(self, account: str | None) -> list[Json]:
        """See Desk."""
        query = {} if account is None else {"account": account}
        return list(every_item(self.connection, "tokens", **query))

    def create(self, name: str, scopes: Sequence[str], expires_at: datetime | None, account: str | None) -> Json:
        """See Desk."""
        expiry = None if expires_at is None else expires_at.isoformat()
        body = {"name": name, "scopes": list(scopes), "expires_at": expiry, "account": account}
        return self.connection.call("POST", "tokens", body)

    def revoke(self, token_id: str) -> str:
        """See Desk."""
        self.connection.call("DELETE", f"tokens/{quote(token_id, safe='')}")
        return "at once"


@dataclass(frozen=True)
class _Database:
    settings: Settings

    def list_(self, account: str | None) -> list[Json]:
        """See Desk."""

        async def use(access: Access, of: Account) -> list[Json]:
            return [_json(one) for one in reversed(await access.tokens(_caller(of)))]

        return self._use(account, use)

    def create(self, name: str, scopes: Sequence[str], expires_at: datetime | None, account: str | None) -> Json:
        """See Desk."""
        expiry = None if expires_at is None else int(expires_at.timestamp() * 1e6)

        async def use(access: Access, of: Account) -> Json:
            made, text = await access.issue(_caller(of), NewToken(name, tuple(scopes), expiry))
            return {**_json(made), "token": text}

        return self._use(account, use)

    def revoke(self, token_id: str) -> str:
        """See Desk."""

        async def use(access: Access, of: Account) -> None:
            await access.revoke(_caller(of), token_id)

        self._use(None, use)
        return f"a running server refuses it within {REMEMBERED // 1_000_000} s"

    def _use(self, account: str | None, use: Callable[[Access, Account], Awaitable[Outcome]]) -> Outcome:
        settings = self.settings

        async def main() -> Outcome:
            async with open_database(settings.database, sqlite_sync=settings.sqlite_sync) as db:
                wanted = None if account is None else as_name(account) or ""
                of = await db.read(lambda c: rows.first_admin(c) if wanted is None else rows.find(c, wanted))
                if of is None:
                    raise CommandFailed(
                        "there is no owner yet" if account is None else f"there is no account {account}",
                        hint="the first start of `augury serve` makes the owner's account" if account is None else None,
                    )
                return await use(Access(db, IdSource(), lambda: int(datetime.now(UTC).timestamp() * 1e6)), of)

        if settings.database_url is None and not (settings.data / "augury.db").exists():
            raise CommandFailed(
                f"there is no database in {settings.data}",
                hint="the first start of `augury serve` makes it; AUGURY_URL names a server elsewhere",
            )
        try:
            schema.check(settings.database)
            return anyio.run(main)
        except CallerError as error:
            raise CommandFailed(error.message, hint=error.hint) from None
        except SchemaOutdated as error:
            raise CommandFailed(str(error), code=CANNOT_START) from None
        except (StorageError, sqlalchemy.exc.SQLAlchemyError, OSError) as error:
            reason = str(error).partition("\n")[0]
            raise CommandFailed(f"the database cannot be used: {reason}", code=CANNOT_START) from None


def _caller(account: Account) -> Caller:
    """Whoever may open the database may do what an admin may, for this account."""
    return Caller(account.id, account.name, True, "")


def _json(token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "scopes": list(known(token.scopes)),
        "created_at": timestamp(token.created_at),
        "expires_at": _time(token.expires_at),
        "revoked_at": _time(token.revoked_at),
        "last_used_at": _time(token.last_used_at),
    }


def _time(micros: int | None) -> str | None:
    return None if micros is None else timestamp(micros)
