"""What this machine has for workers: CPUs and memory as far as this process may use them, and GPUs.

A container that limits a process is seen by its control group (version 2). Knows nothing about who uses what.
"""

from __future__ import annotations

import os
from pathlib import Path

from augury.domain.hardware import Machine
from augury.engine import nvml

CGROUP = Path("/sys/fs/cgroup")
PROC = Path("/proc")


def detect(*, cgroup: Path = CGROUP, proc: Path = PROC, library: str = nvml.LIBRARY) -> Machine:
    """Look at this machine."""
    groups = _groups(cgroup, proc)
    return Machine(_cpus(groups), _memory(groups, proc), nvml.gpus(library))


def _groups(cgroup: Path, proc: Path) -> list[Path]:
    """The folder of this process's control group and of all that it is in: each may limit it."""
    path = _read(proc / "self" / "cgroup").removeprefix("0::").strip("/")
    own = cgroup / path if path and ":" not in path and ".." not in path else cgroup
    return [one for one in (own, *own.parents) if one.is_relative_to(cgroup)]


def _cpus(groups: list[Path]) -> int:
    allowed = len(os.sched_getaffinity(0))
    for group in groups:
        quota, _, period = _read(group / "cpu.max").partition(" ")
        if quota.isdigit() and period.isdigit() and int(period) > 0:
            allowed = min(allowed, max(1, int(quota) // int(period)))
    return allowed


def _memory(groups: list[Path], proc: Path) -> int:
    total = next((line for line in _read(proc / "meminfo").splitlines() if line.startswith("MemTotal:")), "")
    found = [int(word) * 1024 for word in total.split()[1:2]]
    limits = (_read(group / "memory.max") for group in groups)
    found += [int(limit) for limit in limits if limit.isdigit()]
    return min(found, default=0)


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
