"""What a version is called here: 64 hexadecimal digits, as long as Replicate's, which say which version it is.

Clients pass them alone, without owner and name, so they have to name a version of any model. They are not secret: who
may run it is asked each time. Knows no store.
"""

from __future__ import annotations

import hashlib
import re

_ID = re.compile(r"[0-9a-f]{64}")
_NUMBER = 16
"""Hexadecimal digits of the number; the rest is there to refuse what was made up or cut."""


def version_id(number: int) -> str:
    """The id of the version with this number among all of the server's."""
    digits = f"{number:0{_NUMBER}x}"
    return digits + _check(digits)


def parse_version_id(text: str) -> int | None:
    """The number among all versions that an id says; None for anything that `version_id` has not made."""
    if not _ID.fullmatch(text):
        return None
    digits = text[:_NUMBER]
    number = int(digits, 16)
    return number if text[_NUMBER:] == _check(digits) and number < 2**63 else None


def is_version_id(text: str) -> bool:
    """Whether it looks like an id, made here or not."""
    return _ID.fullmatch(text) is not None


def _check(digits: str) -> str:
    return hashlib.sha256(b"augury version " + digits.encode()).hexdigest()[_NUMBER:]
