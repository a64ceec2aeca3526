"""What a machine has: as far as its control group lets this process, and as NVIDIA's library says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from augury.domain.hardware import Gpu
from augury.engine import nvml, resources
from tests.support.nvml import compiled

CPUS = len(os.sched_getaffinity(0))
KIB = 1024


def test_each_gpu_that_the_driver_shows_is_found_with_its_name_id_and_memory(tmp_path: Path) -> None:
    assert nvml.gpus(str(compiled(tmp_path))) == (
        Gpu("GPU-1", "NVIDIA H100 80GB HBM3", 85899345920),
        Gpu("GPU-2", "NVIDIA L4", 24_000_000_000),
    )


@pytest.mark.parametrize("fails", [1, 2])
def test_a_driver_that_does_not_work_is_no_reason_not_to_start(tmp_path: Path, fails: int) -> None:
    assert nvml.gpus(str(compiled(tmp_path, fails))) == ()


def test_a_machine_without_the_library_has_no_gpus() -> None:
    assert nvml.gpus("libnvidia-ml-that-is-not-there.so.1") == ()


def test_a_library_that_is_something_else_has_no_gpus(tmp_path: Path) -> None:
    other = tmp_path / "libnvidia-ml.so.1"
    other.write_text("not a library")
    assert nvml.gpus(str(other)) == ()


def machine(folder: Path, group: str, **limits: str) -> tuple[int, int]:
    proc, cgroup = folder / "proc", folder / "cgroup"
    (proc / "self").mkdir(parents=True)
    (proc / "self" / "cgroup").write_text(f"0::{group}\n")
    (proc / "meminfo").write_text("MemTotal:       16384000 kB\nMemFree:        1 kB\n")
    for name, text in limits.items():
        path = cgroup / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    found = resources.detect(cgroup=cgroup, proc=proc, library="none.so")
    return found.cpus, found.ram


def test_without_limits_a_machine_has_what_the_process_may_use(tmp_path: Path) -> None:
    assert machine(tmp_path, "/") == (CPUS, 16384000 * KIB)


def test_limits_of_a_container_count(tmp_path: Path) -> None:
    assert machine(tmp_path, "/", cpu_max="100000 100000", memory_max="1048576") == (1, 1048576)


def test_limits_of_every_group_around_it_count(tmp_path: Path) -> None:
    found = machine(tmp_path, "/a/b", a__b__memory_max="max", a__memory_max="2097152", cpu_max="max 100000")
    assert found == (CPUS, 2097152)


def test_this_machine_is_found_as_it_is() -> None:
    found = resources.detect()
    assert 1 <= found.cpus <= CPUS
    assert found.ram > 0
