"""How a command says that it cannot go on: one error, shown in one place (`lazy.LazyGroup`), never as a traceback."""

from __future__ import annotations

from collections.abc import Iterable

FAILED = 1
"""The prediction or the request failed."""
CANNOT_START = 3
INTERRUPTED = 130
"""Ctrl+C, as shells say it."""
UNREAD = 141
"""Nobody reads stdout any more, as shells say it."""


class CommandFailed(Exception):
    """A sentence for stderr, a hint what to do, lines of detail below it, and the exit code."""

    def __init__(
        self, message: str, *, hint: str | None = None, details: Iterable[str] = (), code: int = FAILED
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = tuple(details)
        self.code = code
