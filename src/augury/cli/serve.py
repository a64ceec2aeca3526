"""`augury serve`: API and engine in one process on an embedded store."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console

from augury import logs, server
from augury.settings import Settings, SettingsError, environment
from augury.store.folder import DataFolderInUse
from augury.store.migrate import SchemaOutdated

CANNOT_START = 3


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.", show_default="8080")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder for everything that is kept.")] = None,
) -> None:
    """Run API and engine in one process on an embedded store, until SIGTERM or Ctrl+C.

    The first start makes the owner's account and prints its token once; it is kept in DATA/token.

    Example: augury serve --port 8080 --data ./data
    """
    console = Console(stderr=True)
    try:
        settings = Settings.load(host=host, port=port, data=data)
        logs.configure(settings.log_level, settings.log_format)
        uvloop.run(server.serve(settings, environment(), lambda what: _say(console, what)))
    except (SettingsError, SchemaOutdated, DataFolderInUse) as error:
        _refuse(console, str(error))
    except OSError as error:
        _refuse(console, f"cannot start: {error}")


def _say(console: Console, what: server.Started) -> None:
    console.print(f"Augury serves at [bold]{what.url}[/bold] (API under /v1, reference at /docs).")
    if what.token is not None:
        console.print(f"The token of [bold]{what.owner}[/bold], shown this once and kept in {what.token_file}:")
        sys.stdout.write(what.token + "\n")
        sys.stdout.flush()


def _refuse(console: Console, message: str) -> None:
    console.print(f"[red]error:[/red] {message}", highlight=False)
    raise typer.Exit(CANNOT_START)
