"""`augury settings`: every setting with its value and where it came from."""

from __future__ import annotations

from typing import Annotated

import typer

from augury.cli.output import write_json, write_table
from augury.cli.workbench import load_settings


def settings(as_json: Annotated[bool, typer.Option("--json", help="As JSON, with what each is for.")] = False) -> None:
    """Show every setting with its value and where it came from.

    Example: augury settings
    """
    table = list(load_settings().table())
    if as_json:
        write_json(
            [
                {
                    "name": one.name,
                    "variable": one.variable,
                    "value": one.shown,
                    "default": one.default,
                    "origin": one.origin,
                    "help": one.help,
                }
                for one in table
            ]
        )
        return
    rows = ((one.variable, one.shown or one.default, one.origin, one.help) for one in table)
    write_table(("setting", "value", "origin", "what it is"), rows)
