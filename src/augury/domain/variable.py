"""Variables: what an account keeps for the environments of its models' workers, and what they may be called.

Knows nothing about how values are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from augury.domain.ids import AccountId

NAME_RULE = "1 to 64 letters, digits, dots, underscores and hyphens, beginning with a letter, digit or underscore"
KEY_RULE = "letters, digits and underscores, not beginning with a digit, up to 255 of them"
VALUE_LIMIT = 32 * 1024
"""Bytes of a value in UTF-8: Linux takes 128 KiB for one variable."""
NAMES_MOST = 100
"""Variables that one version may have."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")

RESERVED = (
    "PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES",
)  # fmt: skip
RESERVED_BEGINNINGS = ("LD_", "PYTHON", "AUGURY_")
"""With RESERVED, the keys that are the platform's to set: a worker may not even start with another value."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One of an account's variables. Times are microseconds since the epoch."""

    account_id: AccountId
    name: str
    key: str
    """What it is called in the environment."""
    value: str = field(repr=False)
    """Sealed where it comes from the store."""
    secret: bool
    created_at: int
    updated_at: int | None = None


def is_name(text: str) -> bool:
    """Whether a variable may be called so."""
    return _NAME.fullmatch(text) is not None


def is_key(text: str) -> bool:
    """Whether this can be the name of an environment variable."""
    return _KEY.fullmatch(text) is not None


def is_reserved(key: str) -> bool:
    """Whether only the platform sets this environment variable."""
    return key in RESERVED or key.startswith(RESERVED_BEGINNINGS)


def key_problem(key: str) -> str | None:
    """What is wrong with the name of an environment variable, as a sentence; None where it may be given to a model."""
    if not is_key(key):
        return f"A key is the name of an environment variable: {KEY_RULE}."
    if is_reserved(key):
        beginnings = ", ".join(f"{one}…" for one in RESERVED_BEGINNINGS)
        return f"{key} is the platform's to set, as are {', '.join(RESERVED)}, {beginnings}."
    return None


def value_problems(value: str) -> Iterator[tuple[str, str]]:
    """What is wrong with a value: the type of each problem, and a sentence in which the value is not shown."""
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        size = 0
        yield "string_unstorable", "value holds half a character."
    if "\0" in value:
        yield "string_unstorable", "value holds NUL, which no environment can have."
    if size > VALUE_LIMIT:
        yield "string_too_long", f"value has {size:,} bytes; {VALUE_LIMIT:,} are allowed."
