# /// script
# dependencies = []
# [tool.augury]
# idle_timeout = "1h"
# ///
"""The shortest model there is: what it costs is what the platform costs."""


def predict(text: str) -> str:
    """Give the text back."""
    return text
