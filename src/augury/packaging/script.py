"""The metadata that a single Python file carries in comments at its top (PEP 723).

    # /// script
    # dependencies = ["numpy>=2"]
    # ///

Knows nothing about what the metadata says.
"""

from __future__ import annotations

import re

from augury.packaging.errors import ProjectError
from augury.packaging.toml import Source

_OPENING = re.compile(r"# /// (?P<kind>[A-Za-z0-9-]+)\s*")
_CLOSING = re.compile(r"# ///\s*")
_INSIDE = re.compile(r"#(?: (?P<toml>.*))?")


def script_metadata(text: str, file: str) -> Source | None:
    """The TOML of the file's `script` block, or None; raises ProjectError for two blocks and for one that is open."""
    lines = text.split("\n")
    found: Source | None = None
    number = 0
    while number < len(lines):
        opening = _OPENING.fullmatch(lines[number])
        number += 1
        if opening is None:
            continue
        inside = _block(lines, number)
        if opening["kind"] == "script":
            if inside is None:
                message = "the script block is not closed: a line with only # /// is missing"
                raise ProjectError(message, file=file, line=number, name="script")
            if found is not None:
                raise ProjectError("a second script block: only one is allowed", file=file, line=number, name="script")
            found = Source("\n".join(inside), file, offset=number)
        number += len(inside or ())
    return found


def _block(lines: list[str], start: int) -> list[str] | None:
    """The block's lines without their comment signs; None where no closing line ends the run of comments."""
    inside: list[str] = []
    closed: int | None = None
    for line in lines[start:]:
        match = _INSIDE.fullmatch(line)
        if match is None or _OPENING.fullmatch(line):
            break
        if _CLOSING.fullmatch(line):
            # The last closing line of the run counts, as the standard has it.
            closed = len(inside)
        inside.append(match["toml"] or "")
    return None if closed is None else inside[:closed]
