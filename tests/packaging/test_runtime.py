"""The runtime's folder: what a worker needs of ours, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from augury.packaging.environment import Environment
from augury.packaging.runtime import command, materialize


def test_the_runtime_holds_what_a_worker_needs_and_nothing_of_the_server(tmp_path: Path) -> None:
    runtime = materialize(tmp_path)
    package = runtime / "augury"
    assert {path.name for path in package.iterdir()} - {"__pycache__"} == {
        "__init__.py",
        "protocol.py",
        "sdk",
        "runner",
    }
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import augury.protocol, augury.runner.loader, augury.sdk.fields\n"
        "print(augury.__file__, augury.protocol.__file__)\n"
        "try: import augury.settings\nexcept ModuleNotFoundError: print('no settings')"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, str(runtime)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[:2] == [f"{package}/__init__.py {package}/protocol.py", "no settings"]


def test_materializing_again_gives_the_same_folder_untouched(tmp_path: Path) -> None:
    first = materialize(tmp_path)
    before = first.stat().st_mtime_ns
    assert materialize(tmp_path) == first
    assert first.stat().st_mtime_ns == before


def test_many_at_once_give_one_folder_and_leave_nothing(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        folders = set(threads.map(materialize, [tmp_path / "runtime"] * 8))
    assert list((tmp_path / "runtime").iterdir()) == list(folders)


def test_a_relative_root_gives_an_absolute_folder(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from augury.packaging.runtime import *; print(materialize(__import__('pathlib').Path('r')))",
        ],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert Path(done.stdout.strip()).parent == tmp_path / "r"


def test_only_a_bare_interpreter_starts_without_its_site_packages(tmp_path: Path) -> None:
    bare = Environment(Path("/bin/python"), "key", no_site=True)
    built = Environment(Path("/env/bin/python"), "key", no_site=False)
    program = str(tmp_path / "augury" / "runner" / "describe.py")
    assert command(bare, tmp_path, "describe.py", "a") == ["/bin/python", "-I", "-S", program, "a"]
    assert command(built, tmp_path, "describe.py") == ["/env/bin/python", "-I", program]
