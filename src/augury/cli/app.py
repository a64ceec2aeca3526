"""The `augury` command: its groups, and what every command does with an error.

Data goes to stdout, everything else to stderr. Exit codes: 0 done, 1 the request or prediction failed, 2 wrong usage,
3 cannot start.
"""

from __future__ import annotations

import typer

from augury.cli import serve

app = typer.Typer(
    name="augury",
    help="Serve your own Python models by the WriftAI prediction API.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
app.command("serve")(serve.serve)


def main() -> None:
    """The entry point of the installed command."""
    app()
