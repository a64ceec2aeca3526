"""`augury version`: which version this is."""

from __future__ import annotations

import platform
from importlib import metadata
from typing import Annotated

import typer

from augury.cli.output import write, write_json


def version(
    as_json: Annotated[
        bool, typer.Option("--json", help="As JSON, with the versions of Python and the client.")
    ] = False,
) -> None:
    """Print the version.

    Example: augury version
    """
    found = metadata.version("augury")
    if as_json:
        write_json({"augury": found, "python": platform.python_version(), "wriftai": metadata.version("wriftai")})
    else:
        write(f"augury {found}")
