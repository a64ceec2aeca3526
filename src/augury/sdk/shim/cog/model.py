"""The names that models import from `cog.model`."""

from augury.sdk.cog import BaseModel

__all__ = ["BaseModel"]
