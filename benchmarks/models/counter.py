# /// script
# dependencies = []
# ///
"""Yields small items as fast as it is let."""

from collections.abc import Iterator


def predict(items: int) -> Iterator[str]:
    for number in range(items):
        yield f"item {number}"
