"""Sizes and durations as people write them, read and shown: "32MiB", "1h30m".

For settings and for what a model's author writes. Knows nothing about what is measured.
"""

from __future__ import annotations

import re
from typing import Any

_BYTE_UNITS = {
    **{"": 1, "b": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40},
    **{"kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40},
    **{"kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12},
}
_SECOND_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


def parse_bytes(value: Any) -> Any:
    """Bytes from a number or text such as "32MiB", "1.5 GB"; leaves what is no text as it is."""
    if isinstance(value, bool):
        raise ValueError("should be a size, not a yes or no")
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*", value)
    factor = _BYTE_UNITS.get(match[2].lower()) if match else None
    if match is None or factor is None:
        raise ValueError("should be a size: a number of bytes, or one with KiB, MiB, GiB (or kB, MB, GB)")
    return round(float(match[1]) * factor)


def parse_seconds(value: Any) -> Any:
    """Seconds from a number or text such as "500ms", "5m", "1h30m"; leaves what is no text as it is."""
    if isinstance(value, bool):
        raise ValueError("should be a duration, not a yes or no")
    if not isinstance(value, str):
        return value
    text = re.sub(r"\s+", "", value)
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    if not re.fullmatch(r"(\d+(\.\d+)?(ms|s|m|h|d))+", text):
        raise ValueError(
            "should be a duration: a number of seconds, or one with ms, s, m, h, d, such as 90, 5m or 1h30m"
        )
    return sum(float(number) * _SECOND_UNITS[unit] for number, unit in re.findall(r"([\d.]+)(ms|s|m|h|d)", text))


def show_bytes(value: int) -> str:
    """Text that parse_bytes reads as exactly this value."""
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if value >= size and value % size == 0:
            return f"{value // size}{unit}"
    return str(value)


def show_seconds(value: float) -> str:
    """Text in the biggest unit of which this value is a whole number, as parse_seconds reads it."""
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if value > size and value % size == 0:
            return f"{value / size:.15g}{unit}"
    return f"{value:.15g}s"
