"""Packages made for one test: built by a backend of their own, so that a test can watch, hold and break a build."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from augury.packaging.environment import EnvironmentBuilder

_BACKEND = """
import os, time, zipfile
from pathlib import Path

HERE = Path(__file__).parent

def build_wheel(folder, config_settings=None, metadata_directory=None):
    with (HERE / "builds").open("a") as log:
        log.write(f"{os.getpid()} {os.getpgid(0)} {'SECRET' in os.environ}\\n")
    if (HERE / "fails").exists():
        raise SystemExit("the compiler is missing")
    if (HERE / "gate").exists():
        (HERE / "gate").open().read()  # a pipe: until a test writes to it
    with zipfile.ZipFile(Path(folder) / "NAME-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("NAME.py", "VALUE = 1")
        wheel.writestr("NAME-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: NAME\\nVersion: 1.0\\nREQUIRES")
        wheel.writestr("NAME-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("NAME-1.0.dist-info/RECORD", "")
    return "NAME-1.0-py3-none-any.whl"
"""


@dataclass(frozen=True)
class SourcePackage:
    """A package in a folder, whose builds are logged."""

    folder: Path

    @property
    def requirement(self) -> str:
        """What a model that wants it depends on."""
        return f"{self.folder.name} @ {self.folder.as_uri()}"

    def builds(self) -> list[tuple[int, int, str]]:
        """Process, process group and whether the secret was seen, for each build so far."""
        log = self.folder / "builds"
        lines = log.read_text().splitlines() if log.exists() else []
        return [(int(pid), int(group), seen) for pid, group, seen in (line.split() for line in lines)]

    def hold(self) -> None:
        """Let builds wait from now on."""
        os.mkfifo(self.folder / "gate")

    def let_go(self) -> None:
        """Let builds go on that wait now, and not wait any more."""
        gate = self.folder / "gate"
        descriptor = os.open(gate, os.O_RDWR)
        gate.rename(self.folder / "opened")
        os.close(descriptor)


@pytest.fixture
def own_package(tmp_path: Path) -> SourcePackage:
    """A package that builds at once unless it is held."""
    return make_package(tmp_path, "ownpackage")


def make_package(root: Path, name: str, requires: str = "") -> SourcePackage:
    """A package that builds from `root / name`."""
    folder = root / name
    folder.mkdir(parents=True)
    needs = f"Requires-Dist: {requires}\\n" if requires else ""
    (folder / "backend.py").write_text(_BACKEND.replace("NAME", name).replace("REQUIRES", needs))
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        f'[project]\nname = "{name}"\nversion = "1.0"\n' + (f'dependencies = ["{requires}"]\n' if requires else "")
    )
    return SourcePackage(folder)


@pytest.fixture
def builder(tmp_path: Path) -> Iterator[EnvironmentBuilder]:
    """A builder with folders of its own."""
    builder = EnvironmentBuilder(tmp_path / "environments", tmp_path / "uv", environ=os.environ)
    yield builder
    builder.stop()
