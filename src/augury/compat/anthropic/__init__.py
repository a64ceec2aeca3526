"""Anthropic's HTTP API on the same services, for its clients."""

from augury.compat.anthropic.front import front

__all__ = ["front"]
