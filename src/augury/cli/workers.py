"""`augury workers`: the workers of every node, as an admin sees them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, cast

import typer

from augury.cli.output import write_json, write_table
from augury.cli.remote import connected


def workers(as_json: Annotated[bool, typer.Option("--json", help="As JSON, with the nodes.")] = False) -> None:
    """Show what runs where, since when, doing what.

    Example: augury workers
    """
    with connected() as connection:
        answer = connection.http.get(f"{connection.target.url}/v1/workers").raise_for_status()
        found = cast("Mapping[str, Any]", answer.json())
    if as_json:
        write_json(found)
        return
    write_table(("id", "model", "state", "running", "host", "pid", "since"), map(_row, found["workers"]))


def _row(worker: Mapping[str, Any]) -> tuple[str, ...]:
    model = worker["model"]
    return (
        worker["id"],
        f"{model['owner']}/{model['name']}:{model['version_number']}",
        worker["state"],
        f"{len(worker['predictions'])}/{worker['slots']}",
        worker["hostname"] or "",
        str(worker["pid"] or ""),
        worker["created_at"],
    )
