"""OpenAI's responses: calls that can be continued, left alone and looked at later, as every prediction can."""

from augury.compat.openai.responses.endpoint import places

__all__ = ["places"]
