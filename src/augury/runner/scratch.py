"""The folders a worker writes in: one for setup, one for each run, gone with everything in it when the run ends.

A worker that runs one prediction at a time works *in* the run's folder (working directory, TMPDIR, tempfile). Most runs
leave nothing there, so the same empty folder serves the next one; a run that left something takes its folder with it.
A worker that runs several at once makes a run's folder when the run asks for it, and changes nothing process-wide.
Knows nothing about predictions but their ids.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import time
from typing import Any, List, Optional

_COARSEST_NS = 4_000_000_000
"""No file system that is in use rounds its times more than this."""


class Scratch:
    """The folders of one worker inside `root`, which exists; `home` is the working directory outside runs.

    With `stays` it is the one of runs too: then only their temporary files are in their folders.
    """

    def __init__(self, root: str, home: str, stays: bool = False) -> None:
        self._root = os.path.realpath(root)
        self._home = home
        self._stays = stays
        self._made = 0
        self._ready: Optional[_Folder] = None
        self._setup = self._make("setup")

    def settle(self) -> None:
        """Make setup's folder the one for temporary files, and the model's own the working directory."""
        self._point(self._setup, self._home)

    def enter(self, prediction: str) -> None:
        """Begin a run that has the process to itself: an empty folder is TMPDIR now, and the working directory."""
        folder = self._ready
        if folder is None or not folder.is_empty():
            self._ready = folder = _Folder(self._make(prediction))
        try:
            self._point(folder.path, self._home if self._stays else folder.path)
        except OSError:  # The folder is there but its rights were changed: a touched one is not used again.
            self._ready = folder = _Folder(self._make(prediction))
            self._point(folder.path, self._home if self._stays else folder.path)

    def current(self) -> str:
        """The folder of the run that has the process to itself."""
        return self._setup if self._ready is None else self._ready.path

    def leave(self) -> None:
        """Remove what the run left; an untouched folder is kept for the next run."""
        folder = self._ready
        if folder is not None and not folder.is_empty():
            self._ready = None
            with contextlib.suppress(OSError):  # Whatever became of these folders, the next run gets a new one.
                self._point(self._setup, self._home)
            remove(folder.path)

    def separate(self, prediction: str) -> str:
        """A new folder for a run beside others; remove() it at the end."""
        return self._make(prediction)

    def _make(self, name: str) -> str:
        safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in name[:64])
        while True:
            self._made += 1
            folder = os.path.join(self._root, f"{safe}-{self._made}")
            try:
                os.makedirs(folder, mode=0o700)
            except FileExistsError:
                continue
            return folder

    def _point(self, temporary: str, working: str) -> None:
        os.chdir(working)
        if os.environ.get("TMPDIR") != temporary:
            os.environ["TMPDIR"] = temporary
        tempfile: Any = sys.modules.get("tempfile")
        if tempfile is not None:  # It remembers its folder; one that is imported later reads TMPDIR.
            tempfile.tempdir = temporary


class _Folder:
    """A folder that was empty when it was made."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._changed = os.stat(path).st_mtime_ns

    def is_empty(self) -> bool:
        """Whether nothing is in it.

        Looking costs more than an echo's whole run. What comes into a folder sets its time of change, so an unchanged
        time is proof enough, once it is so old that the coarsest clock of a file system has moved on.
        """
        try:
            changed = os.stat(self.path).st_mtime_ns
            if changed == self._changed and time.time_ns() - changed > _COARSEST_NS:
                return True
            self._changed = changed
            return not os.listdir(self.path)
        except OSError:
            return False


def remove(folder: str) -> None:
    """Remove a folder and all that is in it, write-protected folders included; what cannot be removed stays."""
    folders: List[str] = [folder]
    for here in folders:  # grows while it is walked: parents come before their children
        with contextlib.suppress(OSError):
            os.chmod(here, stat.S_IRWXU)
        try:
            entries = list(os.scandir(here))
        except OSError:
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.path)
            else:
                with contextlib.suppress(OSError):
                    os.unlink(entry.path)
    for here in reversed(folders):
        with contextlib.suppress(OSError):
            os.rmdir(here)
