"""Who asks: an account, and the token it came with. What a token may be used for is its scopes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from augury.domain.errors import Forbidden
from augury.domain.ids import AccountId

Scope = Literal["read", "predict", "admin"]

EVERYTHING = "*"
"""How tokens from before there were scopes say that they have every one."""

SCOPES: Mapping[str, frozenset[Scope]] = {
    "read": frozenset(("read",)),
    "predict": frozenset(("read", "predict")),
    "admin": frozenset(("read", "predict", "admin")),
}
"""What each scope includes: each one all of the one before."""

ALL_SCOPES = SCOPES["admin"]


@dataclass(frozen=True, slots=True)
class Account:
    """A person or a program that owns models and predictions. Times are microseconds since the epoch."""

    id: AccountId
    name: str
    admin: bool
    created_at: int
    updated_at: int | None = None
    display_name: str | None = None
    bio: str | None = None
    urls: tuple[str, ...] | None = None
    company: str | None = None
    location: str | None = None
    avatar_url: str | None = None
    disabled_at: int | None = None
    """Since when none of its tokens is worth anything."""


@dataclass(frozen=True, slots=True)
class Caller:
    """An account as one request's token proves it."""

    account_id: AccountId
    name: str
    admin: bool
    """Whether it may do what admins may, which takes a token of theirs that has the scope admin."""
    token_id: str
    scopes: frozenset[Scope] = ALL_SCOPES
    """What the token may be used for, with all that this includes."""

    def demand(self, scope: Scope) -> None:
        """Raise Forbidden `scope_missing` where the token may not be used for this."""
        if scope not in self.scopes:
            raise Forbidden(
                f"This needs a token with the scope {scope}.",
                code="scope_missing",
                hint=f"This one has {_named(self.scopes)}. `augury tokens create NAME --scope {scope}` makes another.",
            )

    def demand_admin(self, what: str) -> None:
        """Raise Forbidden `admins_only` where this takes an admin, and the scope admin; `what` they may do alone."""
        if not self.admin:
            raise Forbidden(
                f"Only admins may {what}.",
                code="admins_only",
                hint="It takes an admin's token that has the scope admin.",
            )


def granted(scopes: Iterable[str]) -> frozenset[Scope]:
    """All that these scopes of a token include; a scope that is not known, as of a newer version, includes nothing."""
    return frozenset(one for name in known(scopes) for one in SCOPES[name])


def known(scopes: Iterable[str]) -> tuple[str, ...]:
    """The scopes of a token by their names of today."""
    named = ("admin" if name == EVERYTHING else name for name in scopes)
    return tuple(name for name in named if name in SCOPES)


def _named(scopes: frozenset[Scope]) -> str:
    return ", ".join(one for one in SCOPES if one in scopes) or "none"
