# /// script
# dependencies = []
# [tool.augury]
# idle_timeout = "1h"
# ///
"""The echo again, by the name that makes it a model to chat with."""


def predict(prompt: str) -> str:
    """Give the prompt back."""
    return prompt
