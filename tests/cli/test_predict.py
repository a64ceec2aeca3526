"""`augury predict`: values, outputs, files, failures and Ctrl+C, against a running server."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

from tests.cli.commands import Augury, write_model
from tests.support.signals import until

ECHO = """
from typing import Any
from augury import File

def predict(
    text: str = "",
    number: int | str = 0,
    flag: bool = False,
    names: list[str] = [],
    options: dict[str, Any] = {},
    maybe: int | None = None,
    file: File | None = None,
) -> dict[str, Any]:
    return {
        "text": text, "number": number, "flag": flag, "names": names, "options": options, "maybe": maybe,
        "file": None if file is None else [open(file).read(), file.content_type],
    }
"""


@pytest.fixture(scope="module")
def echo() -> list[str]:
    """Where the model of this module is noted once it is published."""
    return []


@pytest.fixture(autouse=True)
def published(echo: list[str], augury: Augury, tmp_path: Path) -> None:
    """The model of this module, published once."""
    if not echo:
        echo.append(augury.done("push", write_model(tmp_path / "echo", ECHO), "echo").out.strip())


@pytest.mark.parametrize(
    ("given", "name", "value"),
    [
        ("text=hello there", "text", "hello there"),
        ("text=5", "text", "5"),
        ("text=null", "text", "null"),
        ("text=a=b", "text", "a=b"),
        ("text=", "text", ""),
        ("text=@nobody", "text", "@nobody"),
        ("number=5", "number", 5),
        ("number=five", "number", "five"),
        ("number=123456789012345678901234567890", "number", 123456789012345678901234567890),
        ("flag=true", "flag", True),
        ('names=["a", "b"]', "names", ["a", "b"]),
        ("names=a", "names", ["a"]),
        ('options={"x": [1, null]}', "options", {"x": [1, None]}),
        ("maybe=null", "maybe", None),
        ("maybe=-3", "maybe", -3),
    ],
)
def test_a_value_is_json_where_it_is_of_the_type_and_text_otherwise(
    augury: Augury, given: str, name: str, value: object
) -> None:
    assert augury.done("predict", "owner/echo", "-i", given).json[name] == value


def test_a_list_is_given_item_by_item(augury: Augury) -> None:
    assert augury.done("predict", "echo", "-i", "names=a", "-i", "names=2").json["names"] == ["a", "2"]


def test_a_file_is_sent_with_its_content_type(augury: Augury, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<p>hello</p>")
    assert augury.done("predict", "echo", "-i", "file=@page.html").json["file"] == ["<p>hello</p>", "text/html"]


@pytest.mark.parametrize(
    "given", ["texd=1", "text", "=5", "text=1 -i text=2", "file=@not-there.png"], ids=lambda given: given
)
def test_what_is_no_input_is_wrong_usage(augury: Augury, given: str) -> None:
    ran = augury("predict", "echo", "-i", *given.split(" "))
    assert (ran.code, ran.out) == (2, "")


@pytest.mark.parametrize("name", ["a/b/c", "owner/echo:one", "owner/echo:", "/", "UPPER CASE"])
def test_a_reference_that_is_none_is_wrong_usage(augury: Augury, name: str) -> None:
    ran = augury("predict", name)
    assert (ran.code, ran.out) == (2, "")


def test_a_slip_in_a_name_is_answered_with_the_right_one(augury: Augury) -> None:
    assert "did you mean text?" in augury("predict", "echo", "-i", "texd=1").err


@pytest.mark.parametrize("name", ["owner/nobody", "owner/echo:99"])
def test_a_model_or_version_that_is_not_there_is_a_failed_request(augury: Augury, name: str) -> None:
    ran = augury("predict", name)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err


def test_a_value_of_the_wrong_type_fails_and_says_where(augury: Augury) -> None:
    ran = augury("predict", "echo", "-i", "flag=perhaps")
    assert (ran.code, ran.out) == (1, "")
    assert "perhaps" in ran.err
    assert "input.flag: " in ran.err


def test_nothing_but_the_output_reaches_a_pipe(augury: Augury) -> None:
    ran = augury.done("predict", "echo", "-i", "text=x")
    assert "\x1b" not in ran.out + ran.err
    assert ran.json["text"] == "x"


def test_a_terminal_is_shown_the_state_and_keeps_the_output(augury: Augury, tmp_path: Path) -> None:
    code = "import threading\ndef predict(s: float) -> str:\n    threading.Event().wait(s)\n    return 'rested'\n"
    augury.done("push", write_model(tmp_path, code), "rest")
    drawn = augury.on_terminal("predict", "rest", "-i", "s=1.2")
    assert drawn.code == 0
    assert "started: predict() is running" in drawn.out
    assert re.search(r"0:00:0\d", drawn.out)
    assert "rested" in drawn.out
    assert "succeeded" in drawn.out


def test_a_failed_prediction_exits_with_1_and_its_traceback_on_stderr(augury: Augury, tmp_path: Path) -> None:
    code = "def predict(n: int) -> float:\n    print('dividing')\n    return 1 / n\n"
    augury.done("push", write_model(tmp_path, code), "divide")
    ran = augury("predict", "divide", "-i", "n=0")
    assert (ran.code, ran.out) == (1, "")
    assert "ZeroDivisionError" in ran.err
    assert "line 3" in ran.err
    assert "dividing" in ran.err
    found = augury("predict", "divide", "-i", "n=0", "--json")
    assert found.code == 1
    assert found.json["status"] == "failed"


def test_a_whole_prediction_is_given_as_json(augury: Augury) -> None:
    found = augury.done("predict", "echo:1", "-i", "text=x", "--json").json
    assert found["status"] == "succeeded"
    assert found["model"] == {"owner": "owner", "name": "echo", "version_number": 1}
    assert found["output"]["text"] == "x"


def test_without_waiting_the_id_is_all_that_is_printed(augury: Augury) -> None:
    made = augury.done("predict", "echo", "-i", "text=later", "--no-wait").out.strip()
    found = until(
        lambda: (one := augury.done("predictions", "show", made, "--json").json)["status"] == "succeeded" and one,
        "the prediction ends",
    )
    assert found
    assert found["output"]["text"] == "later"


def test_files_of_the_output_are_saved(augury: Augury, tmp_path: Path) -> None:
    code = """
    from pathlib import Path
    from typing import TypedDict
    from augury import File

    class Result(TypedDict):
        pages: list[File]
        note: str

    def predict() -> Result:
        for number in (1, 2):
            Path(f"p{number}.txt").write_text(f"page {number}")
        return {"pages": [File("p1.txt"), File("p2.txt")], "note": "../../etc"}
    """
    augury.done("push", write_model(tmp_path, code), "pages")
    out = tmp_path / "saved"
    found = augury.done("predict", "pages", "--out", out).json
    assert found["note"] == "../../etc"
    assert [Path(one).read_text() for one in found["pages"]] == ["page 1", "page 2"]
    assert {Path(one).parent for one in found["pages"]} == {out}
    again = augury.done("predict", "pages", "--out", out).json
    assert len(list(out.iterdir())) == 4
    assert set(again["pages"]).isdisjoint(found["pages"])


def test_a_prediction_that_somebody_cancels_is_told(augury: Augury, tmp_path: Path) -> None:
    code = "import threading\ndef predict() -> int:\n    threading.Event().wait()\n"
    augury.done("push", write_model(tmp_path, code), "sleeper")
    with augury.start("predict", "sleeper") as process:
        shown = until(lambda: augury.done("predictions", "--status", "started", "--json").json, "it runs", deadline=20)
        augury.done("predictions", "cancel", shown[0]["id"])
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (1, "")
    assert f"prediction {shown[0]['id']} cancelled" in err


def test_an_interrupt_cancels_the_prediction(augury: Augury, tmp_path: Path) -> None:
    running = tmp_path / "running"
    code = f"""
    import threading
    def predict() -> int:
        open({str(running)!r}, "w").close()
        threading.Event().wait()
    """
    augury.done("push", write_model(tmp_path, code), "endless")
    with augury.start("predict", "endless") as process:
        until(running.exists, "predict() runs", deadline=20)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err
    made = re.search(r"cancelled (\S+)", err)
    assert made
    until(
        lambda: augury.done("predictions", "show", made[1], "--json").json["status"] == "cancelled",
        "the prediction is cancelled",
    )
