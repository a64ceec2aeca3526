"""`augury tokens`: list, make and revoke an account's tokens, over the API or in the database itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from augury.cli.output import say, write, write_json, write_table
from augury.cli.token_desk import open_desk
from augury.quantities import parse_seconds

AccountName = Annotated[
    str | None,
    typer.Option("--account", metavar="NAME", help="Whose; another's is for admins.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


def list_(account: AccountName = None, as_json: AsJson = False) -> None:
    """List the tokens of an account, newest first.

    Where AUGURY_URL is set, this asks the server; else it works on this machine's database, beside a running server or
    without one, as whoever may open it.

    Example: augury tokens list
    """
    with open_desk() as desk:
        found = desk.list_(account)
    if as_json:
        write_json(found)
        return
    times = ("created_at", "expires_at", "revoked_at", "last_used_at")
    write_table(
        ("id", "name", "scopes", *(name.removesuffix("_at").replace("_", " ") for name in times)),
        ([one["id"], one["name"], ",".join(one["scopes"]), *(one[name] or "" for name in times)] for one in found),
    )


def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for, such as laptop.")],
    scope: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SCOPE",
            help="What it may be used for: read, predict (and read), or admin (everything), which is the default.",
            show_default=False,
        ),
    ] = None,
    expires_in: Annotated[
        str | None, typer.Option(metavar="DURATION", help="How long it is valid, such as 12h or 90d.")
    ] = None,
    account: AccountName = None,
    as_json: AsJson = False,
) -> None:
    """Make a token and print it.

    It is shown this once: the database keeps its hash alone.

    Example: augury tokens create laptop --scope predict --expires-in 90d
    """
    expires_at = None
    if expires_in is not None:
        expires_at = datetime.now(UTC) + timedelta(seconds=_seconds(expires_in))
    with open_desk() as desk:
        made = desk.create(name, scope or ["admin"], expires_at, account)
    write_json(made) if as_json else write(made["token"])


def revoke(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="The token's id, as the list shows it.")],
) -> None:
    """Make a token worthless.

    Example: augury tokens revoke 0199e7c6-3f0e-7a31-b1c4-9f2d1c0a7b55
    """
    with open_desk() as desk:
        done = desk.revoke(token_id)
    say(f"revoked; {done}" if done != "at once" else "revoked")


def _seconds(text: str) -> float:
    days = text.strip().lower()
    try:
        seconds = float(days[:-1]) * 86_400 if days.endswith("d") else float(parse_seconds(text))
    except (ValueError, TypeError):
        raise typer.BadParameter("a duration is such as 30m, 12h or 90d", param_hint="--expires-in") from None
    if not 0 < seconds < 1e10:
        raise typer.BadParameter("a token is valid for some time", param_hint="--expires-in")
    return seconds
