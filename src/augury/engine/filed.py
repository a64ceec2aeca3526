"""The files of one run: the links that stand for them, and what waits until they are kept. Does nothing by itself."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from augury.domain.file import StoredFile
from augury.domain.jsontext import JsonText
from augury.domain.prediction import Failure
from augury.protocol import FILE_MARK

TOKEN = re.compile(FILE_MARK + "[0-9a-f]{32}")
"""What stands for a file in an output."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A file that a run has put out, where its worker does not reach it."""

    file: StoredFile
    """Without its size."""
    path: Path


@dataclass(slots=True, eq=False)
class Filing:
    """The files of one run."""

    links: dict[str, str] = field(default_factory=dict[str, str])
    """By the token that stands for each in the output."""
    unwritten: list[StoredFile] = field(default_factory=list[StoredFile])
    """Kept, and not yet rows."""
    failure: Failure | None = None
    waiting: deque[tuple[Sequence[Claimed], Callable[[], None]]] = field(
        default_factory=deque[tuple[Sequence[Claimed], Callable[[], None]]]
    )
    busy: bool = False

    def linked(self, text: JsonText) -> JsonText:
        """JSON with links for the tokens in it. A link has no character that JSON would write otherwise."""
        return JsonText(TOKEN.sub(lambda match: self.links.get(match[0], match[0]), text))

    def take(self) -> list[StoredFile]:
        """What is to be written now."""
        taken, self.unwritten = self.unwritten, []
        return taken
