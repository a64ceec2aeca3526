"""The shapes of bodies around the web app's sessions."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from augury.api.account_schemas import Scope
from augury.api.schemas import User


class Session(BaseModel):
    """Who you are, as the cookie or the token of the request says."""

    user: User | None = Field(description="Your account; null where you are not signed in.")
    admin: bool = Field(description="Whether you may do everything.")
    scopes: list[Scope] = Field(description="What you may do, all that each scope includes among it.")
    expires_at: str | None = Field(description="Until when you are signed in; null for ever, and for nobody.")


class NewSession(BaseModel):
    """What to sign in with: one of the two."""

    model_config = ConfigDict(json_schema_extra={"example": {"code": "augc_…"}})

    code: str | None = Field(None, description="The code of a link, what is behind `#code=`; it is good once.")
    token: str | None = Field(None, description="A token.")


class SessionLink(BaseModel):
    """A link that signs a browser in as you, once."""

    url: str
    expires_at: str = Field(description="Until when it is good.")
