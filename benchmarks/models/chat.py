# /// script
# dependencies = []
# [tool.augury]
# idle_timeout = "1h"
# ///
"""The shortest model that chats: the echo, and a counter."""

from augury import TextStream


def predict(prompt: str) -> TextStream:
    """Give the prompt back; `items 5` is five pieces."""
    if not prompt.startswith("items "):
        yield prompt
        return
    for number in range(int(prompt[6:])):
        yield f"item {number} "
