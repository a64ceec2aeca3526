"""Writes docs/cli.md from the commands themselves; `--check` only says whether it is as it should be."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from augury.cli.app import COMMANDS
from augury.cli.lazy import Command, Group, load

PAGE = Path(__file__).resolve().parent.parent / "docs" / "cli.md"

HEAD = """# The command line

Data goes to stdout, all else to stderr. `--json` makes what a command reads out fit for a program. Exit codes: 0 done,
1 the prediction or the request failed, 2 wrong usage, 3 cannot start, 130 Ctrl+C, 141 nobody reads stdout any more.

Where a server is needed, `AUGURY_URL` and `AUGURY_TOKEN` say which and as whom; without them it is the server that runs
on this machine's data folder (`AUGURY_DATA`), as its owner. `augury push` and `augury check` build environments in the
data folder, too. `augury --install-completion` makes the Tab key complete commands and options.

This page is written by `make docs`.
"""


def page() -> str:
    """The text of the page."""
    return HEAD + "".join(_section(path, command) for path, command in commands())


def commands() -> Iterator[tuple[str, Command]]:
    """Every command, with its name as it is typed."""
    for name, entry in COMMANDS.items():
        if isinstance(entry, Group):
            for inner, command in entry.commands.items():
                yield f"{name} {inner}", command
        else:
            yield name, entry


def _section(path: str, command: Command) -> str:
    module, _, function = command.place.partition(":")
    text = inspect.getdoc(getattr(import_module(module), function)) or command.help
    prose, _, example = text.partition("Example:")
    lines = [f"\n## augury {path}\n", prose.strip(), ""]
    if example:
        lines += ["```", example.strip(), "```", ""]
    lines += list(_options(load(path.split()[-1], command.place)))
    return "\n".join(lines).rstrip() + "\n"


def _options(command: Any) -> Iterator[str]:
    rows = [
        (_name(parameter), " ".join((getattr(parameter, "help", None) or "").split()))
        for parameter in command.params
        if parameter.name != "help"
    ]
    if rows:
        yield "| argument or option | what it is |"
        yield "|---|---|"
    for name, what in rows:
        yield f"| `{name}` | {what} |"


def _name(parameter: Any) -> str:
    names = cast("list[str]", [*parameter.opts, *parameter.secondary_opts])
    if parameter.param_type_name == "argument":
        return str(parameter.metavar or names[0].upper())
    return ", ".join(sorted(names, key=len, reverse=True))


def main() -> None:
    """Write the page, or with --check only compare it."""
    if "--check" not in sys.argv:
        PAGE.write_text(page())
    elif PAGE.read_text() != page():
        sys.exit("docs/cli.md is not what the commands say: run `make docs`")


if __name__ == "__main__":
    main()
