"""Creating once: a repeated create with the same idempotency key is answered with what the first one made (D5, D93).

Called inside the creating transaction, which is undone where it is a repetition. Knows nothing about what is created.
"""

from __future__ import annotations

from dataclasses import dataclass

from augury.domain.errors import InvalidRequest
from augury.store import idempotency
from augury.store.connection import Connection


@dataclass(frozen=True, slots=True)
class Idempotency:
    """A key as a caller sent it, and the hexadecimal SHA-256 of the request's body."""

    token_id: str
    key: str
    body_hash: str


class Repeated(Exception):
    """The key was used before for the same request; `resource` is what that made."""

    def __init__(self, resource: str) -> None:
        super().__init__(resource)
        self.resource = resource


def first_time(c: Connection, once: Idempotency | None, kind: str, resource: str, now: int) -> None:
    """Remember what is being made; raises Repeated for the same request, InvalidRequest for another one."""
    if once is None:
        return
    earlier = idempotency.remember(c, once.token_id, once.key, once.body_hash, kind, resource, now)
    if earlier is None:
        return
    if earlier.body_hash != once.body_hash or earlier.kind != kind:
        raise InvalidRequest.at(
            "header",
            "Idempotency-Key",
            msg="This key was used for another request; use a new key for a new request.",
            type="idempotency_key_reused",
            input=once.key,
        )
    raise Repeated(earlier.resource)
