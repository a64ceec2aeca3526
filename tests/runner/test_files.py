"""Files in and out of a prediction in a real worker."""

from __future__ import annotations

import base64
from pathlib import Path

from tests.runner.driver import Worker

MODEL = """
    import os
    from typing import Any, Optional
    from augury import File
    def predict(file: File, note: str = "") -> dict:
        with open(file, "rb") as opened:
            content = opened.read().decode()
        return {"content": content, "name": file.name, "type": file.content_type, "path": str(file), "note": note,
                "inside": os.path.commonpath([os.getcwd(), str(file)]) == os.getcwd()}
"""


def test_a_file_input_is_a_local_file_that_is_gone_afterwards(tmp_path: Path) -> None:
    with Worker(tmp_path, MODEL) as worker:
        worker.ready()
        seen = worker.output("p", file="data:text/csv;name=a.csv,1%2C2", note="http://127.0.0.1:1/stays-a-text")
        path = seen.pop("path")
        assert seen == {
            "content": "1,2", "name": "a.csv", "type": "text/csv", "inside": True,
            "note": "http://127.0.0.1:1/stays-a-text",
        }  # fmt: skip
        assert not Path(path).exists()


def test_a_file_that_cannot_be_had_fails_the_prediction_and_names_the_input(tmp_path: Path) -> None:
    with Worker(tmp_path, MODEL) as worker:
        worker.ready()
        for text, why in (("http://127.0.0.1:1/x", "not a public address"), ("data:;base64,!", "invalid base64")):
            done = worker.predict(text, file=text)
            assert (done.outcome, done.type, done.seconds, done.traceback) == ("failed", "InputError", None, [])
            assert done.message is not None
            assert done.message.startswith("input.file: ")
            assert why in done.message


def test_allowed_networks_come_with_load(tmp_path: Path) -> None:
    with Worker(tmp_path, MODEL, fetch_allow=["127.0.0.0/8"]) as worker:
        worker.ready()
        assert "cannot be reached" in (worker.predict("p", file="http://127.0.0.1:1/x").message or "")


def test_an_async_model_gets_its_files_too(tmp_path: Path) -> None:
    source = MODEL.replace("def predict", "async def predict").replace(
        "os.path.commonpath([os.getcwd(), str(file)]) == os.getcwd()", "True"
    )
    with Worker(tmp_path, source, slots=3, fetch_allow=["127.0.0.0/8"]) as worker:
        worker.ready()
        assert worker.output("p", file="data:,abc")["content"] == "abc"
        assert "input.file: " in (worker.predict("q", file="http://127.0.0.1:1/x").message or "")
        assert all(not any(one.iterdir()) for one in worker.scratch.iterdir())


OUTPUTS = """
    import augury
    from augury import File
    def predict(how: str) -> list[File]:
        path = augury.scratch() / "picture.png"
        if how == "folder":
            path.mkdir()
        elif how != "missing":
            path.write_bytes(b"PNG" * (1 if how == "small" else 100_000))
        return [File(path), File(path, name="x.txt", content_type="text/x-own")]
"""


def test_output_files_become_data_uris_with_their_type(tmp_path: Path) -> None:
    with Worker(tmp_path, OUTPUTS) as worker:
        worker.ready()
        content = base64.b64encode(b"PNG").decode()
        assert worker.output("p", how="small") == [
            "data:image/png;base64," + content,
            "data:text/x-own;base64," + content,
        ]


def test_an_output_file_that_is_none_or_too_big_fails_with_its_place(tmp_path: Path) -> None:
    with Worker(tmp_path, OUTPUTS, max_output=200_000) as worker:
        worker.ready()
        for how, why in (("missing", "no file"), ("folder", "no file"), ("big", "has 300000 bytes, more than fits")):
            done = worker.predict(how, how=how)
            assert (done.outcome, done.type) == ("failed", "OutputError")
            assert "output[0]" in (done.message or "")
            assert why in (done.message or "")
