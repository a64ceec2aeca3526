"""`augury migrate`: the database's schema is brought to what this version needs."""

from __future__ import annotations

from typing import Annotated

import sqlalchemy.exc
import typer

from augury.cli.failing import CANNOT_START, CommandFailed
from augury.cli.output import say, write_json
from augury.cli.workbench import load_settings
from augury.store import schema
from augury.store.migrate import upgrade
from augury.store.schema import SchemaOutdated


def migrate(
    check: Annotated[bool, typer.Option("--check", help="Only say whether it is up to date.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON: the step before and after.")] = False,
) -> None:
    """Bring the database up to date.

    `augury serve` does it by itself with SQLite. With PostgreSQL it is done here, once for all servers.

    Example: AUGURY_DATABASE_URL=postgresql://augury@db/augury augury migrate
    """
    settings = load_settings()
    try:
        if settings.database.startswith("sqlite"):
            settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        before = schema.current(settings.database)
        if check:
            schema.check(settings.database)
        else:
            upgrade(settings.database)
        after = schema.current(settings.database)
    except SchemaOutdated as error:
        raise CommandFailed(str(error)) from None
    except (sqlalchemy.exc.SQLAlchemyError, OSError) as error:
        reason = str(error).partition("\n")[0]
        raise CommandFailed(f"the database cannot be used: {reason}", code=CANNOT_START) from None
    if as_json:
        write_json({"before": before, "after": after})
        return
    say(
        f"the database is up to date ({after})"
        if before == after
        else f"migrated from {before or 'nothing'} to {after}"
    )
