"""The names that models import from `cog.input`."""

from augury.sdk.cog import FieldInfo, Input

__all__ = ["FieldInfo", "Input"]
