"""`augury variables`: list, create, change, delete.

A value is never asked for on the command line, where histories and process lists would keep it: it comes from a file,
from standard input, or from a prompt that does not show it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, cast
from urllib.parse import quote

import typer

from augury.cli.output import say, write_fields, write_json, write_table
from augury.cli.remote import all_of, connected

Name = Annotated[str, typer.Argument(metavar="NAME", help="What versions call it.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
ValueFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Where the value is; standard input or a prompt where left out.", dir_okay=False),
]


def list_(
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")] = 100, as_json: AsJson = False
) -> None:
    """List your variables. The values of secret ones are not shown.

    Example: augury variables list
    """
    with connected() as connection:
        found = list(all_of(lambda page: connection.client.variables.list(page), limit))
    if as_json:
        write_json(found)
        return
    rows = (
        (one["name"], one["key"], "(secret)" if one["secret"] else one["value"], one["created_at"]) for one in found
    )
    write_table(("name", "key", "value", "created"), rows)


def create(
    name: Name,
    key: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="What it is called in the environment; NAME in capitals where left out."),
    ] = None,
    plain: Annotated[bool, typer.Option("--plain", help="It is no secret: its value is shown in lists.")] = False,
    value_file: ValueFile = None,
    as_json: AsJson = False,
) -> None:
    """Make a variable for the environments of your models' workers.

    The value comes from --value-file, from standard input, or from a prompt; a line break at its end is no part of it.
    A version gets the variable when its configuration names it, as `variables` of [tool.augury] does at the first push.

    Example: augury variables create hub-token --value-file token.txt
    """
    value = _value(value_file)
    params = {"name": name, "key": key or _key(name), "value": value, "secret": not plain}
    with connected() as connection:
        made = connection.client.variables.create(cast("Any", params))
    _show(cast("dict[str, Any]", made), as_json=as_json)


def change(
    name: Name,
    key: Annotated[str | None, typer.Option(metavar="KEY", help="Another name in the environment.")] = None,
    value_file: ValueFile = None,
    keep_value: Annotated[bool, typer.Option("--keep-value", help="Change the key alone.")] = False,
    as_json: AsJson = False,
) -> None:
    """Give a variable another value, or another key.

    Workers that have it are replaced when they have done what they have. The value comes as for `create`.

    Example: augury variables change hub-token --value-file token.txt
    """
    if keep_value and (value_file is not None or key is None):
        raise typer.BadParameter("it goes with --key alone", param_hint="--keep-value")
    params = {} if keep_value else {"value": _value(value_file)}
    if key is not None:
        params["key"] = key
    with connected() as connection:
        changed = connection.client.variables.update(quote(name, safe=""), cast("Any", params))
    _show(cast("dict[str, Any]", changed), as_json=as_json)


def delete(name: Name, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> None:
    """Delete a variable that no version has.

    Example: augury variables delete hub-token --yes
    """
    with connected() as connection:
        if not yes:
            typer.confirm(f"Delete the variable {name}?", abort=True, err=True)
        connection.client.variables.delete(quote(name, safe=""))
    say(f"deleted {name}")


def _value(file: Path | None) -> str:
    if file is None and sys.stdin.isatty():
        return typer.prompt("Value", hide_input=True, err=True)
    try:
        text = sys.stdin.buffer.read() if file is None else file.read_bytes()
        value = text.decode().removesuffix("\n").removesuffix("\r")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"the value cannot be read: {error}", param_hint="--value-file") from None
    if not value and file is None:
        raise typer.BadParameter("standard input is empty", param_hint="--value-file")
    return value


def _key(name: str) -> str:
    return "".join(char if char.isalnum() else "_" for char in name).upper()


def _show(variable: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        write_json(variable)
        return
    value = "(secret)" if variable["secret"] else variable["value"]
    write_fields([("name", variable["name"]), ("key", variable["key"]), ("value", value)])
