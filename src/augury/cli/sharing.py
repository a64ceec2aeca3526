"""`augury models access`, `allow` and `deny`: who, besides its owner, runs a model while it is restricted."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import typer

from augury.cli.output import say, write_json, write_table
from augury.cli.predict import named
from augury.cli.remote import Connection, connected, every_item

Model = Annotated[str, typer.Argument(metavar="[OWNER/]NAME", help="The model.")]
User = Annotated[str, typer.Argument(metavar="USER", help="The account.")]


def access(model: Model, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """List who may run a model while it is restricted, besides its owner.

    Example: augury models access ocr
    """
    with connected() as connection:
        found = list(every_item(connection, _path(connection, model)))
    if as_json:
        write_json(found)
        return
    write_table(("name", "id"), ((one["name"], one["account_id"]) for one in found))


def allow(model: Model, user: User) -> None:
    """Let a user run a model while it is restricted.

    Example: augury models allow ocr ada
    """
    with connected() as connection:
        connection.call("PUT", _path(connection, model, user))
    say(f"{user} may run {model}")


def deny(model: Model, user: User) -> None:
    """Take that back. What the user has started already runs to its end.

    Example: augury models deny ocr ada
    """
    with connected() as connection:
        connection.call("DELETE", _path(connection, model, user))
    say(f"{user} is off the list of {model}")


def _path(connection: Connection, model: str, user: str | None = None) -> str:
    if ":" in model:
        raise typer.BadParameter("a model is meant, not a version of it", param_hint="MODEL")
    owner, _, name = named(connection, model).partition("/")
    path = f"models/{quote(owner, safe='')}/{quote(name, safe='')}/access"
    return path if user is None else f"{path}/{quote(user, safe='')}"
