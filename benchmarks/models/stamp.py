# /// script
# dependencies = []
# ///
"""Takes its time, and says when it ended."""

import time


def predict(seconds: float) -> float:
    time.sleep(seconds)
    return time.time()
