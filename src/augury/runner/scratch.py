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
from typing import Any, List, Optional


class Scratch:
    """The folders of one worker inside `root`, which exists; `home` is the working directory outside runs."""

    def __init__(self, root: str, home: str) -> None:
        self._root = os.path.realpath(root)
        self._home = home
        self._made = 0
        self._ready: Optional[str] = None
        self._setup = self._make("setup")

    def settle(self) -> None:
        """Make setup's folder the one for temporary files, and the model's own the working directory."""
        self._point(self._setup, self._home)

    def enter(self, prediction: str) -> str:
        """The empty folder of a run that has the process to itself: it is working directory and TMPDIR now."""
        folder = self._ready
        if folder is None or not _is_empty(folder):
            folder = self._ready = self._make(prediction)
        try:
            self._point(folder, folder)
        except OSError:  # The folder is there but its rights were changed: never reuse what a run has touched.
            folder = self._ready = self._make(prediction)
            self._point(folder, folder)
        return folder

    def leave(self, folder: str) -> None:
        """Remove what the run left; an untouched folder is kept for the next run."""
        if not _is_empty(folder):
            self._ready = None
            self._point(self._setup, self._home)
            remove(folder)

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


def _is_empty(folder: str) -> bool:
    try:
        return not os.listdir(folder)
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
