"""Environments: built once by real uv, whole or not at all, whoever asks and whoever is killed meanwhile."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from augury.packaging.environment import Environment, EnvironmentBuilder, EnvironmentFailed
from augury.packaging.project import Project, ProjectKind
from tests.packaging.conftest import SourcePackage, make_package
from tests.support.signals import until


def project(
    *dependencies: str, no_deps: tuple[str, ...] = (), python: str = "", root: Path = Path("/nowhere")
) -> Project:
    return Project(ProjectKind.FOLDER, root, requires_python=python, dependencies=dependencies, no_deps=no_deps)


def run(environment: Environment, program: str) -> str:
    flags = ["-I", "-S"] if environment.no_site else ["-I"]
    done = subprocess.run([environment.python, *flags, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def failure(call: Callable[[], object]) -> EnvironmentFailed:
    with pytest.raises(EnvironmentFailed) as caught:
        call()
    return caught.value


def folders(root: Path) -> list[Path]:
    return [path for path in (root / "environments").iterdir() if path.is_dir()]


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def test_a_model_without_dependencies_gets_a_bare_interpreter_and_nothing_is_built(
    builder: EnvironmentBuilder, tmp_path: Path
) -> None:
    environment = builder.build(project())
    assert environment.no_site
    assert not (tmp_path / "environments").exists()
    assert run(environment, "import sys; print(sys.prefix == sys.base_prefix, 'site' in sys.modules)") == "True False"
    assert builder.build(project(python=">=3.9")) == environment


def test_dependencies_are_installed_and_the_servers_own_packages_are_not_there(builder: EnvironmentBuilder) -> None:
    environment = builder.build(project("six==1.16.0", no_deps=("iniconfig",)))
    assert not environment.no_site
    assert run(environment, "import six, iniconfig; print(six.__version__)") == "1.16.0"
    missing = "import importlib.util as u; print([n for n in ('fastapi', 'augury', 'uv', 'pip') if u.find_spec(n)])"
    assert run(environment, missing) == "[]"


def test_an_environment_is_built_once_and_found_by_its_content(
    builder: EnvironmentBuilder, own_package: SourcePackage
) -> None:
    first = builder.build(project(own_package.requirement, "six"))
    assert builder.build(project("six", own_package.requirement, own_package.requirement)) == first
    assert len(own_package.builds()) == 1
    assert builder.build(project(own_package.requirement)).key != first.key
    assert builder.build(project("six", no_deps=(own_package.requirement,))).key != first.key


def test_no_deps_are_installed_without_what_they_depend_on(builder: EnvironmentBuilder, tmp_path: Path) -> None:
    needy = make_package(tmp_path, "needy", requires="no-such-package-anywhere==1")
    environment = builder.build(project(no_deps=(needy.requirement,)))
    assert run(environment, "import needy; print(needy.VALUE)") == "1"


@pytest.mark.parametrize(
    ("requirement", "name", "words"),
    [
        ("six==99", "six==99", "there is no version of six==99"),
        ("no-such-package-anywhere-1", "no-such-package-anywhere-1", "not found"),
        ("gone @ file:///no/such/place.whl", "gone @ file:///no/such/place.whl", "/no/such/place.whl"),
    ],
)
def test_a_requirement_that_cannot_be_met_is_named_first(
    builder: EnvironmentBuilder, tmp_path: Path, requirement: str, name: str, words: str
) -> None:
    error = failure(lambda: builder.build(project("iniconfig", requirement)))
    assert error.name == name
    assert error.message.startswith(f"{name} cannot be installed: ")
    assert words in error.message
    assert "\n" not in error.message
    assert error.output
    assert folders(tmp_path) == []


def test_requirements_that_clash_are_named_together(builder: EnvironmentBuilder) -> None:
    error = failure(lambda: builder.build(project("six==1.16.0", "six==1.15.0")))
    assert "six==1.16.0, six==1.15.0 cannot be installed together" in error.message


def test_a_build_that_fails_shows_its_output_and_may_be_tried_again(
    builder: EnvironmentBuilder, own_package: SourcePackage, tmp_path: Path
) -> None:
    (own_package.folder / "fails").touch()
    error = failure(lambda: builder.build(project("six", own_package.requirement)))
    assert error.name == own_package.requirement
    assert "the compiler is missing" in error.output
    assert len(error.output.splitlines()) <= 100
    assert folders(tmp_path) == []
    (own_package.folder / "fails").unlink()
    assert run(builder.build(project("six", own_package.requirement)), "import ownpackage; print(1)") == "1"


def test_a_python_that_is_not_here_is_named(builder: EnvironmentBuilder) -> None:
    for wanted in (project(python=">=3.99"), project("six", python="<3.0")):
        error = failure(lambda wanted=wanted: builder.build(wanted))
        assert error.name == "requires-python"
        assert error.message.startswith(
            f"requires-python is {wanted.requires_python}, and this machine has only Python"
        )


def test_another_python_of_the_machine_is_taken_where_the_servers_own_does_not_fit(tmp_path: Path) -> None:
    other = Path("/usr/bin/python3")
    version = _version(other) if other.exists() else platform.python_version()
    if version == platform.python_version():
        pytest.skip("this machine has one Python only")
    environ = {**os.environ, "PATH": "/no/where"}
    builder = EnvironmentBuilder(tmp_path, tmp_path / "uv", environ=environ, search=[other.parent])
    for environment in (
        builder.build(project(python=f"=={version}")),
        builder.build(project("six", python=f"=={version}")),
    ):
        assert _version(environment.python) == version


def wants(minor: str) -> Project:
    return Project(ProjectKind.COG, Path("/nowhere"), python=minor)


def test_a_minor_version_that_is_missing_is_replaced_by_the_next_newer_one(builder: EnvironmentBuilder) -> None:
    own = platform.python_version()
    assert builder.build(wants(".".join(own.split(".")[:2]))).version == own
    found = builder.build(wants("3.1"))
    assert _version(found.python) == found.version
    assert (3, 9) <= tuple(map(int, found.version.split(".")[:2])) <= sys.version_info[:2]


def test_where_only_older_pythons_are_there_the_message_says_which(builder: EnvironmentBuilder) -> None:
    error = failure(lambda: builder.build(wants("3.99")))
    assert error.name == "python_version"
    assert "Python 3.99 is asked for, and this machine has only Python 3" in error.message
    assert platform.python_version() in error.message
    assert "AUGURY_PYTHON_SEARCH" in error.message


def wheel(folder: Path, name: str, version: str) -> None:
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as written:
        written.writestr(f"{name}.py", f"VERSION = {version!r}")
        about = f"{name}-{version}.dist-info"
        written.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        written.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        written.writestr(f"{about}/RECORD", "")


def test_packages_come_from_where_the_requirements_say(builder: EnvironmentBuilder, tmp_path: Path) -> None:
    wheel(tmp_path / "wheels", "only_here", "2.0")
    lines = ("--no-index", f"--find-links {tmp_path / 'wheels'}")
    wanted = Project(ProjectKind.COG, tmp_path, dependencies=("only-here",), pip_lines=lines)
    assert run(builder.build(wanted), "import only_here; print(only_here.VERSION)") == "2.0"
    error = failure(lambda: builder.build(replace(wanted, dependencies=("not-here",), python="3.1")))
    assert error.name == "not-here"
    assert "3.1 is not on this machine" in error.message


def test_an_address_without_a_name_is_installed(builder: EnvironmentBuilder, own_package: SourcePackage) -> None:
    wanted = Project(ProjectKind.COG, own_package.folder, pip_lines=(own_package.folder.as_uri(),))
    assert run(builder.build(wanted), "import ownpackage; print(ownpackage.VALUE)") == "1"


def test_a_source_package_that_takes_another_for_granted_is_explained(
    builder: EnvironmentBuilder, tmp_path: Path
) -> None:
    package = make_package(tmp_path, "oldpackage")
    with (package.folder / "backend.py").open("a") as backend:
        backend.write("\nimport pkg_resources_of_old\n")
    error = failure(lambda: builder.build(project(package.requirement)))
    assert "pkg_resources_of_old is needed to build it, and it does not say so" in error.message


def _version(python: Path) -> str:
    program = "import platform; print(platform.python_version())"
    return subprocess.run([python, "-c", program], capture_output=True, text=True, check=True).stdout.strip()


def test_a_program_that_only_claims_to_be_a_python_is_not_believed(tmp_path: Path) -> None:
    claims = tmp_path / "python3.99"
    claims.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    claims.chmod(0o755)
    builder = EnvironmentBuilder(tmp_path / "environments", environ={"PATH": os.defpath}, search=[tmp_path])
    assert failure(lambda: builder.build(project(python=">=3.99"))).name == "requires-python"


def test_many_threads_that_want_the_same_environment_build_it_once(
    builder: EnvironmentBuilder, own_package: SourcePackage
) -> None:
    own_package.hold()
    with ThreadPoolExecutor(8) as threads:
        wanted = [threads.submit(builder.build, project(own_package.requirement)) for _ in range(8)]
        until(own_package.builds, "the first build begins")
        own_package.let_go()
        assert len({one.result() for one in wanted}) == 1
    assert len(own_package.builds()) == 1


BUILD = """
import os, sys
from pathlib import Path
from augury.packaging.environment import EnvironmentBuilder
from augury.packaging.project import Project, ProjectKind
root, cache, requirement = sys.argv[1:]
builder = EnvironmentBuilder(Path(root), Path(cache), environ=os.environ)
print(builder.build(Project(ProjectKind.FOLDER, Path("/"), dependencies=(requirement,))).python)
"""


def building(tmp_path: Path, cache: str, package: SourcePackage) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", BUILD, str(tmp_path / "environments"), str(tmp_path / cache), package.requirement]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_two_processes_that_want_the_same_environment_build_it_once(tmp_path: Path, own_package: SourcePackage) -> None:
    own_package.hold()
    # Each has a cache of its own, so nothing but our lock keeps the second from building.
    first, second = building(tmp_path, "uv-1", own_package), building(tmp_path, "uv-2", own_package)
    until(own_package.builds, "one of them builds")
    until(lambda: _waits(first.pid) or _waits(second.pid), "the other waits for it")
    own_package.let_go()
    answers = {first.communicate(timeout=20)[0], second.communicate(timeout=20)[0]}
    assert (first.returncode, second.returncode, len(answers)) == (0, 0, 1)
    assert len(own_package.builds()) == 1
    assert Path(answers.pop().strip()).exists()


def _waits(pid: int) -> bool:
    """Whether a process waits for a lock."""
    return any("->" in line and f" {pid} " in line for line in Path("/proc/locks").read_text().splitlines())


def test_a_builder_that_is_killed_leaves_nothing_that_others_take_for_whole(
    tmp_path: Path, own_package: SourcePackage, builder: EnvironmentBuilder
) -> None:
    own_package.hold()
    first = building(tmp_path, "uv", own_package)
    (pid, _group, _), *_ = until(own_package.builds, "the build begins")
    first.kill()
    first.communicate()
    # uv went on without its parent, and still holds the lock; the next builder comes after it.
    assert is_alive(pid)
    results: list[Environment] = []
    second = threading.Thread(target=lambda: results.append(builder.build(project(own_package.requirement))))
    second.start()
    until(lambda: _waits(os.getpid()), "the second builder waits")
    own_package.let_go()
    second.join(20)
    (environment,) = results
    assert run(environment, "import ownpackage; print(ownpackage.VALUE)") == "1"
    assert not is_alive(pid)


def test_what_an_interrupted_build_left_is_built_anew(builder: EnvironmentBuilder, own_package: SourcePackage) -> None:
    environment = builder.build(project(own_package.requirement))
    folder = environment.python.parent.parent
    (folder / ".complete").unlink()
    (folder / "pyvenv.cfg").unlink()
    (folder / "stray").write_text("x")
    assert builder.build(project(own_package.requirement)) == environment
    assert run(environment, "import ownpackage; print(1)") == "1"
    assert not (folder / "stray").exists()


def test_an_environment_whose_interpreter_has_gone_is_built_anew(
    builder: EnvironmentBuilder, own_package: SourcePackage
) -> None:
    environment = builder.build(project(own_package.requirement))
    environment.python.unlink()
    environment.python.symlink_to("/no/such/python")
    builder.build(project(own_package.requirement))
    assert run(environment, "import ownpackage; print(1)") == "1"


def test_a_build_over_its_time_limit_is_ended_with_all_its_processes(
    tmp_path: Path, own_package: SourcePackage
) -> None:
    own_package.hold()
    builder = EnvironmentBuilder(tmp_path / "environments", tmp_path / "uv", environ=os.environ, timeout=6.0)
    error = failure(lambda: builder.build(project(own_package.requirement)))
    assert error.message == "the dependencies were not installed within 6 s"
    ((pid, _, _),) = own_package.builds()
    until(lambda: not is_alive(pid), "the build's process ends")
    assert folders(tmp_path) == []


def test_stopping_ends_builds_that_run_and_refuses_new_ones(
    tmp_path: Path, own_package: SourcePackage, builder: EnvironmentBuilder
) -> None:
    own_package.hold()
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(builder.build, project(own_package.requirement))
        (pid, _, _), *_ = until(own_package.builds, "the build begins")
        builder.stop()
        assert "is being stopped" in failure(lambda: running.result(10)).message
    until(lambda: not is_alive(pid), "the build's process ends")
    assert folders(tmp_path) == []
    assert "is being stopped" in failure(lambda: builder.build(project("six"))).message


def test_a_build_sees_none_of_the_servers_variables(tmp_path: Path, own_package: SourcePackage) -> None:
    environ = {**os.environ, "SECRET": "1", "AUGURY_SECRET_KEY": "1", "PYTHONPATH": "/x", "VIRTUAL_ENV": "/x"}
    builder = EnvironmentBuilder(tmp_path / "environments", tmp_path / "uv", environ=environ)
    builder.build(project(own_package.requirement))
    ((pid, group, seen_secret),) = own_package.builds()
    assert seen_secret == "False"
    assert group not in (os.getpgid(0), pid)
    with pytest.raises(ProcessLookupError):
        os.killpg(group, signal.SIGTERM)
