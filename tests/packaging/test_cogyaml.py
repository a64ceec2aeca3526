"""Reading a cog.yaml: what is taken over, what is named as not to be had, and what each mistake is answered with."""

from __future__ import annotations

import contextlib
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.packaging.cogyaml import ENTRY_VARIABLE
from augury.packaging.contents import contents
from augury.packaging.errors import ProjectError
from augury.packaging.project import Project, ProjectKind, read
from augury.packaging.yamltext import parse

PREDICT = "class Predictor:\n    def predict(self) -> str:\n        return ''\n"
NAMED = "predict: predict.py:Predictor\n"


def cog(root: Path, text: str, **files: str) -> Project:
    (root / "predict.py").write_text(PREDICT)
    for name, content in files.items():
        (root / f"{name}.txt").write_text(dedent(content))
    (root / "cog.yaml").write_text(dedent(text))
    return read(root)


def mistake(root: Path, text: str, **files: str) -> ProjectError:
    with pytest.raises(ProjectError) as caught:
        cog(root, text, **files)
    return caught.value


def test_a_folder_with_a_cog_yaml_is_read_as_it_is(tmp_path: Path) -> None:
    project = cog(
        tmp_path,
        """
        build:
          python_version: 3.10
          python_packages:
            - numpy==2.1.0
            - "torch>=2"
          system_packages: [ffmpeg]
          gpu: true
        predict: "predict.py:Predictor"
        concurrency:
          max: 8
        environment:
          - NAME=value
          - EMPTY=
          - URL=http://x/?a=b
        """,
    )
    assert (project.kind, project.entry, project.python) == (ProjectKind.COG, "predict.py:Predictor", "3.10")
    assert project.dependencies == ("numpy==2.1.0", "torch>=2")
    assert (project.system_packages, project.gpu, project.options.concurrency) == (("ffmpeg",), True, 8)
    assert project.environ == {
        "NAME": "value",
        "EMPTY": "",
        "URL": "http://x/?a=b",
        ENTRY_VARIABLE: "predict.py:Predictor",
    }
    assert project.notes == ()


def test_the_newer_word_run_names_the_predictor_too(tmp_path: Path) -> None:
    assert cog(tmp_path, "run: predict.py:Predictor\n").entry == "predict.py:Predictor"
    assert cog(tmp_path, "run: predict.py\n").entry == "predict.py"


def test_keys_without_a_value_say_nothing(tmp_path: Path) -> None:
    text = "build:\n  python_packages:\n  run: null\n  system_packages: ~\n" + NAMED + "train:\n"
    assert cog(tmp_path, text).notes == ()


def test_a_predictor_may_be_in_a_folder_under_any_name(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "my-model.py").write_text(PREDICT)
    assert cog(tmp_path, "predict: ./code/my-model.py:Any_Name\n").entry == "code/my-model.py:Any_Name"


def test_a_patch_version_of_python_stands_for_its_minor_version(tmp_path: Path) -> None:
    assert cog(tmp_path, f"build: {{python_version: 3.11.4}}\n{NAMED}").python == "3.11"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "empty"),
        ("build: [1, 2", 1, "no valid YAML"),
        ("build:\n\tgpu: true\n", 2, "no valid YAML"),
        ("- predict\n", 1, "should be a mapping"),
        (NAMED + "predict: other\n", 2, "predict is set twice, first in line 1"),
        (NAMED + "predicts: x\n", 2, "predicts is not known (did you mean predict?)"),
        (NAMED + "build:\n  gpus: true\n", 3, "build.gpus is not known (did you mean gpu?)"),
        (NAMED + "build: yes\n", 2, "build should be a mapping of keys to values, not 'yes'"),
        (NAMED + "build:\n  gpu: maybe\n", 3, "build.gpu should be true or false, not 'maybe'"),
        (NAMED + 'build:\n  gpu: "true"\n', 3, "build.gpu should be true or false"),
        (NAMED + "build:\n  python_version: [3]\n", 3, "build.python_version should be"),
        (NAMED + "build:\n  python_version: three\n", 3, "not 'three'"),
        (NAMED + "build:\n  python_version: 2.7\n", 3, "not '2.7'"),
        (NAMED + "build:\n  python_packages: numpy\n", 3, "build.python_packages should be a list, not 'numpy'"),
        (NAMED + "build:\n  python_packages:\n    - numpy\n    - {a: 1}\n", 5, "a list of texts, not a mapping"),
        (NAMED + "build:\n  python_packages:\n    - numpy\n    - '=='\n", 5, "is no requirement"),
        (NAMED + "build:\n  python_packages:\n    - ./wheels/x.whl\n", 4, "file of the machine"),
        (NAMED + "build:\n  python_packages: [a]\n  python_requirements: b.txt\n", 3, "only one of them"),
        (NAMED + "build:\n  python_requirements: no.txt\n", 3, "names no.txt, which is not there"),
        (NAMED + "build:\n  python_requirements: ../r.txt\n", 3, "not in the model's folder"),
        (NAMED + "build:\n  run:\n    - [a]\n", 4, "list of commands"),
        (NAMED + "concurrency: 4\n", 2, "concurrency should be a mapping"),
        (NAMED + "concurrency:\n  max: 0\n", 3, "concurrency.max should be a whole number from 1"),
        (NAMED + "concurrency:\n  max: two\n", 3, "not 'two'"),
        (NAMED + "environment:\n  NAME: value\n", 3, "environment should be a list, not a mapping"),
        (NAMED + "environment:\n  - NAME\n", 3, "NAME=value"),
        (NAMED + "environment:\n  - 1A=b\n", 3, "NAME=value"),
        (NAMED + "environment:\n  - A=b\n  - PATH=/x\n", 4, "cannot set PATH"),
        (NAMED + "environment:\n  - A=b\n  - A=c\n", 4, "A twice"),
        (NAMED + "weights:\n  - source: hf://x\n", 2, "weights"),
        ("build: {}\n", 1, "neither predict nor run"),
        ("train: train.py:train\n", 1, "training only"),
        (NAMED + "run: predict.py:Predictor\n", 2, "only one of them"),
        ("predict: [predict.py]\n", 1, "predict should be"),
        ("predict: predict:Predictor\n", 1, "a file and a name"),
        ("predict: predict.py:1\n", 1, "a file and a name"),
        ("predict: /src/predict.py:Predictor\n", 1, "in the model's folder"),
        ("predict: ../predict.py:Predictor\n", 1, "in the model's folder"),
        ("build:\n  gpu: false\npredict: other.py:Predictor\n", 3, "other.py, which is not there"),
    ],
)
def test_a_mistake_is_told_with_its_file_and_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    error = mistake(tmp_path, text)
    assert (error.file, error.line) == ("cog.yaml", line)
    assert words in str(error)


def test_a_cog_yaml_that_is_too_big_or_too_deep_is_refused(tmp_path: Path) -> None:
    assert "over 262,144 bytes" in str(mistake(tmp_path, NAMED + "#" * 300_000))
    assert "too deep" in str(mistake(tmp_path, "build: " + "[" * 50_000))


@given(st.text(alphabet=":-[]{}&*!|>'\"#%@`, \n\tab10"))
def test_whatever_is_written_is_read_or_refused_in_words(text: str) -> None:
    with contextlib.suppress(ProjectError):
        parse(text, "cog.yaml").refuse_others(("a", "b"))


def test_requirements_come_from_their_file_as_pip_reads_it(tmp_path: Path) -> None:
    project = cog(
        tmp_path,
        f"build:\n  python_requirements: requirements.txt\n{NAMED}",
        requirements="""
            # what it needs
            --extra-index-url https://example.org/simple
            -f https://example.org/wheels.html
            --pre
            numpy >= 2 ; python_version >= "3.9"  # numbers
            torch==2.1.0 \\
                --hash=sha256:aaaa \\
                --hash=sha256:bbbb
            git+https://example.org/clip.git@v1#egg=clip
            git+https://example.org/nameless.git
            cog==0.9.4
            -r more.txt
            """,
        more="six\nnumpy >= 2 ; python_version >= '3.9'\n",
    )
    assert project.dependencies == (
        'numpy>=2; python_version >= "3.9"',
        "torch==2.1.0",
        "clip @ git+https://example.org/clip.git@v1",
        "six",
    )
    assert project.pip_lines == (
        "--extra-index-url https://example.org/simple",
        "--find-links https://example.org/wheels.html",
        "git+https://example.org/nameless.git",
    )
    notes = "\n".join(project.notes)
    assert "hashes" in notes
    assert "--pre" in notes
    assert "cog is not installed" in notes


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("-e .", "leave the line out"),
        (".", "file of the machine"),
        ("./x.tar.gz", "file of the machine"),
        ("-c constraints.txt", "option -c"),
        ("-r nowhere.txt", "not there"),
        ("-r requirements.txt", "more than 50 files"),
        ("https://${TOKEN}@example.org/x.whl", "variable"),
        ("numpy===", "no requirement"),
    ],
)
def test_a_line_of_a_requirements_file_that_cannot_be_had_is_named(tmp_path: Path, line: str, words: str) -> None:
    error = mistake(
        tmp_path, f"build:\n  python_requirements: requirements.txt\n{NAMED}", requirements=f"six\n{line}\n"
    )
    assert (error.file, error.line) == ("requirements.txt", 2)
    assert words in str(error)


def test_what_cog_brings_along_is_installed_where_the_model_imports_it(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "web.py").write_text("import requests\nfrom yaml import safe_load\n")
    (tmp_path / "unused.py").write_text("import pydantic\n")
    (tmp_path / "main.py").write_text("from tools.web import get\nimport os\n")
    text = "build:\n  python_packages: [{}]\npredict: main.py:Predictor\n"
    assert cog(tmp_path, text.format("")).dependencies == ("requests", "pyyaml")
    assert cog(tmp_path, text.format("Requests==2.32.0")).dependencies == ("Requests==2.32.0", "pyyaml")


@pytest.mark.parametrize(
    ("head", "decorator", "found"),
    [
        ("from cog import concurrent", "@concurrent(max=4)", 4),
        ("import cog", "@cog.concurrent(max=4)", 4),
        ("from cog import concurrent", "@concurrent", 2),
        ("from cog import concurrent; N = 4", "@concurrent(max=N)", 2),
    ],
)
def test_the_decorator_says_how_many_run_at_once(tmp_path: Path, head: str, decorator: str, found: int) -> None:
    code = f"{head}\nclass Runner:\n    {decorator}\n    async def run(self) -> str:\n        return ''\n"
    (tmp_path / "run.py").write_text(code)
    project = cog(tmp_path, "run: run.py:Runner\nconcurrency:\n  max: 2\n")
    assert project.options.concurrency == found
    unread = "run.py:3: @concurrent(max=N) is not read: write the number out, or into cog.yaml as concurrency.max"
    assert project.notes == ((unread,) if "N" in decorator else ())


@pytest.mark.parametrize(
    ("command", "packages", "lines"),
    [
        ("pip install dlib", ("dlib",), ()),
        ("pip3 install --no-cache-dir -U 'torch>=2' numpy==2.1.0", ("torch>=2", "numpy==2.1.0"), ()),
        (
            "python -m pip install a --extra-index-url https://example.org/b -f https://example.org/c",
            ("a",),
            ("--extra-index-url https://example.org/b", "--find-links https://example.org/c"),
        ),
        ("pip install git+https://example.org/a.git", (), ("git+https://example.org/a.git",)),
    ],
)
def test_what_a_plain_pip_install_names_is_installed(
    tmp_path: Path, command: str, packages: tuple[str, ...], lines: tuple[str, ...]
) -> None:
    project = cog(tmp_path, f'build:\n  run:\n    - "{command}"\n{NAMED}')
    assert (project.dependencies, project.pip_lines) == (packages, lines)
    assert project.notes == (f"cog.yaml:3: build.run: what `{command}` names is installed with the other packages",)


@pytest.mark.parametrize(
    "command",
    [
        "pip install .",
        "pip install /tmp/a",
        "pip install -r more.txt",
        "pip install a --no-build-isolation",
        "pip install a>=2",
        "pip install a && echo b",
        "pip install $A",
        "cd a && pip install b",
        "pip download a",
        "pip install 'a",
        "pip install",
    ],
)
def test_any_other_command_is_named_and_not_guessed_at(tmp_path: Path, command: str) -> None:
    project = cog(tmp_path, f'build:\n  run:\n    - "{command}"\n{NAMED}')
    assert (project.dependencies, project.pip_lines) == ((), ())
    assert "build.run is not run here" in project.notes[0]


def test_variables_may_refer_to_those_before_them(tmp_path: Path) -> None:
    text = NAMED + "environment:\n  - A=/data\n  - B=$A/b\n  - C=${A}x$B$D\n"
    environ = cog(tmp_path, text).environ
    assert (environ["B"], environ["C"]) == ("/data/b", "/datax/data/b$D")


def test_what_is_not_to_be_had_here_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text('import subprocess\nHOME = "/src/weights"\n')
    project = cog(
        tmp_path,
        """\
        image: r8.im/ada/cat
        build:
          cuda: "12.1"
          run:
            - pip install ./dlib
            - command: curl -o /usr/local/bin/pget https://example.org
              mounts: [{type: secret, id: a, target: /b}]
            - mkdir -p /data
          pre_install:
            - echo first
        predict: main.py:Predictor
        train: train.py:train
        """,
    )
    said = "\n".join(project.notes)
    for words in (
        "cog.yaml:1: image is ignored",
        "cog.yaml:3: build.cuda is ignored",
        "cog.yaml:5: build.run is not run here (`pip install ./dlib`): put what it installs into python_packages",
        "cog.yaml:6: build.run is not run here (`curl",
        "cog.yaml:8: build.run is not run here (`mkdir",
        "cog.yaml:10: build.pre_install is not run here",
        "cog.yaml:12: train is ignored: training is out of scope",
        "main.py:2: '/src/weights' is a path of Cog's images",
    ):
        assert words in said


def test_a_pyproject_for_other_tools_does_not_hide_the_cog_yaml(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.ruff]\nline-length = 100\n[project]\nname = "x"\n')
    assert cog(tmp_path, NAMED).kind is ProjectKind.COG
    (tmp_path / "pyproject.toml").write_text("[tool.augury]\nconcurrency = 3\n")
    project = cog(tmp_path, NAMED)
    assert (project.kind, project.options.concurrency) == (ProjectKind.FOLDER, 3)


def names(project: Project) -> list[str]:
    return [item.name for item in contents(project)]


def test_a_cog_model_has_what_cogs_image_would_have(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*.bin\n")
    (tmp_path / ".dockerignore").write_text("# not these\n/data\n**/*.tmp\ncog.yaml\nout?.png\n!data/keep\n")
    for name in (
        ".cog/tmp/x",
        "weights.bin",
        "a.tmp",
        "data/lost",
        "data/keep/it",
        "deep/b.tmp",
        "out1.png",
        "out12.png",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    project = cog(tmp_path, NAMED)
    ours = [".dockerignore", ".gitignore", "cog.yaml"]
    assert names(project) == [*ours, "data/keep/it", "out12.png", "predict.py", "weights.bin"]
    (tmp_path / ".auguryignore").write_text("weights.bin\n!deep/b.tmp\n")
    assert names(project) == [*ours, "data/keep/it", "deep/b.tmp", "out12.png", "predict.py"]


def test_docker_patterns_that_leave_out_everything_but_a_few_work(tmp_path: Path) -> None:
    (tmp_path / ".dockerignore").write_text("*\n!predict.py\n!src/**/*.py\n[a-\n")
    for name in ("a/b/c", "src/x/y.py", "src/z.py", "src/no.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    assert names(cog(tmp_path, NAMED)) == ["cog.yaml", "predict.py", "src/x/y.py", "src/z.py"]
