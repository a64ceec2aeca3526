"""A docstring -> its description, and what it says about each argument (the `Args:` section of Google's style).

Knows nothing about signatures. Standard library only; Python 3.9 and newer.
"""

from __future__ import annotations

import inspect
import re
from typing import NamedTuple

_SECTION = re.compile(r"(Args|Arguments|Parameters|Returns?|Yields?|Raises|Examples?|Notes?|Attributes):\s*\Z")
_ARGUMENT = re.compile(r"\*{0,2}(\w+)\s*(?:\([^)]*\))?\s*:\s*(.*)\Z")


class Docstring(NamedTuple):
    """What a docstring says."""

    description: str | None
    arguments: dict[str, str]


def read_docstring(text: str | None) -> Docstring:
    """The parts of a docstring; sections other than the arguments are left out."""
    if not text:
        return Docstring(None, {})
    description: list[str] = []
    arguments: dict[str, str] = {}
    section, name, level = "", "", 0
    for line in inspect.cleandoc(text).splitlines():
        heading = _SECTION.match(line)
        if heading:
            section, name = heading.group(1), ""
        elif not section:
            description.append(line)
        elif section in ("Args", "Arguments", "Parameters") and line.strip():
            if not line.startswith((" ", "\t")):
                section = "other"
                continue
            found = _ARGUMENT.match(line.strip())
            indent = len(line) - len(line.lstrip())
            if found and (not name or indent <= level):
                name, level = found.group(1), indent
                arguments[name] = found.group(2)
            elif name:
                arguments[name] = f"{arguments[name]} {line.strip()}".strip()
    return Docstring("\n".join(description).strip() or None, arguments)
