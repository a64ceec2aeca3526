# /// script
# dependencies = []
# [tool.augury]
# concurrency = 100
# ///
"""Yields the time, so many times a second."""

import asyncio
import time
from collections.abc import AsyncIterator


async def predict(rate: float, seconds: float) -> AsyncIterator[float]:
    began = time.monotonic()
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
        yield time.time()
