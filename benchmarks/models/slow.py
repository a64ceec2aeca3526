# /// script
# dependencies = []
# ///
"""A model that takes its time, for holds that stay open."""

import time


def predict(seconds: float) -> float:
    """Sleep."""
    time.sleep(seconds)
    return seconds
