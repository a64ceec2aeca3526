"""`augury models`: list, search, show, create, update, delete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any, cast

import typer

from augury.cli import schemas
from augury.cli.failing import CommandFailed
from augury.cli.output import console, say, write, write_fields, write_json, write_table
from augury.cli.predict import named
from augury.cli.remote import Connection, all_of, connected
from augury.domain.model import Visibility


class SortBy(StrEnum):
    """What a list of models may be sorted by."""

    CREATED_AT = "created_at"
    PREDICTIONS_COUNT = "predictions_count"


Model = Annotated[str, typer.Argument(metavar="[OWNER/]NAME", help="The model.")]
Limit = Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
See = Annotated[Visibility | None, typer.Option(help="Who sees and runs it.", show_default=False)]
Description = Annotated[str | None, typer.Option(help="What it does, in a sentence.")]
Overview = Annotated[str | None, typer.Option(help="More about it, in Markdown.")]
SourceUrl = Annotated[str | None, typer.Option(help="Where its code is.")]
LicenseUrl = Annotated[str | None, typer.Option(help="Where its license is.")]
Categories = Annotated[
    list[str] | None,
    typer.Option("--category", metavar="SLUG", help="A category that it is in; may be repeated.", show_default=False),
]
PaperUrl = Annotated[str | None, typer.Option(help="Where its paper is.")]


def list_(
    owner: Annotated[str | None, typer.Argument(metavar="[OWNER]", help="Whose; yours where left out.")] = None,
    everybody: Annotated[bool, typer.Option("--all", help="Everybody's public ones.")] = False,
    sort_by: Annotated[SortBy | None, typer.Option(help="The order of --all and of OWNER's.")] = None,
    category: Annotated[
        list[str] | None,
        typer.Option(metavar="SLUG", help="Of --all and of OWNER's, those in it; may be repeated: in any of them."),
    ] = None,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """List your models, or somebody's public ones.

    Example: augury models list ada --sort-by predictions_count
    """
    order: dict[str, Any] = {"sort_by": sort_by.value} if sort_by else {}
    if category:
        order["category_slugs"] = category
    with connected() as connection:
        client = connection.client
        if owner is None and not everybody:
            found = list(all_of(lambda page: client.authenticated_user.models(page), limit))
        else:
            found = list(all_of(lambda page: client.models.list(cast("Any", {**page, **order}), owner), limit))
    _write_list(found, as_json)


def search(
    words: Annotated[list[str], typer.Argument(metavar="WORDS", help="What to look for; all words have to be there.")],
    limit: Limit = 25,
    as_json: AsJson = False,
) -> None:
    """Find models by words.

    They are looked for in name, owner, categories, description and overview; the last one may be a beginning.

    Example: augury models search text to im
    """
    query = " ".join(words)
    with connected() as connection:
        found = list(all_of(lambda page: connection.client.models.search(query, page), limit))
    _write_list(found, as_json)


def _write_list(found: Sequence[Any], as_json: bool) -> None:
    if as_json:
        write_json(found)
        return
    rows = (
        (
            f"{one['owner']['name']}/{one['name']}",
            one["visibility"],
            one["status"],
            str(one["predictions_count"]),
            one["created_at"],
            one["description"] or "",
        )
        for one in found
    )
    write_table(("model", "visibility", "status", "predictions", "created", "description"), rows)


def show(model: Model, as_json: AsJson = False) -> None:
    """Show a model with its latest version.

    Example: augury models show ada/ocr
    """
    with connected() as connection:
        found = cast("Mapping[str, Any]", connection.client.models.get(_named(connection, model)))
    if as_json:
        write_json(found)
        return
    latest = found["latest_version"]
    fields = [
        ("model", f"{found['owner']['name']}/{found['name']}"),
        ("visibility", found["visibility"]),
        ("status", found["status"]),
        ("predictions", str(found["predictions_count"])),
        ("categories", ", ".join(one["slug"] for one in found["categories"])),
        ("created", found["created_at"]),
        ("latest version", "none yet" if latest is None else str(latest["number"])),
    ]
    names = ("description", "overview", "source_url", "license_url", "paper_url")
    if latest is not None and latest["broken_reason"] is not None:
        fields.append(("it cannot start", latest["broken_reason"]))
    write_fields([*fields, *((name, found[name]) for name in names if found[name])])
    if latest is not None:
        console().print()
        write_table(schemas.COLUMNS, schemas.rows(latest["schemas"]["prediction"]))


def create(
    model: Model,
    visibility: See = None,
    description: Description = None,
    overview: Overview = None,
    source_url: SourceUrl = None,
    license_url: LicenseUrl = None,
    paper_url: PaperUrl = None,
    category: Categories = None,
    as_json: AsJson = False,
) -> None:
    """Make a model that has no version yet.

    `augury push` makes the model by itself; this is for saying more about it first.

    Example: augury models create ocr --visibility public --description "Reads pictures"
    """
    fields = _given(visibility, description, overview, source_url, license_url, paper_url)
    if category is not None:
        fields["category_slugs"] = [one for one in category if one]
    with connected() as connection:
        owner, _, short = _named(connection, model).partition("/")
        if owner != connection.me:
            raise CommandFailed(f"you are {connection.me}, and make models of your own only")
        made = connection.client.models.create(cast("Any", {"name": short, **fields}))
    write_json(made) if as_json else write(f"{owner}/{made['name']}")


def update(
    model: Model,
    name: Annotated[str | None, typer.Option(help="A new name.")] = None,
    visibility: See = None,
    description: Description = None,
    overview: Overview = None,
    source_url: SourceUrl = None,
    license_url: LicenseUrl = None,
    paper_url: PaperUrl = None,
    category: Categories = None,
    as_json: AsJson = False,
) -> None:
    """Change what is said about a model.

    What is not named stays as it is; an empty text removes what was there. The categories that are named replace all
    that there were, and --category "" leaves none.

    Example: augury models update ocr --visibility public
    """
    fields = _given(visibility, description, overview, source_url, license_url, paper_url)
    if category is not None:
        fields["category_slugs"] = [one for one in category if one]
    if name is not None:
        fields["name"] = name
    if not fields:
        raise typer.BadParameter("nothing to change: name at least one option")
    with connected() as connection:
        full = _named(connection, model)
        changed = connection.client.models.update(full, cast("Any", fields))
    write_json(changed) if as_json else write(f"{changed['owner']['name']}/{changed['name']}")


def delete(model: Model, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> None:
    """Delete a model with all its versions.

    Example: augury models delete ocr --yes
    """
    with connected() as connection:
        full = _named(connection, model)
        if not yes:
            typer.confirm(f"Delete {full} with all its versions?", abort=True, err=True)
        connection.client.models.delete(full)
    say(f"deleted {full}")


def _named(connection: Connection, model: str) -> str:
    if ":" in model:
        raise typer.BadParameter("a model is meant, not a version of it", param_hint="MODEL")
    return named(connection, model)


def _given(
    visibility: Visibility | None,
    description: str | None,
    overview: str | None,
    source_url: str | None,
    license_url: str | None,
    paper_url: str | None,
) -> dict[str, Any]:
    texts = {
        "description": description,
        "overview": overview,
        "source_url": source_url,
        "license_url": license_url,
        "paper_url": paper_url,
    }
    fields: dict[str, Any] = {key: text or None for key, text in texts.items() if text is not None}
    return fields if visibility is None else {"visibility": visibility.value, **fields}
