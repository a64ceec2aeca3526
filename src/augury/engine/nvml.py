"""The GPUs of this machine, by NVIDIA's own library where it is installed with the driver.

Seven calls of its C interface: a package for them would have to be there on every machine that has no GPU, too.
"""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Iterator

from augury.domain.hardware import Gpu

log = logging.getLogger(__name__)

LIBRARY = "libnvidia-ml.so.1"

_TEXT = 96
"""Bytes of the longest name and id, as its header says."""


class _Memory(ctypes.Structure):
    _fields_ = (("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong))


class _Failed(Exception):
    pass


def gpus(library: str = LIBRARY) -> tuple[Gpu, ...]:
    """Every GPU that the driver shows to this process; none where there is no library or no working driver."""
    try:
        nvml = ctypes.CDLL(library)
        _call(nvml, "nvmlInit_v2")
    except (OSError, AttributeError, _Failed) as error:
        log.debug("no GPUs are looked for", extra={"reason": str(error)})
        return ()
    try:
        return tuple(_each(nvml))
    except (AttributeError, _Failed) as error:
        log.warning("the GPUs of this machine cannot be listed", extra={"reason": str(error)})
        return ()
    finally:
        nvml.nvmlShutdown()


def _each(nvml: ctypes.CDLL) -> Iterator[Gpu]:
    count = ctypes.c_uint()
    _call(nvml, "nvmlDeviceGetCount_v2", ctypes.byref(count))
    for index in range(count.value):
        device, memory = ctypes.c_void_p(), _Memory()
        name, uuid = ctypes.create_string_buffer(_TEXT), ctypes.create_string_buffer(_TEXT)
        _call(nvml, "nvmlDeviceGetHandleByIndex_v2", ctypes.c_uint(index), ctypes.byref(device))
        _call(nvml, "nvmlDeviceGetName", device, name, ctypes.c_uint(_TEXT))
        _call(nvml, "nvmlDeviceGetUUID", device, uuid, ctypes.c_uint(_TEXT))
        _call(nvml, "nvmlDeviceGetMemoryInfo", device, ctypes.byref(memory))
        yield Gpu(uuid.value.decode(), name.value.decode(errors="replace"), memory.total)


def _call(nvml: ctypes.CDLL, name: str, *arguments: object) -> None:
    code = getattr(nvml, name)(*arguments)
    if code != 0:
        raise _Failed(f"{name} answered {code}")
