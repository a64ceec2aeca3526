"""`augury hardware`: what versions may run on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from augury.cli.output import write_json, write_table
from augury.cli.remote import all_of, connected

_MOST = 10_000


def hardware(as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """List what versions may run on: what the nodes have, and the parts of it that have a name.

    Example: augury hardware
    """
    with connected() as connection:
        found = list(all_of(connection.client.hardware.list, _MOST))
    if as_json:
        write_json(found)
        return
    write_table(("identifier", "name", "CPUs", "memory", "GPUs", "GPU memory", "description"), map(_row, found))


def _row(one: Mapping[str, Any]) -> tuple[str, ...]:
    gpus = (str(one["gpus"]), f"{one['vram_gb']} GB") if one["gpus"] else ("", "")
    return (
        one["identifier"],
        one["name"],
        str(one["cpus"]),
        f"{one['ram_gib']} GiB",
        *gpus,
        one["description"] or "",
    )
