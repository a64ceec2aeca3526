"""`augury tokens`: an account's tokens, read and changed in the database itself, by whoever may open it.

Works beside a running server, which forgets a revoked token within seconds.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar

import anyio
import sqlalchemy.exc
import typer

from augury.cli.failing import CANNOT_START, CommandFailed
from augury.cli.output import say, write, write_json, write_table
from augury.cli.workbench import load_settings
from augury.domain.account import Account, Caller
from augury.domain.errors import CallerError
from augury.domain.ids import IdSource
from augury.domain.model import as_name
from augury.quantities import parse_seconds
from augury.service.access import REMEMBERED, Access
from augury.store import schema
from augury.store import users as rows
from augury.store.connection import StorageError
from augury.store.database import open_database
from augury.store.schema import SchemaOutdated

Outcome = TypeVar("Outcome")
Use = Callable[[Access, Account], Awaitable[Outcome]]

AccountName = Annotated[
    str | None, typer.Option("--account", metavar="NAME", help="Whose; the owner's where left out.", show_default=False)
]


def list_(
    account: AccountName = None, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False
) -> None:
    """List the tokens of an account.

    Works on the database itself, as whoever may open it, beside a running server or without one.

    Example: augury tokens list
    """

    async def use(access: Access, of: Account) -> list[dict[str, Any]]:
        return [
            {
                "id": one.id,
                "name": one.name,
                "created_at": _time(one.created_at),
                "expires_at": _time(one.expires_at),
                "revoked_at": _time(one.revoked_at),
                "last_used_at": _time(one.last_used_at),
            }
            for one in await access.tokens(_caller(of))
        ]

    found = _with_access(account, use)
    if as_json:
        write_json(found)
        return
    names = ("id", "name", "created_at", "expires_at", "revoked_at", "last_used_at")
    write_table(
        [name.removesuffix("_at").replace("_", " ") for name in names],
        ([one[name] or "" for name in names] for one in found),
    )


def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for, such as laptop.")],
    expires_in: Annotated[
        str | None, typer.Option(metavar="DURATION", help="How long it is valid, such as 12h or 90d.")
    ] = None,
    account: AccountName = None,
) -> None:
    """Make a token and print it.

    It is shown this once: the database keeps its hash alone.

    Example: augury tokens create laptop --expires-in 90d
    """
    expires_at: int | None = None
    if expires_in is not None:
        expires_at = int((datetime.now(UTC) + timedelta(seconds=_seconds(expires_in))).timestamp() * 1e6)

    async def use(access: Access, of: Account) -> str:
        return await access.issue_token(of.id, name, expires_at=expires_at)

    write(_with_access(account, use))


def revoke(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="The token's id, as the list shows it.")],
    account: AccountName = None,
) -> None:
    """Make a token worthless.

    Example: augury tokens revoke 0199e7c6-3f0e-7a31-b1c4-9f2d1c0a7b55
    """

    async def use(access: Access, of: Account) -> None:
        await access.revoke(_caller(of), token_id)

    _with_access(account, use)
    say(f"revoked; a running server refuses it within {REMEMBERED // 1_000_000} s")


def _with_access(account: str | None, use: Use[Outcome]) -> Outcome:
    settings = load_settings()

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
            f"there is no database in {settings.data}", hint="the first start of `augury serve` makes it"
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


def _seconds(text: str) -> float:
    days = text.strip().lower()
    try:
        seconds = float(days[:-1]) * 86_400 if days.endswith("d") else float(parse_seconds(text))
    except (ValueError, TypeError):
        raise typer.BadParameter("a duration is such as 30m, 12h or 90d", param_hint="--expires-in") from None
    if not 0 < seconds < 1e10:
        raise typer.BadParameter("a token is valid for some time", param_hint="--expires-in")
    return seconds


def _caller(account: Account) -> Caller:
    return Caller(account.id, account.name, account.admin, "")


def _time(micros: int | None) -> str | None:
    return None if micros is None else datetime.fromtimestamp(micros / 1e6, UTC).isoformat(timespec="seconds")
