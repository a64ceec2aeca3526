"""Variables for a model that is tried here: what a server would give it, from options of the command line.

Knows the same rules as a server; nothing about workers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from augury.domain.variable import NAMES_MOST, key_problem, value_problems

Variables = Annotated[
    list[str] | None,
    typer.Option(
        "--env",
        "-e",
        metavar="KEY=VALUE",
        help="A variable for the environment of the model, as a server would give it. Repeat for more.",
        show_default=False,
    ),
]


def variables(given: Sequence[str]) -> dict[str, str]:
    """The variables that the options mean; raises BadParameter (wrong usage), which shows no value."""
    found: dict[str, str] = {}
    for number, one in enumerate(given, 1):
        key, equals, value = one.partition("=")
        if not equals:
            # What it is may be a value whose name was forgotten.
            raise typer.BadParameter(f"--env number {number} is not KEY=VALUE")
        if (problem := key_problem(key)) is not None:
            raise typer.BadParameter(f"{key[:100]!r}: {problem}")
        for _, problem in value_problems(value):
            raise typer.BadParameter(f"{key}: its {problem}")
        if key in found:
            raise typer.BadParameter(f"{key} is given twice")
        found[key] = value
    if len(found) > NAMES_MOST:
        raise typer.BadParameter(f"a version has at most {NAMES_MOST} variables, and these are {len(found)}")
    return found
