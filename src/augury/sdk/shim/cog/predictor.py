"""The names that models import from `cog.predictor`."""

from augury.sdk.cog import BasePredictor, BaseRunner

__all__ = ["BasePredictor", "BaseRunner"]
