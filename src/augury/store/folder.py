"""One server process owns a data folder: a lock file says whose it is.

The lock is the kernel's and dies with its process; what the file says is for people. Knows nothing of what is kept
there.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path


class DataFolderInUse(Exception):
    """Another process owns the folder; the message names it."""


@contextmanager
def lock_data_folder(folder: Path, *, address: str) -> Generator[None]:
    """Own an existing folder until the context is left; `address` is where this server is reached.

    Raises DataFolderInUse.
    """
    path = folder / "lock"
    # The file stays: to remove it would let two processes lock two files of one name.
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataFolderInUse(f"{folder} is in use by {_owner(path)}.") from None
        owner = {"pid": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds"), "address": address}
        os.ftruncate(file, 0)
        os.pwrite(file, json.dumps(owner).encode(), 0)
        yield
    finally:
        os.close(file)


def _owner(path: Path) -> str:
    try:
        owner = json.loads(path.read_text())
        return f"process {owner['pid']} at {owner['address']}, since {owner['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process that is just starting"
