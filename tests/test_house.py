"""The rules of the house that no linter knows: sizes, headers, what may be imported where, what a commit may hold."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
SOURCE = sorted((ROOT / "src").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MODEL_SIDE = ("__init__.py", "protocol.py", "sdk/", "runner/")
"""What a model's own interpreter loads."""

LONGEST_FUNCTION = 60
USUAL_FUNCTION = 40
LONGEST_MODULE = 500


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Each function of a file as "file:line name", with its lines from `def` to its end."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{name(path)}:{node.lineno} {node.name}", (node.end_lineno or 0) - node.lineno + 1


def imports(tree: ast.Module) -> Iterator[str]:
    """The absolute names of modules that a file imports when it runs, anywhere in it; not those of types alone."""
    for node in running(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "" if node.level == 0 else f"augury.{'.' * node.level}{node.module or ''}"


def running(node: ast.AST) -> Iterator[ast.AST]:
    """Everything in a tree but what stands under `if TYPE_CHECKING:`."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            for other in child.orelse:
                yield from running(other)
        else:
            yield from running(child)


def sleeps(tree: ast.Module) -> Iterator[int]:
    """The lines on which a file calls something named sleep."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and re.search(r"(^|\.)sleep$", ast.unparse(node.func)):
            yield node.lineno


def test_the_house_has_something_to_look_at() -> None:
    assert len(SOURCE) > 5
    assert len(TESTS) > 5


def test_no_function_is_too_long_to_see_at_once() -> None:
    long = [
        f"{where}: {lines} lines" for path in SOURCE for where, lines in functions(path) if lines > LONGEST_FUNCTION
    ]
    assert not long


def test_nearly_every_function_is_short() -> None:
    lengths = sorted(lines for path in SOURCE for _, lines in functions(path))
    assert lengths[len(lengths) * 95 // 100] <= USUAL_FUNCTION


def test_no_module_is_too_long() -> None:
    sizes = {name(path): len(path.read_text().splitlines()) for path in SOURCE}
    assert {where: lines for where, lines in sizes.items() if lines > LONGEST_MODULE} == {}


def test_each_module_begins_by_saying_its_job() -> None:
    assert [name(path) for path in SOURCE if not ast.get_docstring(ast.parse(path.read_text()))] == []


def test_nothing_is_left_for_later() -> None:
    later = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|NotImplemented" + r"Error)\b")
    left = [
        f"{name(path)}:{number}"
        for path in SOURCE + TESTS
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if later.search(line)
    ]
    assert left == []


@pytest.mark.parametrize("bad", ["utils", "util", "helpers", "common", "misc", "core"])
def test_no_module_has_a_name_that_says_nothing(bad: str) -> None:
    assert [name(path) for path in SOURCE if bad in (path.stem, path.parent.name)] == []


def test_tests_wait_for_something_and_never_for_a_time() -> None:
    found = [f"{name(path)}:{line}" for path in TESTS for line in sleeps(ast.parse(path.read_text()))]
    assert found == []


def test_a_sleep_would_be_seen() -> None:
    text = (
        "import time\nfrom anyio import sleep\nasync def f():\n    time.sleep(1)\n    await sleep(1)\n    asleep(1)\n"
    )
    assert list(sleeps(ast.parse(text))) == [4, 5]


def test_what_models_load_imports_the_standard_library_alone() -> None:
    package = ROOT / "src" / "augury"
    foreign = [
        f"{name(path)}: {imported}"
        for path in SOURCE
        if path.relative_to(package).as_posix().startswith(MODEL_SIDE)
        for imported in imports(ast.parse(path.read_text()))
        if imported.split(".")[0] not in sys.stdlib_module_names
        and not re.match(r"augury(\.sdk|\.runner|\.protocol|\.\.|$)", imported)
    ]
    assert foreign == []


def test_an_import_is_seen_wherever_it_runs() -> None:
    text = """
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            import seen_by_types
        else:
            import other.way
        def f():
            from . import beside
            import inside
    """
    assert list(imports(ast.parse(textwrap.dedent(text)))) == ["typing", "other.way", "augury..", "inside"]


def test_what_models_load_is_python_3_9() -> None:
    package = ROOT / "src" / "augury"
    for path in SOURCE:
        if path.relative_to(package).as_posix().startswith(MODEL_SIDE):
            ast.parse(path.read_text(), filename=str(path), feature_version=(3, 9))


def locked(file: str) -> dict[str, str]:
    lines = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^ \\;]+)", (ROOT / file).read_text(), re.MULTILINE)
    return {canonicalize_name(package): version for package, version in lines}


@pytest.mark.parametrize(("file", "extra"), [("requirements.lock", "dev"), ("requirements-bench.lock", "bench")])
def test_each_dependency_is_locked_at_a_version_that_it_allows(file: str, extra: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    versions = locked(file)
    for line in [*project["dependencies"], *project["optional-dependencies"][extra]]:
        requirement = Requirement(line)
        assert versions[canonicalize_name(requirement.name)] in requirement.specifier, line


def test_the_benchmarks_run_what_the_lock_of_the_server_names() -> None:
    server = locked("requirements.lock")
    assert {package: version for package, version in locked("requirements-bench.lock").items() if
            server.get(package, version) != version} == {}  # fmt: skip


@pytest.mark.parametrize("file", ["requirements.lock", "requirements-bench.lock"])
def test_the_lock_has_hashes_and_no_address(file: str) -> None:
    text = (ROOT / file).read_text()
    assert not re.search(r"^--|://|file:", text, re.MULTILINE)
    entries = re.split(r"^(?=\S)", text, flags=re.MULTILINE)[1:]
    assert entries
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


def committed() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a checkout of git")
    return [ROOT / file for file in listed.stdout.split("\0") if file and (ROOT / file).is_file()]


def test_nothing_that_is_committed_names_a_place_on_one_machine() -> None:
    places = re.compile(rb"(?<![\w.])/(wo" + rb"rk|ro" + rb"ot|ho" + rb"me/\w+)/")
    assert [name(path) for path in committed() if places.search(path.read_bytes())] == []


def test_no_lock_file_that_records_addresses_is_committed() -> None:
    assert [name(path) for path in committed() if path.name in ("uv.lock", "pylock.toml", "poetry.lock")] == []
