"""NVIDIA's library, with two GPUs behind it: compiled from its own interface, for machines that have none."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

LIBRARY = """
#include <string.h>
int nvmlInit_v2(void) { return FAILS == 1 ? 9 : 0; }
int nvmlShutdown(void) { return 0; }
int nvmlDeviceGetCount_v2(unsigned *count) { *count = 2; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) { *device = (void *)(long)(index + 1); return 0; }
int nvmlDeviceGetName(void *device, char *name, unsigned size)
{ strncpy(name, (long)device == 1 ? "NVIDIA H100 80GB HBM3" : "NVIDIA L4", size); return FAILS == 2 ? 15 : 0; }
int nvmlDeviceGetUUID(void *device, char *uuid, unsigned size)
{ strncpy(uuid, (long)device == 1 ? "GPU-1" : "GPU-2", size); return 0; }
int nvmlDeviceGetMemoryInfo(void *device, unsigned long long *memory)
{ memory[0] = (long)device == 1 ? 85899345920ULL : 24000000000ULL; memory[1] = memory[2] = 0; return 0; }
"""


def compiled(folder: Path, fails: int = 0) -> Path:
    """The library; `fails`: 1 where there is no driver, 2 where it cannot say what its GPUs are called."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler to build a library with")
    source, library = folder / "nvml.c", folder / "libnvidia-ml.so.1"
    source.write_text(LIBRARY)
    subprocess.run([compiler, "-shared", "-fPIC", f"-DFAILS={fails}", "-o", library, source], check=True)
    return library
