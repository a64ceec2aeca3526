"""The shapes of variables as requests and responses have them."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from augury.domain.variable import KEY_RULE, NAME_RULE, VALUE_LIMIT

VariablePath = Annotated[str, Path(description="The name of the variable.", examples=["hub-token"])]
# Patterns and lengths are described here and checked by the service, who knows them.
_Key = Annotated[
    str,
    Field(
        description=f"What it is called in the environment of workers: {KEY_RULE}.",
        examples=["HUB_TOKEN"],
        json_schema_extra={"maxLength": 255},
    ),
]
_Value = Annotated[
    str, Field(description=f"Up to {VALUE_LIMIT:,} bytes.", json_schema_extra={"maxLength": VALUE_LIMIT})
]


class Variable(BaseModel):
    """What workers of the versions that name it have in their environment."""

    name: str = Field(description="By which versions name it.", examples=["hub-token"])
    key: str = Field(description="What it is called in the environment.", examples=["HUB_TOKEN"])
    value: str = Field(description="Empty where it is secret.")
    secret: bool
    created_at: str
    updated_at: str | None


class NewVariable(BaseModel):
    """A variable to make."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"name": "hub-token", "key": "HUB_TOKEN", "value": "…", "secret": True}}
    )

    name: str = Field(description=f"{NAME_RULE[0].upper()}{NAME_RULE[1:]}.", json_schema_extra={"maxLength": 64})
    key: _Key
    value: _Value
    secret: bool = Field(description="Whether its value is never shown again, and masked in what models write.")


class VariableChange(BaseModel):
    """What to change about a variable; a field that is left out stays as it is."""

    model_config = ConfigDict(json_schema_extra={"example": {"value": "…"}})

    key: _Key = ""
    value: _Value = ""
