"""The request headers of ours and of the contract, read: Prefer, Validate-Input, Cancel-After, Idempotency-Key.

Values are bytes as ASGI gives them. Prefer is advice, so what cannot be read in it is ignored (RFC 7240); the others
change what happens, so what cannot be read in them is refused.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote

from augury.domain.account import Caller
from augury.domain.errors import InvalidRequest
from augury.domain.jsontext import JsonObject
from augury.service.once import Idempotency

Headers = Iterable[bytes]

FILE_NAME = "Augury-File-Name"

PREFER_IDLE: JsonObject = {
    "name": "Prefer",
    "in": "header",
    "required": False,
    "description": "`wait=<seconds>`: end the stream when nothing has come for so long.",
    "schema": {"type": "string"},
}

MAX_CANCEL_AFTER = 365 * 86_400.0
_PREFERENCE = re.compile(r"""\s*wait\s*(?:=\s*(?:"([^"]*)"|([^\s;]*))\s*)?(?:;.*)?\Z""", re.IGNORECASE)
_SECONDS = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,3})?\Z", re.IGNORECASE)
_KEY = re.compile(rb"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?\Z")
_WORDS = {b"true": True, b"1": True, b"false": False, b"0": False}


def wait_seconds(prefer: Headers, default: float, maximum: float) -> float | None:
    """The hold that Prefer headers ask for in seconds, at most `maximum`; None where none is asked for."""
    for header in prefer:
        for preference in header.decode("latin-1").split(","):
            if (match := _PREFERENCE.match(preference)) is None:
                continue
            value = match[1] or match[2]
            if not value:
                return min(default, maximum)
            # RFC 7240: the first of several counts, and an unreadable one is as if it were not there.
            return min(float(value), maximum) if _SECONDS.match(value) else None
    return None


def validate_input(value: bytes | None) -> bool:
    """Whether the input is to be checked before anything is stored; raises InvalidRequest."""
    if value is None:
        return False
    wanted = _WORDS.get(value.strip().lower())
    if wanted is None:
        raise _refused("Validate-Input", value, "Input should be true or false", "bool_parsing")
    return wanted


def cancel_after(value: bytes | None) -> float | None:
    """The limit of a prediction's whole life in seconds; raises InvalidRequest."""
    if value is None:
        return None
    text = value.strip().decode("latin-1")
    if not _SECONDS.match(text):
        raise _refused("Cancel-After", value, "Input should be a number of seconds", "float_parsing")
    seconds = float(text)
    if not 0 < seconds <= MAX_CANCEL_AFTER:
        msg = f"Input should be greater than 0 and at most {MAX_CANCEL_AFTER:.0f} seconds"
        raise _refused("Cancel-After", value, msg, "out_of_range")
    return seconds


def idempotency_key(value: bytes | None) -> str | None:
    """The key under which a creation is remembered; raises InvalidRequest."""
    if value is None:
        return None
    if not _KEY.match(value):
        msg = "Input should be 1 to 255 printable ASCII characters"
        raise _refused("Idempotency-Key", value[:300], msg, "string_pattern_mismatch")
    return value.decode("ascii")


def once(caller: Caller, headers: Mapping[str, str], raw: bytes) -> Idempotency | None:
    """What makes a creation other than a prediction's happen once, if its caller wants that; raises InvalidRequest."""
    given = headers.get("idempotency-key")
    key = idempotency_key(None if given is None else given.encode("latin-1"))
    return None if key is None else Idempotency(caller.token_id, key, hashlib.sha256(raw).hexdigest())


def file_name(value: str | None) -> str | None:
    """What a file that is uploaded is called, for clients that have no field for it: percent-encoded UTF-8."""
    return None if value is None else unquote(value)


def _refused(header: str, value: bytes, msg: str, type: str) -> InvalidRequest:
    return InvalidRequest.at("header", header, msg=msg, type=type, input=value.decode("latin-1"))
