"""Whether this process takes new work: open while it serves, closed when it is about to stop."""

from __future__ import annotations

from dataclasses import dataclass

from augury.domain.errors import Unavailable


@dataclass(slots=True)
class Gate:
    """Asked before anything is stored."""

    closed: bool = False

    def check(self) -> None:
        """Raises Unavailable once the gate is closed."""
        if self.closed:
            raise Unavailable(
                "The server is stopping and takes nothing new.",
                code="shutting_down",
                hint="Try again in a few seconds; nothing was stored.",
            )
