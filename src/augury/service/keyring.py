"""The installation's secret keys, and a key of its own for each purpose made from them.

What is sealed or signed anew uses the newest key; what an older one sealed or signed is still read. Knows nothing about
where the keys are kept.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Keyring:
    """The keys, newest first; at least one."""

    keys: tuple[str, ...] = field(repr=False)

    def derive(self, purpose: str) -> tuple[bytes, ...]:
        """32 bytes for this purpose from each key, newest first; what leaks of one purpose says nothing of another."""
        return tuple(hmac.new(key.encode(), purpose.encode(), hashlib.sha256).digest() for key in self.keys)
