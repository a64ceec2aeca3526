"""What comes while a prediction goes on: its items, its log, its state; and what was sent of it elsewhere."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests.cli.commands import Augury, write_model
from tests.support.receiver import receiving
from tests.support.signals import until

SPEAKER = """
import os, time
from typing import Any, Iterator
import augury

print("getting ready")

def predict(items: list[Any] = [], until: str = "", fail: bool = False) -> Iterator[Any]:
    for number, item in enumerate(items):
        print("saying", item)
        augury.progress((number + 1) / len(items))
        yield item
    while until and not os.path.exists(until):
        time.sleep(0.01)
    if fail:
        raise ValueError("enough")
"""


@pytest.fixture(scope="module")
def published() -> list[str]:
    """Where the model of this module is noted once it is published."""
    return []


@pytest.fixture(autouse=True)
def speaker(published: list[str], augury: Augury, tmp_path: Path) -> None:
    """The model of this module, published once."""
    if not published:
        published.append(augury.done("push", write_model(tmp_path / "speaker", SPEAKER), "speaker").out.strip())


def test_text_is_printed_as_it_comes_and_nothing_between(augury: Augury, tmp_path: Path) -> None:
    go = tmp_path / "go"
    command = augury.command(
        "predict", "speaker", "--stream", "-i", 'items=["Hel", "lo\\u2028", "!"]', "-i", f"until={go}"
    )
    process = subprocess.Popen(command, env=augury.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    out = b""
    while not out.endswith(b"!"):
        out += os.read(process.stdout.fileno(), 100)
    assert process.poll() is None
    go.touch()
    rest, err = process.communicate(timeout=20)
    assert (out + rest).decode() == "Hello\u2028!"
    assert process.returncode == 0
    assert b"succeeded" in err


def test_other_items_are_lines_of_json(augury: Augury) -> None:
    done = augury.done("predict", "speaker", "--stream", "-i", 'items=[1, {"a": null}, [true]]')
    assert [json.loads(line) for line in done.out.splitlines()] == [1, {"a": None}, [True]]


def test_a_local_run_prints_items_as_they_come(augury: Augury, tmp_path: Path) -> None:
    go = tmp_path / "go"
    path = write_model(tmp_path / "local", SPEAKER)
    process = augury.start("run", path, "--stream", "-i", 'items=["a", 1]', "-i", f"until={go}")
    assert process.stdout is not None
    assert [process.stdout.readline(), process.stdout.readline()] == ["a\n", "1\n"]
    assert process.poll() is None
    go.touch()
    rest, err = process.communicate(timeout=20)
    assert (process.returncode, rest) == (0, ""), err


def test_a_local_run_that_nobody_reads_on_ends_quietly(augury: Augury, tmp_path: Path) -> None:
    path = write_model(tmp_path / "local", SPEAKER.replace('print("saying", item)', ""))
    items = json.dumps(["x" * 1000] * 100)
    process = augury.start("run", path, "--stream", "-i", f"items={items}", "-i", f"until={tmp_path / 'never'}")
    assert process.stdout is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr:
        err = process.stderr.read()
    assert process.wait(20) == 141, err
    assert "Traceback" not in err


def test_as_json_every_event_is_a_line(augury: Augury) -> None:
    done = augury.done("predict", "speaker", "--stream", "--json", "-i", 'items=["a"]')
    events = [json.loads(line) for line in done.out.splitlines()]
    assert [(event["id"], event["event"]) for event in events] == [("1", "init"), ("2", "output"), ("3", "done")]


def test_a_stream_that_fails_prints_what_came_and_exits_with_1(augury: Augury) -> None:
    failed = augury("predict", "speaker", "--stream", "-i", 'items=["so far"]', "-i", "fail=true")
    assert (failed.code, failed.out) == (1, "so far")
    assert "enough" in failed.err


def test_interrupting_a_stream_cancels_its_prediction(augury: Augury, tmp_path: Path) -> None:
    command = augury.command("predict", "speaker", "--stream", "-i", 'items=["a"]', "-i", f"until={tmp_path / 'never'}")
    process = subprocess.Popen(command, env=augury.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert os.read(process.stdout.fileno(), 10) == b"a"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert _status(augury, _cancelled(err.decode())) == "cancelled"


def test_closing_the_pipe_cancels_its_prediction_and_shows_no_traceback(augury: Augury) -> None:
    items = json.dumps(["x" * 1000] * 110)
    command = augury.command("predict", "speaker", "--stream", "-i", f"items={items}", "-i", "until=/nowhere")
    process = subprocess.Popen(command, env=augury.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.read(10) == b"x" * 10
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr:
        err = process.stderr.read().decode()
    assert process.wait(20) == 141, err
    assert "Traceback" not in err
    assert "ignored" not in err
    assert _status(augury, _cancelled(err)) == "cancelled"


@pytest.mark.parametrize("follow", [(), ("--follow",)])
def test_a_log_that_nobody_reads_on_ends_quietly(augury: Augury, follow: tuple[str, ...]) -> None:
    items = json.dumps([f"{number} " + "x" * 400 for number in range(300)])
    made = augury.done("predict", "speaker", "--json", "-i", f"items={items}").json["id"]
    process = augury.start("predictions", "logs", made, *follow)
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdout, process.stderr:
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
    assert (process.wait(20), err) == (141, "")


def test_an_item_of_json_begins_a_line_and_text_is_untouched_in_a_pipe(augury: Augury) -> None:
    given = ["a", {"b": 1}, "\x1b]0;c\x07"]
    done = augury.done("predict", "speaker", "--stream", "-i", f"items={json.dumps(given)}")
    assert done.out == 'a\n{"b": 1}\n\x1b]0;c\x07'


@pytest.mark.parametrize("option", [(), ("--stream",)])
def test_what_a_model_writes_cannot_command_a_terminal(augury: Augury, option: tuple[str, ...]) -> None:
    given = ["\x1b]0;title\x07", "\x9b31m", "a\tb"]
    drawn = augury.on_terminal("predict", "speaker", *option, "-i", f"items={json.dumps(given)}").out
    assert "\x1b]0;" not in drawn
    assert "\x9b" not in drawn


def test_files_in_a_stream_are_saved(augury: Augury, tmp_path: Path) -> None:
    uri = "data:text/plain;base64,aGVsbG8="
    given = json.dumps(["text", uri, {"file": uri}])
    done = augury.done("predict", "speaker", "--stream", "--out", tmp_path / "kept", "-i", f"items={given}")
    text, first, second = done.out.splitlines()
    assert text == "text"
    assert Path(first).read_text() == "hello"
    assert Path(json.loads(second)["file"]).read_text() == "hello"
    assert len(list((tmp_path / "kept").iterdir())) == 2


def test_a_person_sees_state_until_the_first_item_of_a_stream(augury: Augury, tmp_path: Path) -> None:
    go = tmp_path / "go"
    command = augury.command("predict", "speaker", "--stream", "-i", "items=[]", "-i", f"until={go}")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(command, env=augury.environment(), stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    seen = ""
    while "started: predict() is running" not in seen:
        seen += os.read(ours, 4096).decode(errors="replace")
    go.touch()
    out, _ = process.communicate(timeout=20)
    os.close(ours)
    assert (process.returncode, out) == (0, b"")


def test_a_person_sees_state_progress_and_the_last_line_of_the_log(augury: Augury, tmp_path: Path) -> None:
    go = tmp_path / "go"
    command = augury.command("predict", "speaker", "-i", "items=[1, 2]", "-i", f"until={go}")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(command, env=augury.environment(), stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    seen = ""
    while "saying 2" not in seen:
        seen += os.read(ours, 4096).decode(errors="replace")
    assert "started: predict() is running" in seen
    go.touch()
    out, _ = process.communicate(timeout=20)
    os.close(ours)
    assert json.loads(out) == [1, 2]


def test_a_log_is_printed_and_followed(augury: Augury, tmp_path: Path) -> None:
    go = tmp_path / "go"
    prediction = augury.done("predict", "speaker", "--no-wait", "-i", "items=[1]", "-i", f"until={go}").out.strip()
    command = augury.command("predictions", "logs", prediction, "--follow")
    process = subprocess.Popen(command, env=augury.environment(), stdout=subprocess.PIPE)
    assert process.stdout is not None
    followed = b""
    while b"saying 1" not in followed:
        followed += os.read(process.stdout.fileno(), 1000)
    assert process.poll() is None
    go.touch()
    rest, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    printed = augury.done("predictions", "logs", prediction).out
    assert (followed + rest).decode() == printed
    time, phase, stream, text = printed.splitlines()[-1].split("\t")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT.*Z", time)
    assert (phase, stream, text) == ("run", "stdout", "saying 1")
    lines = augury.done("predictions", "logs", prediction, "--json").out.splitlines()
    assert json.loads(lines[-1])["text"] == "saying 1"


def test_a_cold_start_is_followed_from_its_setup_on(augury: Augury, tmp_path: Path) -> None:
    go = tmp_path / "go"
    code = f"""
    import os, time

    class Predictor:
        def setup(self):
            print("loading")
            while not os.path.exists({str(go)!r}):
                time.sleep(0.01)

        def predict(self) -> int:
            print("running")
            return 1
    """
    augury.done("push", write_model(tmp_path / "cold", code), "cold")
    made = augury.done("predict", "cold", "--no-wait").out.strip()
    process = augury.start("predictions", "logs", made, "--follow")
    assert process.stdout is not None
    assert process.stdout.readline().split("\t")[1:] == ["setup", "stdout", "loading\n"]
    assert process.poll() is None
    go.touch()
    rest, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    assert rest.split("\t")[1:] == ["run", "stdout", "running\n"]


def test_what_a_prediction_holds_is_deleted(augury: Augury) -> None:
    prediction = augury.done("predict", "speaker", "--json", "-i", "items=[1]").json["id"]
    augury.done("predictions", "delete", prediction, "--yes")
    found = augury.done("predictions", "show", prediction, "--json").json
    assert (found["status"], found["input"], found["output"]) == ("succeeded", None, None)
    gone = augury("predictions", "logs", prediction)
    assert gone.code == 1
    assert "removed" in gone.err


def test_a_webhook_is_told_and_told_again(augury: Augury, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hush\n")
    with receiving() as receiver:
        made = augury.done(
            "predict",
            "speaker",
            "--json",
            "-i",
            "items=[1]",
            "--webhook",
            receiver.url,
            "--webhook-secret-file",
            secret,
        ).json
        until(lambda: _states(augury, made["id"]) == {"delivered"}, "everything is delivered")
        rows = augury.done("webhooks", "list", made["id"]).rows
        assert rows[-1][1:5] == ["succeeded", "delivered", "1", "200"]
        augury.done("webhooks", "redeliver", rows[-1][0])
        until(lambda: augury.done("webhooks", "list", made["id"]).rows[-1][3] == "2", "it is sent again")


def test_a_prediction_that_takes_longer_than_it_may_is_ended(augury: Augury, tmp_path: Path) -> None:
    never = f"until={tmp_path / 'never'}"
    ended = augury("predict", "speaker", "-i", "items=[]", "-i", never, "--cancel-after", "1.5")
    assert ended.code == 1
    assert "Cancel-After" in ended.err


def test_the_same_key_again_makes_no_second_prediction(augury: Augury) -> None:
    command = ("predict", "speaker", "--no-wait", "-i", "items=[1]", "--idempotency-key", "only-once")
    first = augury.done(*command).out
    assert augury.done(*command).out == first
    other = augury.done("predict", "speaker", "--no-wait", "-i", "items=[1]").out
    assert other != first


def test_a_prediction_that_runs_is_shown_with_its_progress(augury: Augury, tmp_path: Path) -> None:
    go = tmp_path / "go"
    made = augury.done("predict", "speaker", "--no-wait", "-i", "items=[1]", "-i", f"until={go}").out.strip()
    until(lambda: "progress\t100%" in augury.done("predictions", "show", made).out, "the progress is shown")
    go.touch()
    until(lambda: "status\tsucceeded" in augury.done("predictions", "show", made).out, "it ends")
    assert "progress\t" not in augury.done("predictions", "show", made).out


def _cancelled(err: str) -> str:
    found = re.search(r"cancelled ([0-9a-f-]{36})", err)
    assert found is not None, err
    return found[1]


def _status(augury: Augury, prediction: str) -> str:
    def look() -> str | None:
        status = augury.done("predictions", "show", prediction, "--json").json["status"]
        return status if status in ("succeeded", "failed", "cancelled") else None

    found = until(look, "it ends")
    assert found is not None
    return found


def _states(augury: Augury, prediction: str) -> set[str]:
    found = augury.done("webhooks", "list", prediction, "--json").json
    return {one["state"] for one in found if one["status"] == "succeeded"}
