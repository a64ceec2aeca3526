"""`augury versions`: list, show, configure, delete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, cast

import typer

from augury.cli import schemas
from augury.cli.output import bytes_text, console, say, write_fields, write_json, write_table
from augury.cli.predict import named
from augury.cli.remote import Connection, all_of, connected

Model = Annotated[str, typer.Argument(metavar="[OWNER/]NAME", help="The model.")]
Version = Annotated[str, typer.Argument(metavar="[OWNER/]NAME:N", help="The version.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


def list_(
    model: Model,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List the versions of a model, newest first.

    Example: augury versions list ada/ocr
    """
    with connected() as connection:
        full = named(connection, model).partition(":")[0]
        versions = connection.client.model_versions
        found = list(all_of(lambda page: versions.list(full, page), limit))
    if as_json:
        write_json(found)
        return
    rows = ((f"{full}:{one['number']}", one["created_at"], one["release_notes"]) for one in found)
    write_table(("version", "created", "notes"), rows)


def show(version: Version, as_json: AsJson = False) -> None:
    """Show a version with its inputs and output.

    Example: augury versions show ada/ocr:3
    """
    with connected() as connection:
        full = _named(connection, version)
        found = cast("Mapping[str, Any]", connection.client.model_versions.get(full))
    if as_json:
        write_json(found)
        return
    offered = [name for name, offers in found["compatibilities"].items() if offers]
    fields = [
        ("version", full),
        ("created", found["created_at"]),
        ("notes", found["release_notes"]),
        ("bundle", str(found.get("container_image_digest") or "")),
        ("size", bytes_text(found.get("size") or 0)),
        ("also offered as", ", ".join(offered)),
    ]
    write_fields([(name, text) for name, text in fields if text])
    console().print()
    write_table(schemas.COLUMNS, schemas.rows(found["schemas"]["prediction"]))


def configuration(
    version: Version,
    hardware: Annotated[str | None, typer.Option(help="What it runs on, such as cpu.")] = None,
    variable: Annotated[
        list[str] | None, typer.Option(help="A variable that its workers get; all of them have to be named.")
    ] = None,
    no_variables: Annotated[bool, typer.Option("--no-variables", help="Its workers get no variables.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show or change what may be changed about a version.

    Example: augury versions configuration ada/ocr:3 --hardware cpu
    """
    if variable and no_variables:
        raise typer.BadParameter("--variable and --no-variables exclude each other")
    change: dict[str, Any] = {} if hardware is None else {"hardware_identifier": hardware}
    if variable or no_variables:
        change["variable_names"] = variable or []
    with connected() as connection:
        full = _named(connection, version)
        versions = connection.client.model_versions
        found = versions.update_configuration(full, cast("Any", change)) if change else versions.get_configuration(full)
    if as_json:
        write_json(found)
        return
    write_fields([("hardware", found["hardware_identifier"]), ("variables", ", ".join(found["variable_names"]))])


def delete(version: Version, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> None:
    """Delete a version.

    Example: augury versions delete ada/ocr:3 --yes
    """
    with connected() as connection:
        full = _named(connection, version)
        if not yes:
            typer.confirm(f"Delete {full}?", abort=True, err=True)
        connection.client.model_versions.delete(full)
    say(f"deleted {full}")


def _named(connection: Connection, version: str) -> str:
    if ":" not in version:
        raise typer.BadParameter("a version is named as [OWNER/]NAME:N", param_hint="VERSION")
    return named(connection, version)
