"""Replicate's HTTP API on the same services, for its clients."""

from augury.compat.replicate.front import front
from augury.compat.replicate.webhooks import FORM, body

__all__ = ["FORM", "body", "front"]
