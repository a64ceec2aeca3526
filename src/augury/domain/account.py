"""Who asks: an account, and the token it came with."""

from __future__ import annotations

from dataclasses import dataclass

from augury.domain.ids import AccountId


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


@dataclass(frozen=True, slots=True)
class Caller:
    """An account as one request's token proves it."""

    account_id: AccountId
    name: str
    admin: bool
    token_id: str
