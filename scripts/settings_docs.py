"""Writes docs/settings.md from the settings themselves; `--check` only says whether it is as it should be."""

from __future__ import annotations

import sys
from pathlib import Path

from augury.settings import ClientSettings, Settings

PAGE = Path(__file__).resolve().parent.parent / "docs" / "settings.md"

HEAD = """# Settings

Each setting has one name. As `AUGURY_<NAME>` it is read from the environment; in lower case it is a key of a TOML file:
the one that `AUGURY_CONFIG` names, else `augury.toml` in the data folder. An option on the command line wins over the
environment, the environment over the file, the file over the default. A name that is not on this page is an error, so
that a slip of the pen shows at once. `augury settings` prints the values in force and where each came from.

Sizes are bytes or text such as `32MiB`; durations are seconds or text such as `500ms`, `90`, `5m`, `1h30m`.

This page is written by `make docs`.

| variable | key | default | what it is |
|---|---|---|---|
"""

CLIENT = """
## The command line as a client

| variable | what it is |
|---|---|
"""


def page() -> str:
    """The text of the page."""
    server = "".join(
        f"| `{one.variable}` | `{one.name}` | {one.default or '-'} | {one.help} |\n" for one in Settings().table()
    )
    client = "".join(
        f"| `AUGURY_{name.upper()}` | {info.description} |\n" for name, info in ClientSettings.model_fields.items()
    )
    return HEAD + server + CLIENT + client


if __name__ == "__main__":
    if "--check" not in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != page():
        sys.exit(f"{PAGE.name} is not what the settings say: run `make docs`")
