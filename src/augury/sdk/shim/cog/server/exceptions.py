"""The names that models import from `cog.server.exceptions`."""

from augury.sdk.cog import CancelationException

__all__ = ["CancelationException"]
