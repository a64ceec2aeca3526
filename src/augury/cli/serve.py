"""`augury serve`: API and engine in one process on an embedded store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import anyio
import typer
from rich.text import Text

from augury import logs, server
from augury.cli.failing import CANNOT_START, CommandFailed
from augury.cli.output import console, write
from augury.settings import Settings, SettingsError, environment
from augury.store.database import DataFolderInUse
from augury.store.schema import SchemaOutdated


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.", show_default="8080")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder for all that is kept.", show_default="~/.local/share/augury"),
    ] = None,
) -> None:
    """Run API and engine in one process, until SIGTERM or Ctrl+C.

    The first start makes the owner's account and prints its token once; it is kept in DIR/token.

    Example: augury serve --port 8080 --data ./data
    """
    try:
        settings = Settings.load(host=host, port=port, data=data)
        logs.configure(settings.log_level, settings.log_format)
        # By anyio, so that it knows its loop in callbacks, too: where sniffio is installed, it asks nobody else.
        anyio.run(server.serve, settings, environment(), _say, backend_options={"use_uvloop": True})
    except (SettingsError, SchemaOutdated, DataFolderInUse) as error:
        raise CommandFailed(str(error), code=CANNOT_START) from None
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        reason = f"cannot start: {error.strerror or error}{where}"
        raise CommandFailed(reason, hint=_hint(error), code=CANNOT_START) from None


def _say(what: server.Started) -> None:
    console().print(Text.assemble("Augury serves at ", (what.url, "bold"), " (API under /v1, reference at /docs)."))
    console().print(Text.assemble("Sign in to its web app, once within 15 minutes: ", (what.sign_in, "bold")))
    if what.token is not None:
        console().print(
            Text.assemble("The token of ", (what.owner, "bold"), f", shown this once and kept in {what.token_file}:")
        )
        write(what.token)


def _hint(error: OSError) -> str | None:
    if isinstance(error, PermissionError):
        return "--data names another folder, --port another port"
    return "--port names another port" if "in use" in str(error).lower() else None
