"""Work that nobody waits for: what it raises is logged, and the engine lives on.

An exception that left a task of the engine would end the whole server, and with it all that runs well.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")


async def guarded(what: str, act: Callable[[], Awaitable[T]]) -> T | None:
    """Do it; None, and a line in the log, where it fails."""
    try:
        return await act()
    except Exception:
        # The store may be out of order for a while: leases and the next look make good what was not written.
        log.exception("background work failed", extra={"task": what})
        return None
