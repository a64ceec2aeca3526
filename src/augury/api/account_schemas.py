"""The shapes of bodies around accounts: users as admins see and change them, and tokens."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field

from augury.api.schemas import BaseUser, Line, Text, Url, User, UserChange

Scope = Literal["read", "predict", "admin"]
UserPath = Annotated[str, Path(description="The name of the user.", examples=["ada"])]
TokenIdPath = Annotated[str, Path(description="The id of the token, as the list shows it.")]
View = Annotated[
    Literal["public", "admin"],
    Query(description="With `admin`, what admins know of an account is shown, too, to admins."),
]


class UserSummary(BaseUser):
    """An account as lists show it."""

    display_name: str | None
    bio: str | None
    location: str | None
    company: str | None
    created_at: str
    updated_at: str | None


class AdministeredUser(User):
    """An account as admins see it."""

    admin: bool = Field(description="Whether it may do everything.")
    disabled_at: str | None = Field(description="Since when its tokens are refused.")


class NewUser(BaseModel):
    """An account to make; `name` is all it needs. It has no token yet: POST /v1/tokens makes one."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "ada", "display_name": "Ada Lovelace"}})

    name: str = Field(description="Letters, digits and `._-`, up to 64 of them; kept in lower case.", examples=["ada"])
    admin: bool = Field(False, description="Whether it may do everything.")
    display_name: Line | None = None
    bio: Text | None = None
    urls: list[Url] | None = None
    company: Line | None = None
    location: Line | None = None


class UserAdministration(UserChange):
    """What to change about an account; fields that are left out stay as they are."""

    model_config = ConfigDict(json_schema_extra={"example": {"disabled": True}})

    admin: bool = Field(False, description="Whether it may do everything.")
    disabled: bool = Field(False, description="Whether its tokens are refused. What it owns stays as it is.")


class NewToken(BaseModel):
    """A token to make."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "laptop", "scopes": ["predict"]}})

    name: str = Field(description="What it is for.", json_schema_extra={"minLength": 1, "maxLength": 255})
    scopes: list[str] = Field(
        ["admin"],
        description="read: everything that only reads. predict: predictions and their files, too. admin: everything.",
        json_schema_extra={"items": {"enum": ["read", "predict", "admin"]}, "minItems": 1},
    )
    expires_at: str | None = Field(
        None,
        description="Until when it is valid, with a time zone; null for ever.",
        examples=["2030-01-31T12:00:00Z"],
        json_schema_extra={"format": "date-time"},
    )
    account: str | None = Field(None, description="Whose, for admins; yours where left out.")


class Token(BaseModel):
    """A token without its text, which nobody knows but who has it."""

    id: str
    name: str
    scopes: list[Scope]
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    last_used_at: str | None = Field(description="Within about a minute.")


class MadeToken(Token):
    """A new token."""

    token: str | None = Field(
        description="Its text, shown this once; null where an idempotency key is used again.", examples=["aug_…"]
    )
