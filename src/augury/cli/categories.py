"""`augury categories`: list, create, change, delete."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from augury.cli.output import say, write, write_json, write_table
from augury.cli.remote import all_of, connected

Slug = Annotated[str, typer.Argument(metavar="SLUG", help="The category, as models name it.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
Description = Annotated[str | None, typer.Option(help="What belongs there, in a sentence.")]


def list_(
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")] = 1_000, as_json: AsJson = False
) -> None:
    """List all categories.

    Example: augury categories list
    """
    with connected() as connection:
        found: list[Any] = list(all_of(lambda page: connection.client.model_categories.list(page), limit))
    if as_json:
        write_json(found)
        return
    write_table(("slug", "name", "description"), ((one["slug"], one["name"], one["description"]) for one in found))


def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name, such as Text to image.")],
    slug: Annotated[
        str | None, typer.Option(help="What models name it by; made of the name where left out.", show_default=False)
    ] = None,
    description: Description = None,
    as_json: AsJson = False,
) -> None:
    """Make a category. For admins.

    Example: augury categories create "Text to image"
    """
    fields = {"name": name, "slug": slug, "description": description or ""}
    with connected() as connection:
        made = connection.call("POST", "model_categories", fields)
    write_json(made) if as_json else write(made["slug"])


def change(
    slug: Slug,
    name: Annotated[str | None, typer.Option(help="A new name.")] = None,
    description: Description = None,
    as_json: AsJson = False,
) -> None:
    """Change the name or the description of a category. For admins.

    What is not named stays as it is. Its slug always does, for it is what models name.

    Example: augury categories change text-to-image --description "Pictures out of words"
    """
    fields = {key: value for key, value in (("name", name), ("description", description)) if value is not None}
    if not fields:
        raise typer.BadParameter("nothing to change: name at least one option")
    with connected() as connection:
        changed = connection.call("PATCH", _path(slug), fields)
    write_json(changed) if as_json else write(changed["slug"])


def delete(slug: Slug, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> None:
    """Delete a category, which takes it off its models. For admins.

    Example: augury categories delete text-to-image --yes
    """
    with connected() as connection:
        if not yes:
            typer.confirm(f"Delete the category {slug}, and take it off its models?", abort=True, err=True)
        connection.call("DELETE", _path(slug))
    say(f"deleted {slug}")


def _path(slug: str) -> str:
    return f"model_categories/{quote(slug, safe='')}"
