"""Replicate's HTTP API on the same services, for its clients."""

from augury.compat.replicate.front import front

__all__ = ["front"]
