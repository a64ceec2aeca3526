"""`augury users`: list, show, create, change, disable, enable and delete accounts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, cast
from urllib.parse import quote

import httpx
import typer

from augury.cli.output import say, write, write_fields, write_json, write_table
from augury.cli.remote import connected, every_item

Name = Annotated[str, typer.Argument(metavar="NAME", help="The account.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
Admin = Annotated[bool | None, typer.Option("--admin/--no-admin", help="Whether it may do everything.")]
DisplayName = Annotated[str | None, typer.Option(help="The name to show.")]
Bio = Annotated[str | None, typer.Option(help="Who it is.")]
Company = Annotated[str | None, typer.Option(help="For whom it works.")]
Location = Annotated[str | None, typer.Option(help="Where it is.")]
Urls = Annotated[list[str] | None, typer.Option("--url", metavar="URL", help="An address; may be repeated.")]

_REFUSED = (401, 403)


def list_(as_json: AsJson = False) -> None:
    """List all accounts, in the order in which they joined.

    Admins see who is an admin and who is disabled, too.

    Example: augury users list
    """
    with connected() as connection:
        found = list(_seen(lambda view: list(every_item(connection, "users", **view))))
    if as_json:
        write_json(found)
        return
    rows = ((one["name"], one["display_name"] or "", _state(one), one["created_at"]) for one in found)
    write_table(("name", "display name", "state", "joined"), rows)


def show(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="The account; yours where left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show an account.

    Example: augury users show ada
    """
    with connected() as connection:
        path = _path(name or connection.me)
        found = cast("Mapping[str, Any]", _seen(lambda view: connection.call("GET", path, **view)))
    if as_json:
        write_json(found)
        return
    fields = [("name", found["name"]), ("id", found["account_id"]), ("joined", found["created_at"])]
    if state := _state(found):
        fields.append(("state", state))
    names = ("display_name", "bio", "company", "location")
    fields += [(one.replace("_", " "), found[one]) for one in names if found[one]]
    write_fields([*fields, *(("url", url) for url in found["urls"] or ())])


def create(
    name: Name,
    admin: Annotated[bool, typer.Option("--admin", help="It may do everything.")] = False,
    display_name: DisplayName = None,
    bio: Bio = None,
    company: Company = None,
    location: Location = None,
    url: Urls = None,
    as_json: AsJson = False,
) -> None:
    """Make an account. For admins.

    It has no token yet: `augury tokens create NAME --account ACCOUNT` makes one.

    Example: augury users create ada --display-name "Ada Lovelace"
    """
    fields = {"name": name, "admin": admin, **_given(display_name, bio, company, location, url)}
    with connected() as connection:
        made = connection.call("POST", "users", fields)
    write_json(made) if as_json else write(made["name"])


def change(
    user: Annotated[str | None, typer.Argument(metavar="[NAME]", help="The account; yours where left out.")] = None,
    name: Annotated[str | None, typer.Option(help="A new name.")] = None,
    admin: Admin = None,
    display_name: DisplayName = None,
    bio: Bio = None,
    company: Company = None,
    location: Location = None,
    url: Urls = None,
    as_json: AsJson = False,
) -> None:
    """Change your account, or as an admin another's.

    What is not named stays as it is; an empty text removes what was there.

    Example: augury users change ada --admin
    """
    fields: dict[str, Any] = _given(display_name, bio, company, location, url)
    fields |= {key: value for key, value in (("name", name), ("admin", admin)) if value is not None}
    if not fields:
        raise typer.BadParameter("nothing to change: name at least one option")
    with connected() as connection:
        whose = user or (connection.me if admin is not None else None)
        changed = connection.call("PATCH", "user" if whose is None else _path(whose), fields)
    write_json(changed) if as_json else write(changed["name"])


def disable(name: Name) -> None:
    """Refuse all tokens of an account, at once. For admins.

    What it owns stays as it is, and what it has started runs to its end.

    Example: augury users disable ada
    """
    with connected() as connection:
        connection.call("PATCH", _path(name), {"disabled": True})
    say(f"disabled {name}")


def enable(name: Name) -> None:
    """Take the tokens of a disabled account again. For admins.

    Example: augury users enable ada
    """
    with connected() as connection:
        connection.call("PATCH", _path(name), {"disabled": False})
    say(f"enabled {name}")


def delete(name: Name, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> None:
    """Delete an account that has no models and no predictions. For admins.

    Example: augury users delete ada --yes
    """
    with connected() as connection:
        if not yes:
            typer.confirm(f"Delete the account {name} with its tokens?", abort=True, err=True)
        connection.call("DELETE", _path(name))
    say(f"deleted {name}")


def _seen(ask: Callable[[dict[str, str]], Any]) -> Any:
    """What admins see where the token is one of theirs, else what everybody sees."""
    try:
        return ask({"view": "admin"})
    except httpx.HTTPStatusError as error:
        if error.response.status_code not in _REFUSED:
            raise
        return ask({})


def _state(user: Mapping[str, Any]) -> str:
    states = (("admin", user.get("admin")), ("disabled", user.get("disabled_at")))
    return ", ".join(name for name, true in states if true)


def _path(name: str) -> str:
    return f"users/{quote(name, safe='')}"


def _given(
    display_name: str | None, bio: str | None, company: str | None, location: str | None, url: list[str] | None
) -> dict[str, Any]:
    texts = {"display_name": display_name, "bio": bio, "company": company, "location": location}
    fields: dict[str, Any] = {key: text or None for key, text in texts.items() if text is not None}
    # One empty address takes all of them away.
    return fields if url is None else {**fields, "urls": [one for one in url if one] or None}
