"""`augury sign-in`: a link for the web app."""

from __future__ import annotations

import webbrowser
from typing import Annotated

import typer

from augury.cli.output import say, write, write_json
from augury.cli.remote import connected


def sign_in(
    open_: Annotated[bool, typer.Option("--open", help="Open it in this machine's browser, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, with the time when it is over.")] = False,
) -> None:
    """Print a link that signs a browser in to the web app.

    It is good once, within 15 minutes, for whatever the token may do that this command uses. Revoking that token ends
    the sessions that came of it.

    Example: augury sign-in --open
    """
    with connected() as connection:
        made = connection.call("POST", "session/links")
    write_json(made) if as_json else write(made["url"])
    if open_ and not webbrowser.open(made["url"]):
        say("there is no browser here: open the link yourself")
