"""Wheels: with the web app where it can be built, and without it, working, where there is no Node."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest

from tests.support.server import free_port
from tests.support.signals import until

pytestmark = pytest.mark.timeout(120)

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).with_name("uv")
APP = "augury/web/dist/index.html"


def build(kind: str, source: Path, out: Path, **environment: str) -> tuple[Path, str]:
    """The wheel or the sdist of a folder, and what was said while it was built."""
    command = [UV, "build", f"--{kind}", "--no-build-isolation", "--python", sys.executable, "--out-dir", out, source]
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    [built] = out.glob("*.whl" if kind == "wheel" else "*.tar.gz")
    return built, done.stderr


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources as they are given away."""
    folder = tmp_path_factory.mktemp("sdist")
    sdist, _ = build("sdist", ROOT, folder / "built")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    [unpacked] = folder.glob("augury-*")
    return unpacked


@pytest.fixture(scope="module")
def path_without_node(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PATH with what the build calls, and nothing of Node's."""
    folder = tmp_path_factory.mktemp("programs")
    for program in ("bash", "dirname", "env", "find", "flock", "head", "mktemp", "rm", "sort", "touch"):
        found = shutil.which(program)
        assert found is not None
        (folder / program).symlink_to(found)
    return str(folder)


def test_the_sources_that_are_given_away_are_enough_for_a_wheel_with_the_app(unpacked: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(unpacked, source)
    assert not (source / "src" / APP).exists()
    assert not (source / "web" / "node_modules").exists()
    # As after `npm ci`, which is the only step that needs a registry.
    (source / "web" / "node_modules").symlink_to(ROOT / "web" / "node_modules")
    wheel, _ = build("wheel", source, tmp_path / "built")
    names = ZipFile(wheel).namelist()
    assert APP in names
    assert any(name.startswith("augury/web/dist/assets/") and name.endswith(".js.br") for name in names)


def test_a_wheel_that_was_built_without_node_says_so_and_serves_everything_else(
    unpacked: Path, path_without_node: str, tmp_path: Path
) -> None:
    wheel, said = build("wheel", unpacked, tmp_path / "built", PATH=path_without_node)
    assert "the web app is left out: it is built with Node" in said
    assert "this wheel is without the web app" in said
    assert not any(name.startswith("augury/web/dist/") for name in ZipFile(wheel).namelist())
    installed = tmp_path / "installed"
    install = [UV, "pip", "install", "--quiet", "--no-deps", "--python", sys.executable, "--target", installed, wheel]
    subprocess.run(install, check=True)
    port = free_port()
    command = [sys.executable, "-m", "augury", "serve", "--port", str(port), "--data", tmp_path / "data"]
    environment = os.environ | {"PYTHONPATH": str(installed)}
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=tmp_path, stdout=log, stderr=log, env=environment)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"Accept": "text/html"}) as http:
            until(lambda: process.poll() is not None or _is_ready(http), "the server is ready", deadline=30)
            page = http.get("/")
            assert page.status_code == 503
            assert "was not built" in page.text
            assert "Content-Security-Policy" in page.headers
            assert http.get("/v1/models").status_code in (200, 401)
    finally:
        process.terminate()
        process.wait(40)


def _is_ready(http: httpx.Client) -> bool:
    try:
        return http.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False
