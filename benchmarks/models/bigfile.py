# /// script
# dependencies = []
# ///
"""Puts out a file of any size, and takes one."""

from augury import File, scratch


def predict(size: int = 0, file: File | None = None) -> File:
    path = scratch() / "out.bin"
    block = bytes(1 << 20)
    with open(path, "wb") as out:
        left = size
        while left > 0:
            left -= out.write(block[: min(left, len(block))])
    return File(path)
