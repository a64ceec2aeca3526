"""Cog itself, of two releases and from the package index, to compare with; and what reads a model here."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import uv

import augury
from tests.cog.program import Program

REFERENCE, NEWER = "cog==0.19.3", "cog==0.23.1"
INSPECTED = Path(__file__).parent / "inspected.py"
DESCRIBE = Path(augury.__file__).parent / "runner" / "describe.py"


def interpreter(folder: Path, package: str) -> Path:
    """An interpreter of its own with a package from the index."""
    python = folder / "bin" / "python"
    for arguments in (
        ("venv", "--quiet", "--allow-existing", "--python", sys.executable, str(folder)),
        ("pip", "install", "--quiet", "--python", str(python), package, "pydantic>=2"),
    ):
        made = subprocess.run([uv.find_uv_bin(), *arguments], capture_output=True, text=True, check=False)
        assert made.returncode == 0, f"these tests need {package}, which is not to be had from the index: {made.stderr}"
    return python


@pytest.fixture(scope="session")
def cog_interpreter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter with the newer Cog."""
    return interpreter(tmp_path_factory.mktemp("cog"), NEWER)


@pytest.fixture(scope="session")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The last release of Cog that makes a model's document in Python."""
    python = interpreter(tmp_path_factory.mktemp("cog"), REFERENCE)
    program = Program(python, "cog.command.openapi_schema", "cog.command.openapi_schema")
    yield program
    program.close()


@pytest.fixture(scope="session")
def inspected(cog_interpreter: Path) -> Iterator[Program]:
    """What a newer Cog takes a model's inputs and output for when it runs it."""
    program = Program(cog_interpreter, "cog._inspector", str(INSPECTED))
    yield program
    program.close()


@pytest.fixture(scope="session")
def described() -> Iterator[Program]:
    """What reads a model here, at every push."""
    program = Program(Path(sys.executable), "augury.runner.loader", str(DESCRIBE))
    yield program
    program.close()
