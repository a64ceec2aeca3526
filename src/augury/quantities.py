"""Sizes, durations, rates and shares of a machine as people write them, read and shown: "32MiB", "1h30m", "read=3/s".

For settings and for what a model's author writes. Knows nothing about what is measured.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Rate:
    """So many of something in so many seconds, and how many at once; shown as it is written."""

    name: str
    count: int
    seconds: float
    burst: int

    @property
    def interval(self) -> float:
        """Seconds for one."""
        return self.seconds / self.count

    def __str__(self) -> str:
        unit = next(unit for unit in "smhd" if _SECOND_UNITS[unit] == self.seconds)
        burst = "" if self.burst == self.count else f" burst {self.burst}"
        return f"{self.name}={self.count}/{unit}{burst}"


def parse_rates(value: Any, names: tuple[str, ...]) -> Any:
    """Rates from text such as "read=3/s burst 10, write=100/m"; leaves what is no text as it is."""
    return tuple(_rates(value, names)) if isinstance(value, str) else value


def _rates(text: str, names: tuple[str, ...]) -> Iterator[Rate]:
    seen: set[str] = set()
    for part in filter(None, (one.strip() for one in text.split(","))):
        match = re.fullmatch(r"(\w+)\s*=\s*(\d{1,9})\s*/\s*([smhd])(?:\s+burst\s+(\d{1,9}))?", part)
        if match is None or int(match[2]) == 0 or match[4] == "0":
            raise ValueError(f"{part!r} should be a rate such as read=3/s, or read=3/s burst 10; units are s, m, h, d")
        if match[1] not in names:
            raise ValueError(f"{match[1]!r} should be one of {', '.join(names)}")
        if match[1] in seen:
            raise ValueError(f"{match[1]!r} is there twice")
        seen.add(match[1])
        count = int(match[2])
        yield Rate(match[1], count, float(_SECOND_UNITS[match[3]]), int(match[4] or count))


@dataclass(frozen=True)
class Share:
    """A named part of a machine: CPUs, bytes of memory, GPUs and their kind; shown as it is written."""

    identifier: str
    cpus: int = 0
    ram: int = 0
    gpus: int = 0
    gpu: str | None = None
    """The identifier of a kind of GPU; None: any one kind."""

    def __str__(self) -> str:
        shown = {
            "cpus": self.cpus or None,
            "ram": show_bytes(self.ram) if self.ram else None,
            "gpus": self.gpus or None,
            "gpu": self.gpu,
        }
        return f"{self.identifier}: " + " ".join(f"{name}={one}" for name, one in shown.items() if one is not None)


def parse_share(text: str) -> Share:
    """A share from text such as "cpu-small: cpus=1 ram=2GiB"."""
    identifier, colon, rest = text.partition(":")
    identifier = identifier.strip()
    if not colon or not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", identifier):
        raise ValueError(f"{text!r} should be a name in lower case and what it has, such as cpu-small: cpus=1 ram=2GiB")
    given: dict[str, Any] = {}
    for part in rest.split():
        name, _, value = part.partition("=")
        if name in given or name not in ("cpus", "ram", "gpus", "gpu") or not value:
            raise ValueError(f"{part!r} in {text!r} should be one of cpus=N, ram=SIZE, gpus=N, gpu=KIND, each once")
        if name in ("cpus", "gpus") and not re.fullmatch(r"\d{1,6}", value):
            raise ValueError(f"{part!r} in {text!r} should be a whole number")
        given[name] = int(value) if name in ("cpus", "gpus") else parse_bytes(value) if name == "ram" else value
    share = Share(identifier, **given)
    if share.gpu is not None and share.gpus == 0:
        share = Share(identifier, share.cpus, share.ram, 1, share.gpu)
    if not (share.cpus or share.ram or share.gpus):
        raise ValueError(f"{text!r} should have at least one of cpus, ram and gpus")
    return share
