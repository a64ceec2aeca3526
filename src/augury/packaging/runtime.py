"""The few files of ours that a model's process loads, in a folder of their own.

    the installed package --materialize--> <root>/<digest>/augury/{__init__,protocol}.py, sdk/, runner/

A worker gets this folder first on its path, and so can import `augury` but nothing of the server. Knows nothing about
what the files do.
"""

from __future__ import annotations

import compileall
import contextlib
import hashlib
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from py_compile import PycInvalidationMode

import augury
from augury.packaging.environment import Environment

_FILES = ("__init__.py", "protocol.py")
_FOLDERS = ("sdk", "runner")


def materialize(root: Path) -> Path:
    """The folder below `root` with the files as they are now; made unless it is there."""
    files = _files(Path(augury.__file__).parent)
    root = root.absolute()
    folder = root / _digest(files)
    if folder.is_dir():
        return folder
    root.mkdir(parents=True, exist_ok=True)
    partial = root / f".partial-{secrets.token_hex(8)}"
    try:
        for name, content in files.items():
            path = partial / "augury" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        _compile(partial, folder)
        with contextlib.suppress(OSError):  # another has been faster
            partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder


def command(environment: Environment, runtime: Path, program: str, *arguments: str) -> list[str]:
    """How a program of `runner/` (such as "describe.py") is started in a model's environment."""
    flags = ("-I", "-S") if environment.no_site else ("-I",)
    return [str(environment.python), *flags, str(runtime / "augury" / "runner" / program), *arguments]


def _files(package: Path) -> dict[str, bytes]:
    paths = [package / name for name in _FILES]
    for folder in _FOLDERS:
        paths += (package / folder).rglob("*.py")
    return {path.relative_to(package).as_posix(): path.read_bytes() for path in sorted(paths)}


def _digest(files: Mapping[str, bytes]) -> str:
    sha256 = hashlib.sha256()
    for name, content in files.items():
        sha256.update(f"{name}\0{len(content)}\0".encode())
        sha256.update(content)
    return sha256.hexdigest()[:32]


def _compile(partial: Path, folder: Path) -> None:
    # For models that run on the server's own Python: their workers start without compiling anything.
    compileall.compile_dir(
        partial,
        quiet=2,
        stripdir=partial,
        prependdir=folder,
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
    )
