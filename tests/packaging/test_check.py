"""Checking a model: its own code, in its own environment, and each thing that may be wrong told by place and name."""

from __future__ import annotations

import os
from pathlib import Path
from textwrap import dedent

import pytest

from augury.packaging.check import Checked, check
from augury.packaging.environment import Environment, EnvironmentBuilder, EnvironmentFailed
from augury.packaging.project import Project, ProjectError
from augury.packaging.runtime import materialize
from tests.support.signals import until


@pytest.fixture(scope="session")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return materialize(tmp_path_factory.mktemp("runtime"))


def script(root: Path, text: str, name: str = "hello.py") -> Path:
    path = root / name
    path.write_text(dedent(text))
    return path


def mistake(path: Path, builder: EnvironmentBuilder, runtime: Path, timeout: float = 20.0) -> ProjectError:
    with pytest.raises(ProjectError) as caught:
        check(path, builder, runtime, timeout=timeout)
    return caught.value


def test_a_model_is_described_from_its_own_code(tmp_path: Path, builder: EnvironmentBuilder, runtime: Path) -> None:
    path = script(
        tmp_path,
        """
        from typing import Iterator
        print("noise on standard output")
        async def predict(text: str, times: int = 3) -> str:
            return text * times
        """,
    )
    checked = check(path, builder, runtime)
    described = checked.description
    assert (described.entry, described.kind) == ("hello.py:predict", "function")
    assert (described.is_async, described.is_generator) == (True, False)
    properties = described.schemas["input"]
    assert isinstance(properties, dict)
    assert list(properties["properties"] or ()) == ["text", "times"]  # pyright: ignore[reportArgumentType]
    assert checked.environment.no_site


def test_a_folder_is_described_with_the_predictor_it_names(
    tmp_path: Path, builder: EnvironmentBuilder, runtime: Path
) -> None:
    (tmp_path / "code").mkdir()
    script(tmp_path / "code", "class Mine:\n    def predict(self, x: int) -> int:\n        return x\n", "m.py")
    (tmp_path / "pyproject.toml").write_text('[tool.augury]\npredictor = "code/m.py:Mine"\n')
    checked = check(tmp_path, builder, runtime)
    assert (checked.description.entry, checked.description.kind) == ("code/m.py:Mine", "class")


def test_a_models_dependencies_are_there_when_it_is_loaded(
    tmp_path: Path, builder: EnvironmentBuilder, runtime: Path
) -> None:
    text = """
        # /// script
        # dependencies = ["six==1.16.0"]
        # ///
        import six
        from augury import Input
        assert six.__version__ == "1.16.0"
        def predict(x: str) -> str:
            return x
        """
    assert not check(script(tmp_path, text), builder, runtime).environment.no_site


def test_a_syntax_error_is_named_with_file_and_line(tmp_path: Path, builder: EnvironmentBuilder, runtime: Path) -> None:
    error = mistake(script(tmp_path, "x = 1\ndef predict(:\n"), builder, runtime)
    assert (error.file, error.line) == ("hello.py", 2)
    assert "SyntaxError" in error.message


def test_a_failing_import_is_named_with_file_line_and_module(
    tmp_path: Path, builder: EnvironmentBuilder, runtime: Path
) -> None:
    error = mistake(script(tmp_path, "import sys\nimport cv2\n"), builder, runtime)
    assert (error.file, error.line, error.name) == ("hello.py", 2, "cv2")
    assert "opencv" in error.message
    assert any("import cv2" in line for line in error.traceback)


def test_a_missing_predictor_is_named(tmp_path: Path, builder: EnvironmentBuilder, runtime: Path) -> None:
    error = mistake(script(tmp_path, "def prdict(x: str) -> str: return x\n"), builder, runtime)
    assert (error.file, error.name) == ("hello.py", "predict")


def test_an_unsupported_type_is_named_with_file_line_and_parameter(
    tmp_path: Path, builder: EnvironmentBuilder, runtime: Path
) -> None:
    error = mistake(script(tmp_path, "def predict(x: type(iter)) -> str:\n    return ''\n"), builder, runtime)
    assert (error.file, error.line, error.name) == ("hello.py", 1, "x")


def test_an_impossible_requirement_is_named_and_the_code_is_not_loaded(
    tmp_path: Path, builder: EnvironmentBuilder, runtime: Path
) -> None:
    text = f'# /// script\n# dependencies = ["six==99"]\n# ///\nopen("{tmp_path}/loaded", "w")\n'
    with pytest.raises(EnvironmentFailed) as caught:
        check(script(tmp_path, text), builder, runtime)
    assert caught.value.name == "six==99"
    assert not (tmp_path / "loaded").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import os; os._exit(7)", "exited with code 7"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "ended with signal 11"),
        ("import sys; sys.exit('no licence')", "no licence"),
        ("raise ValueError('bad weights')", "bad weights"),
        ("import os; os.write(2, b'last words'); os._exit(7)", "last words"),
    ],
)
def test_code_that_ends_while_it_is_loaded_is_told_how(
    tmp_path: Path, builder: EnvironmentBuilder, runtime: Path, text: str, words: str
) -> None:
    assert words in mistake(script(tmp_path, text), builder, runtime).message


def test_code_that_does_not_come_to_an_end_is_ended_with_its_children(
    tmp_path: Path, builder: EnvironmentBuilder, runtime: Path
) -> None:
    text = f"""
        import subprocess, threading
        child = subprocess.Popen(["sleep", "1000"])
        with open("{tmp_path}/child", "w") as file:
            file.write(str(child.pid))
        threading.Event().wait()
        """
    error = mistake(script(tmp_path, text), builder, runtime, timeout=4.0)
    assert "took more than 4 s" in error.message
    child = int((tmp_path / "child").read_text())
    until(lambda: not Path(f"/proc/{child}").exists() or "Z" in Path(f"/proc/{child}/stat").read_text().split()[2])


def test_code_that_prints_without_end_does_not_fill_the_memory(
    tmp_path: Path, builder: EnvironmentBuilder, runtime: Path
) -> None:
    text = "import os\nfor _ in range(3000): os.write(1, b'x' * 65536)\ndef predict(x: str) -> str: return x\n"
    assert check(script(tmp_path, text), builder, runtime).description.entry == "hello.py:predict"


def test_a_models_code_sees_nothing_of_the_server(
    tmp_path: Path, builder: EnvironmentBuilder, runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUGURY_SECRET_KEY", "secret")
    text = f"""
        import os, sys, importlib.util as u
        with open("{tmp_path}/seen", "w") as file:
            print(sorted(os.environ), [n for n in ("fastapi", "augury.server") if u.find_spec(n)], file=file)
        def predict(x: str) -> str:
            return x
        """
    check(script(tmp_path, text), builder, runtime, environ={"EXTRA": "1"})
    seen = (tmp_path / "seen").read_text()
    assert "EXTRA" in seen
    assert "AUGURY" not in seen
    assert seen.endswith("] []\n")
    assert os.environ["AUGURY_SECRET_KEY"] == "secret"


def test_a_scripts_neighbours_are_not_part_of_it(tmp_path: Path, builder: EnvironmentBuilder, runtime: Path) -> None:
    script(tmp_path, "X = 1\n", "neighbour.py")
    error = mistake(script(tmp_path, "import neighbour\ndef predict(x: str) -> str: return x\n"), builder, runtime)
    assert error.name == "neighbour"


def test_checking_leaves_nothing_in_the_models_folder(
    tmp_path: Path, builder: EnvironmentBuilder, runtime: Path
) -> None:
    root = tmp_path / "model"
    root.mkdir()
    script(root, "import helper\ndef predict(x: str) -> str: return x\n", "predict.py")
    script(root, "", "helper.py")
    check(root, builder, runtime)
    assert sorted(path.name for path in root.iterdir()) == ["helper.py", "predict.py"]


def test_a_start_is_asked_for_last_and_may_refuse(tmp_path: Path, builder: EnvironmentBuilder, runtime: Path) -> None:
    path = script(tmp_path, "def predict(x: str) -> str: return x\n")
    started: list[tuple[Project, Environment]] = []

    def start(project: Project, environment: Environment, _: object) -> None:
        started.append((project, environment))
        raise ProjectError("setup() raised")

    with pytest.raises(ProjectError, match="setup"):
        check(path, builder, runtime, start)
    checked: Checked = check(path, builder, runtime)
    assert started == [(checked.project, checked.environment)]
