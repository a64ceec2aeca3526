"""`.dockerignore`: which files an image would not get.

Each pattern begins at the top folder and stands for everything below what it matches; the last one that fits counts,
and `!` takes in again. Knows nothing about models.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

FILE = ".dockerignore"
_TOKEN = re.compile(r"\*\*/|\*\*|\*|\?|\[\^?[^\]/]+\]|\\.|.", re.DOTALL)
_WILD = {"**/": r"(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


@dataclass(frozen=True)
class DockerRules:
    """Patterns in their order, and whether each takes in what it matches."""

    patterns: tuple[tuple[re.Pattern[str], bool], ...] = ()

    def leave_out(self, name: str) -> bool:
        """Whether the file of this name, relative and with slashes, stays out."""
        for pattern, taken_in in reversed(self.patterns):
            if pattern.fullmatch(name):
                return not taken_in
        return False

    def leave_out_all(self, folder: str) -> bool:
        """Whether everything in the folder of this name stays out; False where some of it may be taken in again."""
        return self.leave_out(folder) and not any(taken_in for _, taken_in in self.patterns)


def read_rules(root: Path) -> DockerRules:
    """The rules of a folder; none where it has no such file."""
    path = root / FILE
    if not path.is_file():
        return DockerRules()
    found: list[tuple[re.Pattern[str], bool]] = []
    for line in path.read_text(encoding="utf-8-sig", errors="replace").splitlines():
        text = line.strip()
        if text and not text.startswith("#"):
            taken_in = text.startswith("!")
            pattern = os.path.normpath("/" + text.removeprefix("!").strip()).lstrip("/")
            if pattern:
                found.append((_compiled(pattern), taken_in))
    return DockerRules(tuple(found))


def _compiled(pattern: str) -> re.Pattern[str]:
    parts: list[str] = []
    for token in _TOKEN.findall(pattern):
        if token in _WILD:
            parts.append(_WILD[token])
        elif token.startswith("[") and len(token) > 1:
            parts.append(token.replace("\\", "\\\\"))
        else:
            parts.append(re.escape(token[-1]))
    try:
        return re.compile("".join(parts) + "(?:/.*)?", re.DOTALL)
    except re.error:  # a range the wrong way round: Docker matches nothing with it
        return re.compile(r"(?!)")
