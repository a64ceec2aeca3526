"""Texts that are kept so that the database alone does not give them away: sealed with AES-256-GCM.

    text, and the context that it belongs to -> "sealed:1:<key id>:<nonce, text, tag>" -> opened in that context alone

Sealed with the newest key; what an older one sealed is opened, and `is_current` tells the two apart. A sealed text says
nothing of what is in it, its length but roughly. Knows nothing about where texts are kept.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from augury.service.keyring import Keyring

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MARK = "sealed:1:"
_NONCE = 12
_BLOCK = 64
"""Lengths are rounded up to this many bytes."""


class SealBroken(Exception):
    """A sealed text cannot be opened: its key is not among the secret keys, or it was changed or moved."""


@dataclass(frozen=True)
class Vault:
    """Seals and opens. Use from any thread."""

    keyring: Keyring
    _keys: dict[str, bytes] = field(init=False, repr=False)
    """By their ids, newest first."""

    def __post_init__(self) -> None:
        derived = self.keyring.derive("vault")
        object.__setattr__(self, "_keys", {_key_id(key): key for key in derived})

    @property
    def beginning(self) -> str:
        """What everything begins with that the newest key has sealed."""
        return f"{MARK}{next(iter(self._keys))}:"

    def seal(self, text: str, context: str) -> str:
        """Seal a text; `context` says whose it is and what for, and only by the same one it is opened again."""
        key_id, key = next(iter(self._keys.items()))
        nonce = os.urandom(_NONCE)
        sealed = _cipher(key).encrypt(nonce, _padded(text.encode("utf-8", "surrogatepass")), context.encode())
        return f"{MARK}{key_id}:{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, context: str) -> str:
        """The text that was sealed; raises SealBroken."""
        key_id, _, body = sealed.removeprefix(MARK).partition(":")
        key = self._keys.get(key_id)
        if not sealed.startswith(MARK) or key is None:
            raise SealBroken("It was sealed with a key that is not among the secret keys of this server.")
        from cryptography.exceptions import InvalidTag

        try:
            raw = base64.urlsafe_b64decode(body)
            text = _cipher(key).decrypt(raw[:_NONCE], raw[_NONCE:], context.encode())
        except (InvalidTag, binascii.Error, ValueError):
            raise SealBroken("What was sealed was changed, or stands where it does not belong.") from None
        return _unpadded(text).decode("utf-8", "surrogatepass")

    def is_current(self, sealed: str) -> bool:
        """Whether the newest key has sealed it."""
        return sealed.startswith(self.beginning)

    def fingerprint(self, text: str) -> str:
        """64 hexadecimal digits, the same for the same text; without the key nobody can find the text by trying."""
        return hmac.digest(next(iter(self._keys.values())), b"fingerprint:" + text.encode(), "sha256").hex()


def input_context(prediction_id: str) -> str:
    """The context of the secrets in a prediction's input."""
    return f"input:{prediction_id}"


def webhook_context(prediction_id: str) -> str:
    """The context of the secret of a prediction's webhook."""
    return f"webhook:{prediction_id}"


def variable_context(account_id: str, name: str) -> str:
    """The context of the value of a variable."""
    return f"variable:{account_id}:{name}"


def is_sealed(text: str) -> bool:
    """Whether a text has the form of a sealed one."""
    return text.startswith(MARK)


def _key_id(key: bytes) -> str:
    return hmac.digest(key, b"id", "sha256").hex()[:8]


@cache
def _cipher(key: bytes) -> AESGCM:
    # Loaded when something is sealed for the first time: it takes a twentieth of a second, which no start should wait.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)


def _padded(raw: bytes) -> bytes:
    return raw + b"\x80" + bytes(-(len(raw) + 1) % _BLOCK)


def _unpadded(raw: bytes) -> bytes:
    return raw.rstrip(b"\0")[:-1]
