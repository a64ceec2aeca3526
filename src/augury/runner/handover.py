"""Output files of one run on their way to the engine: each put beside the messages, and stood for by a token.

    File -> a file in the folder that both ends share -> a token in the output, and what it stands for in the message

What predict() has returned is linked, not copied. What it yields is copied, as it may write there again; so is what
lies outside of its scratch folder. Nothing is held in memory. Standard library only; loaded with the first output file.
"""

from __future__ import annotations

import contextlib
import os
import threading
from typing import IO, Any, Dict, List

from augury.protocol import FILE_MARK
from augury.sdk.fields import File
from augury.sdk.storing import storing

_COPY = 1 << 26


class Handover:
    """Of one run; from any thread."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._untold: List[Dict[str, Any]] = []
        self._lock = threading.Lock()

    def take(self, file: File, scratch: str, returned: bool) -> str:
        """Put a file aside; the token that stands for it.

        Raises OSError where it is none or cannot be read, and NotStored where there is no room.
        """
        path = os.path.realpath(file)
        if not os.path.isfile(path):
            raise OSError("is no file that the run has written")
        mark = os.urandom(16).hex()
        name = f"file-{mark}"
        place = os.path.join(self._folder, name)
        inside = path.startswith(os.path.join(os.path.realpath(scratch), ""))
        if not (returned and inside and _linked(path, place)):
            copy(path, place, file.name)
        told = {"token": FILE_MARK + mark, "file": name, "name": file.name, "type": file.content_type}
        with self._lock:
            self._untold.append(told)
        return FILE_MARK + mark

    def untold(self) -> List[Dict[str, Any]]:
        """What the next message has to tell of."""
        with self._lock:
            told, self._untold = self._untold, []
        return told

    def drop(self) -> None:
        """Remove what no message told of: the run did not end with it."""
        for one in self.untold():
            with contextlib.suppress(OSError):
                os.unlink(os.path.join(self._folder, one["file"]))


def _linked(path: str, place: str) -> bool:
    try:
        os.link(path, place)
    except OSError:  # another disk, or a kind of disk that has no links
        return False
    return True


def copy(path: str, place: str, name: str) -> None:
    """Copy a file to a place where nothing is yet.

    Raises OSError where it cannot be opened, and NotStored with its name where it cannot be copied; then nothing is
    there.
    """
    with open(path, "rb") as source:
        try:
            with storing(name), open(place, "xb") as target:
                _copy(source, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(place)
            raise


def _copy(source: IO[bytes], target: IO[bytes]) -> None:
    if _in_kernel(source.fileno(), target.fileno()):
        return
    import shutil

    source.seek(0)
    shutil.copyfileobj(source, target, 1 << 20)


def _in_kernel(source: int, target: int) -> bool:
    """Copy without the bytes passing through here; False where nothing was copied because that cannot be done."""
    range_copy = getattr(os, "copy_file_range", None)
    if range_copy is None:
        return False
    begun = False
    while True:
        try:
            count = range_copy(source, target, _COPY)
        except OSError:
            if begun:
                raise
            return False
        if count == 0:
            # Some kinds of files give nothing this way although there is something.
            return begun or os.fstat(source).st_size == 0
        begun = True
