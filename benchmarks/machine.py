"""What a figure was measured on, printed with each table."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("augury", "fastapi", "starlette", "uvicorn", "uvloop", "sqlalchemy", "orjson", "jsonschema-rs", "litserve")


def describe() -> str:
    """Machine, versions and date in two lines."""
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    date = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    versions = ", ".join(f"{name} {_version(name)}" for name in PACKAGES)
    return (
        f"{date}; {cores} x {_processor()}, {memory:.0f} GiB, {platform.system()} {platform.release()}, "
        f"CPython {platform.python_version()}\n{versions}"
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
