"""`augury secrets`: sealing anew what older secret keys have sealed, in the database itself."""

from __future__ import annotations

from typing import Annotated

import anyio
import sqlalchemy.exc
import typer

from augury.cli.failing import CANNOT_START, CommandFailed
from augury.cli.output import say, write_json
from augury.cli.workbench import load_settings
from augury.server import read_keyring
from augury.service.rotation import Rotated, Rotation
from augury.service.vault import Vault
from augury.settings import Settings, SettingsError
from augury.store import schema
from augury.store.connection import StorageError
from augury.store.database import open_database
from augury.store.schema import SchemaOutdated


def rotate(as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """Seal everything with the newest secret key, so that older ones can be given up.

    Put the new key before the old one, restart the server, run this, and take the old one away. Works on the database
    itself, beside running servers; may be broken off and begun again.

    Example: augury secrets rotate
    """
    settings = load_settings()
    if settings.database_url is None and not (settings.data / "augury.db").exists():
        raise CommandFailed(f"there is no database in {settings.data}", hint="AUGURY_DATA names another folder")
    try:
        keyring = read_keyring(settings)
        schema.check(settings.database)
        rotated = anyio.run(_rotate, settings, Vault(keyring))
    except (SettingsError, SchemaOutdated) as error:
        raise CommandFailed(str(error), code=CANNOT_START) from None
    except (StorageError, sqlalchemy.exc.SQLAlchemyError, OSError) as error:
        reason = str(error).partition("\n")[0]
        raise CommandFailed(f"the database cannot be used: {reason}", code=CANNOT_START) from None
    if as_json:
        write_json({"sealed": rotated.done, "lost": [[place, *key] for place, key in rotated.lost]})
    else:
        say(f"sealed anew: {rotated.done}")
    if rotated.lost:
        raise CommandFailed(
            f"{len(rotated.lost)} could not be opened with any of the secret keys",
            hint="Run it with the key that sealed them among the secret keys; what is lost has to be given anew.",
            details=[" ".join((place, *key)) for place, key in rotated.lost[:20]],
        )


async def _rotate(settings: Settings, vault: Vault) -> Rotated:
    async with open_database(settings.database, sqlite_sync=settings.sqlite_sync) as db:
        return await Rotation(db, vault).run()
