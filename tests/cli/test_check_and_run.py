"""`augury check` and `augury run`: a model on this machine, without any server."""

from __future__ import annotations

import os
import signal
import textwrap
from pathlib import Path

import pytest

from tests.cli.commands import Augury, write_model
from tests.support.server import descendants
from tests.support.signals import until

CHOOSY = """
from typing import Annotated, Literal
from augury import Input

def predict(
    text: Annotated[str, Input(description="What to say", min_length=1)],
    times: Annotated[int, Input(ge=1, le=9)] = 2,
    mood: Literal["calm", "loud"] = "calm",
) -> list[str]:
    print("about to speak")
    return [text.upper() if mood == "loud" else text] * times
"""


def test_check_shows_the_inputs_and_the_output(alone: Augury, tmp_path: Path) -> None:
    ran = alone.done("check", write_model(tmp_path, CHOOSY))
    assert [row[:3] for row in ran.rows] == [
        ["text", "string (length ≥ 1)", "(required)"],
        ["times", "integer (≥ 1, ≤ 9)", "2"],
        ["mood", '"calm" | "loud"', '"calm"'],
        ["→ output", "list of string", ""],
    ]
    assert "What to say" in ran.out
    assert "predict.py:predict" in ran.err


def test_check_gives_the_schemas_to_programs(alone: Augury, tmp_path: Path) -> None:
    found = alone.done("check", write_model(tmp_path, CHOOSY), "--json").json
    assert found["entry"] == "predict.py:predict"
    assert found["schemas"]["input"]["properties"]["times"]["maximum"] == 9
    assert found["bundle"]["files"] == 1
    assert found["setup_seconds"] is None


WRITER = """
# /// script
# [tool.augury.compatibilities]
# openai_responses = false
# openai_embeddings = true
# ///
def predict(prompt: str) -> str:
    return prompt
"""


def test_check_says_what_other_apis_the_model_will_be_offered_through(alone: Augury, tmp_path: Path) -> None:
    offered = ["openai_chat_completions", "openai_embeddings", "anthropic_messages"]
    path = write_model(tmp_path, WRITER)
    assert f"offers: {', '.join(offered)}\n" in alone.done("check", path).err
    assert alone.done("check", path, "--json").json["offers"] == offered


def test_check_says_nothing_of_other_apis_where_there_are_none(alone: Augury, tmp_path: Path) -> None:
    path = write_model(tmp_path, CHOOSY)
    assert "offers" not in alone.done("check", path).err
    assert alone.done("check", path, "--json").json["offers"] == []


def test_a_model_that_gets_batches_is_shown_as_its_callers_see_it_and_run_without_waiting(
    alone: Augury, tmp_path: Path
) -> None:
    batched = """
        # /// script
        # tool.augury.batch = {max_size = 8, max_wait = 3600}
        # ///
        from typing import Annotated
        from augury import Input
        def predict(text: list[str], times: Annotated[list[int], Input(ge=1, default=2)]) -> list[str]:
            return [one * many for one, many in zip(text, times)]
        """
    model = write_model(tmp_path, textwrap.dedent(batched))
    assert [row[:3] for row in alone.done("check", model).rows] == [
        ["text", "string", "(required)"],
        ["times", "integer (≥ 1)", "2"],
        ["→ output", "string", ""],
    ]
    assert alone.done("run", model, "-i", "text=ab").out.strip() == '"abab"'


def test_check_alone_does_not_run_setup_and_with_start_does(alone: Augury, tmp_path: Path) -> None:
    model = """
    class Predictor:
        def setup(self):
            raise OSError("the weights are not there")
        def predict(self) -> int:
            return 1
    """
    path = write_model(tmp_path, model)
    assert alone("check", path).code == 0
    ran = alone("check", path, "--start")
    assert (ran.code, ran.out) == (1, "")
    assert "predict.py:3" in ran.err
    assert "the weights are not there" in ran.err


@pytest.mark.parametrize(
    ("setup", "said"),
    [("import os; os._exit(3)", "code 3"), ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "signal 11")],
)
def test_a_setup_that_ends_the_process_is_told_as_that(alone: Augury, tmp_path: Path, setup: str, said: str) -> None:
    code = f"class Predictor:\n    def setup(self):\n        {setup}\n    def predict(self) -> int:\n        return 1\n"
    ran = alone("check", write_model(tmp_path, code), "--start")
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err
    assert "setup" in ran.err


def test_a_setup_over_its_limit_is_ended(alone: Augury, tmp_path: Path) -> None:
    path = write_model(
        tmp_path,
        """
        # /// script
        # [tool.augury]
        # setup_timeout = "0.5s"
        # ///
        import threading
        class Predictor:
            def setup(self):
                threading.Event().wait()
            def predict(self) -> int:
                return 1
        """,
    )
    ran = alone("check", path, "--start")
    assert (ran.code, ran.out) == (1, "")
    assert "limit of 0.5 s" in ran.err


def test_a_model_that_starts_says_how_long_it_took(alone: Augury, tmp_path: Path) -> None:
    found = alone.done("check", write_model(tmp_path, CHOOSY), "--start", "--json").json
    assert 0 < found["setup_seconds"] < 10


def test_run_gives_the_output_to_stdout_and_the_log_to_stderr(alone: Augury, tmp_path: Path) -> None:
    ran = alone.done("run", write_model(tmp_path, CHOOSY), "-i", "text=hi", "-i", "mood=loud")
    assert ran.json == ["HI", "HI"]
    assert "about to speak" in ran.err
    assert "about to speak" not in ran.out


def test_run_gives_text_as_json(alone: Augury, tmp_path: Path) -> None:
    path = write_model(tmp_path, "def predict(name: str) -> str:\n    return 'Hi ' + name\n")
    assert alone.done("run", path, "-i", "name=Ada").out == '"Hi Ada"\n'


def test_run_refuses_what_does_not_fit_before_a_worker_is_started(alone: Augury, tmp_path: Path) -> None:
    path = write_model(tmp_path, CHOOSY)
    ran = alone("run", path, "-i", "times=12")
    assert (ran.code, ran.out) == (1, "")
    assert "times" in ran.err
    assert "text" in ran.err
    assert "about to speak" not in ran.err


def test_run_shows_where_a_model_failed(alone: Augury, tmp_path: Path) -> None:
    path = write_model(tmp_path, "def predict(n: int) -> float:\n    return 1 / n\n")
    ran = alone("run", path, "-i", "n=0")
    assert (ran.code, ran.out) == (1, "")
    assert "division by zero" in ran.err
    assert "line 2" in ran.err


def test_run_survives_a_model_that_ends_its_process(alone: Augury, tmp_path: Path) -> None:
    path = write_model(tmp_path, "import os\ndef predict() -> int:\n    os._exit(9)\n")
    ran = alone("run", path)
    assert (ran.code, ran.out) == (1, "")
    assert "exited with code 9 during predict()" in ran.err


@pytest.mark.parametrize(
    "body",
    [
        "threading.Event().wait()",
        "while True:\n        try:\n            threading.Event().wait(9)\n        except BaseException: pass",
    ],
)
def test_run_ends_a_prediction_over_its_limit(alone: Augury, tmp_path: Path, body: str) -> None:
    options = '# /// script\n# [tool.augury]\n# run_timeout = "0.3s"\n# ///\n'
    path = write_model(tmp_path, f"{options}import threading\ndef predict() -> int:\n    {body}\n")
    ran = alone("run", path, cancel_grace="0.5")
    assert (ran.code, ran.out) == (1, "")
    assert "limit of 0.3 s" in ran.err


def test_only_what_would_be_packed_is_there(alone: Augury, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    write_model(
        folder,
        """
        from pathlib import Path
        def predict() -> bool:
            return Path(__file__).with_name("secret.env").exists()
        """,
    )
    (folder / "secret.env").write_text("KEY=1")
    assert alone.done("run", folder).json is True
    (folder / ".auguryignore").write_text("secret.env\n")
    assert alone.done("run", folder).json is False


def test_the_model_does_not_see_the_settings_and_secrets_of_the_command(alone: Augury, tmp_path: Path) -> None:
    path = write_model(tmp_path, "import os\ndef predict() -> list[str]:\n    return sorted(os.environ)\n")
    names = alone.done("run", path, token="aug_secret").json
    assert not [name for name in names if name.startswith("AUGURY_") and name != "AUGURY_WORKER_ID"]


def test_an_interrupt_ends_the_worker_too(alone: Augury, tmp_path: Path) -> None:
    running = tmp_path / "running"
    code = f"""
    import threading
    def predict() -> int:
        open({str(running)!r}, "w").close()
        threading.Event().wait()
    """
    with alone.start("run", write_model(tmp_path, code)) as process:
        until(running.exists, "predict() runs", deadline=20)
        family = descendants(process.pid)
        assert family
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err
    until(lambda: not any(_lives(pid) for pid in family), "the worker is gone")


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()


VARIABLES = """
import os
def predict(names: list[str]) -> list[str]:
    return [os.environ.get(name, "-") for name in names]
"""


def test_run_gives_the_model_variables(alone: Augury, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Of the environment that the command itself has, the model gets nothing.
    monkeypatch.setenv("OTHER", "mine")
    path = write_model(tmp_path, VARIABLES)
    wanted = ["-i", 'names=["GREETING", "EMPTY", "SUM", "OTHER"]']
    ran = alone.done("run", path, *wanted, "-e", "GREETING=Grüß dich", "--env", "EMPTY=", "--env", "SUM=1+1=2")
    assert ran.json == ["Grüß dich", "", "1+1=2", "-"]
    assert alone.done("run", path, *wanted).json == ["-"] * 4


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["-e", "hidden"], "--env number 1 is not KEY=VALUE"),
        (["-e", "A=hidden", "-e", "=hidden"], "A key is the name of an environment variable"),
        (["-e", "1A=hidden"], "A key is the name of an environment variable"),
        (["-e", "PATH=hidden"], "PATH is the platform's to set"),
        (["-e", "PYTHONPATH=hidden"], "PYTHONPATH is the platform's to set"),
        (["-e", "A=hidden", "-e", "A=hidden"], "A is given twice"),
        (["-e", "A=" + "hidden" * 6_000], "A: its value has 36,000 bytes; 32,768 are allowed"),
        (
            [text for number in range(101) for text in ("-e", f"A{number}=hidden")],
            "a version has at most 100 variables",
        ),
    ],
)
def test_a_variable_that_no_server_would_take_is_refused_and_its_value_not_shown(
    alone: Augury, tmp_path: Path, given: list[str], words: str
) -> None:
    ran = alone("run", write_model(tmp_path, VARIABLES), "-i", "names=[]", *given)
    assert ran.code == 2
    assert words in " ".join(ran.err.replace("│", " ").split())
    assert "hidden" not in ran.err
    assert ran.out == ""
