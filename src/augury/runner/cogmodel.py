"""What a model that was made for Cog expects of its process: its folder as a working directory that it may write in.

    the unpacked model --mirror--> the worker's own copy, in which the model is loaded and runs

Paths of Cog's images and programs that only these have are explained where they are missed. Knows nothing about
messages. Standard library only; Python 3.9 and newer.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from typing import Any, Optional

ENTRY_VARIABLE = "COG_PREDICT_TYPE_STUB"
"""Set where the model is one for Cog, as in Cog's own images: its predictor."""
WEIGHTS_VARIABLE = "COG_WEIGHTS"
_COPIED = 256 << 10
"""Bytes of a file that is copied, so that the model may write into it; a bigger one is linked."""
_CONTAINER_FOLDER = "/src"
_DOWNLOADER = "pget"


def is_cog(folder: Optional[str] = None) -> bool:
    """Whether this process is to run a model for Cog, or the folder looks like one."""
    if ENTRY_VARIABLE in os.environ:
        return True
    if folder is None or not os.path.isfile(os.path.join(folder, "cog.yaml")):
        return False
    try:
        with open(os.path.join(folder, "pyproject.toml"), encoding="utf-8", errors="replace") as described:
            # Where both are there, this table says whose model it is.
            return re.search(r"^\s*\[\s*tool\s*\.\s*augury\b", described.read(), re.MULTILINE) is None
    except OSError:
        return True


def prepare(folder: str, scratch: str) -> str:
    """Make this process one for a model for Cog; the folder that it is to be loaded from."""
    # Such models call `python` and programs of their packages by name.
    programs = os.path.dirname(sys.executable)
    os.environ["PATH"] = os.pathsep.join((programs, os.environ.get("PATH", os.defpath)))
    home = mirror(folder, os.path.join(scratch, "model"))
    # Where Cog's images have it, so that what is there already is found.
    os.environ["XDG_CACHE_HOME"] = os.environ.get("XDG_CACHE_HOME") or os.path.join(home, ".cache")
    return home


def mirror(folder: str, target: str) -> str:
    """Make `target` a folder with the same files as `folder`, and give its path."""
    folder = os.path.realpath(folder)
    for base, folders, files in os.walk(folder):
        here = os.path.join(target, os.path.relpath(base, folder)) if base != folder else target
        os.makedirs(here, exist_ok=True)
        for name in (*folders, *files):
            path, place = os.path.join(base, name), os.path.join(here, name)
            if os.path.islink(path):  # relative, and to something in the folder
                os.symlink(os.readlink(path), place)
            elif name in files:
                _put(path, place)
    return target


def weights(annotation: Any) -> Any:
    """What setup() gets as `weights`: what the variable says, as a path where one is wanted; else None."""
    named = os.environ.get(WEIGHTS_VARIABLE) or None
    if named is None or "Path" not in str(annotation) or re.match(r"[a-z][a-z0-9+.-]*://", named, re.IGNORECASE):
        return named
    from ..sdk.cog_files import Path

    return Path(named)


def hint(error: BaseException) -> str:
    """What to do about something that only Cog's images have; nothing for any other error."""
    if not is_cog():
        return ""
    missed = _missed(error)
    if missed == _CONTAINER_FOLDER or missed.startswith(_CONTAINER_FOLDER + "/"):
        return (
            f" ({_CONTAINER_FOLDER} is where Cog's images have the model; here its folder is the working directory: "
            f"leave out {_CONTAINER_FOLDER}/)"
        )
    if os.path.basename(missed) == _DOWNLOADER:
        what = "put it on the PATH where workers run, or download in Python"
        return f" ({_DOWNLOADER} is a program of Cog's images: {what})"
    return ""


def _put(path: str, place: str) -> None:
    size = os.path.getsize(path)
    if size > _COPIED:
        with contextlib.suppress(OSError):  # another file system, or one without links
            os.link(path, place)
            return
    import shutil  # slow to import, and for models of Cog only

    shutil.copyfile(path, place)
    os.chmod(place, 0o755 if os.access(path, os.X_OK) else 0o644)


def _missed(error: BaseException) -> str:
    """The file or program that an error is about."""
    if isinstance(error, OSError) and isinstance(error.filename, str):
        return error.filename
    command: Any = getattr(error, "cmd", None)
    if getattr(error, "returncode", None) == 127 and command:  # a shell that did not find it
        words = command.split() if isinstance(command, str) else [str(part) for part in command]
        return _DOWNLOADER if any(os.path.basename(word) == _DOWNLOADER for word in words) else ""
    return ""
