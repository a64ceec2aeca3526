"""OpenAI's HTTP API on the same services, for its clients."""

from augury.compat.openai.front import front

__all__ = ["front"]
