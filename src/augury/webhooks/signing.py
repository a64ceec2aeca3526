"""The headers that let a receiver know that a request comes from here, and which one it is.

Two schemes over the same raw bytes: WriftAI's (`wriftai-webhook-signature`) and that of Standard Webhooks
(`webhook-signature`). Both are only there where a secret was given. `docs/webhooks.md` has the recipe and test vectors.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence

from augury.domain.delivery import SECRET_PREFIX

Header = tuple[bytes, bytes]


def headers(delivery_id: str, timestamp: int, body: bytes, secret: str | None) -> Sequence[Header]:
    """The headers for a body; `timestamp` is the Unix time in seconds, and the same in both schemes."""
    at = str(timestamp).encode()
    always = [(b"webhook-id", delivery_id.encode()), (b"webhook-timestamp", at)]
    if secret is None:
        return always
    simple = hmac.digest(secret.encode(), at + b"." + body, "sha256").hex()
    standard = base64.b64encode(hmac.digest(_key(secret), delivery_id.encode() + b"." + at + b"." + body, "sha256"))
    return [
        *always,
        # Without spaces, which the official client does not take away.
        (b"wriftai-webhook-signature", b"t=" + at + b",v1=" + simple.encode()),
        (b"webhook-signature", b"v1," + standard),
    ]


def _key(secret: str) -> bytes:
    if secret.startswith(SECRET_PREFIX):
        return base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    return secret.encode()
