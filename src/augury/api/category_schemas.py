"""The shapes of bodies around categories."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from augury.api.schemas import Category, Line

SlugPath = Annotated[str, Path(description="The slug of the category.", examples=["text-to-image"])]
Description = Annotated[str, Field(json_schema_extra={"maxLength": 2000})]


class ModelCategory(Category):
    """A category that models can be in."""

    description: str


class NewCategory(BaseModel):
    """A category to make; `name` is all it needs."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Text to image"}})

    name: Line
    slug: str | None = Field(None, description="What models name it by; made of the name where it is left out.")
    description: Description = ""


class CategoryChange(BaseModel):
    """What to change about a category; fields that are left out stay as they are, and its slug always does."""

    model_config = ConfigDict(json_schema_extra={"example": {"description": "Pictures out of words."}})

    name: Line = ""
    description: Description = ""
