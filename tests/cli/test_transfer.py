"""`augury predict -i image=@PATH --out DIR`: files go to the server and come back, of any size, with a bar."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from tests.cli.commands import Augury, write_model

COPY = """
import hashlib, shutil
from typing import Any
import augury
from augury import File

def predict(image: File, more: list[File] = []) -> dict[str, Any]:
    for number, one in enumerate([image, *more]):
        shutil.copy(one, augury.scratch() / f"{number}-{one.name}")
    made = sorted(augury.scratch().glob("[0-9]-*"))
    return {"files": [File(one) for one in made], "digest": hashlib.sha256(image.read_bytes()).hexdigest()}
"""


@pytest.fixture(autouse=True)
def published(augury: Augury, tmp_path: Path) -> None:
    if augury("models", "show", "copy").code:
        augury.done("push", write_model(tmp_path / "copy", COPY), "copy")


def test_a_file_goes_up_under_its_name_and_comes_back(augury: Augury, tmp_path: Path) -> None:
    content = os.urandom(3_000_000)
    (tmp_path / "Bild 1.png").write_bytes(content)
    (tmp_path / "b.csv").write_text("1,2")
    out = tmp_path / "out"
    given = ("-i", f"image=@{tmp_path / 'Bild 1.png'}", "-i", f"more=@{tmp_path / 'b.csv'}")
    ran = augury.done("predict", "copy", *given, "--out", out)
    found = ran.json
    assert found["digest"] == hashlib.sha256(content).hexdigest()
    first, second = (Path(one) for one in found["files"])
    assert (first.name, first.read_bytes()) == ("0-Bild_1.png", content)
    assert (second.name, second.read_text()) == ("1-b.csv", "1,2")
    assert {first.parent, second.parent} == {out}
    assert f"saved {first}" in ran.err


def test_without_a_folder_the_links_are_printed(augury: Augury, tmp_path: Path) -> None:
    (tmp_path / "empty.bin").write_bytes(b"")
    (link,) = augury.done("predict", "copy", "-i", f"image=@{tmp_path / 'empty.bin'}").json["files"]
    assert link.startswith("http://127.0.0.1:")
    assert "/0-empty.bin?signature=" in link


def test_a_person_sees_how_far_an_upload_is(augury: Augury, tmp_path: Path) -> None:
    (tmp_path / "big.bin").write_bytes(bytes(40 << 20))
    drawn = augury.on_terminal("predict", "copy", "-i", f"image=@{tmp_path / 'big.bin'}", "--out", tmp_path / "out")
    assert drawn.code == 0, drawn
    assert "uploading big.bin" in drawn.err + drawn.out
    assert (tmp_path / "out" / "0-big.bin").stat().st_size == 40 << 20


def test_a_file_that_is_not_there_is_wrong_usage(augury: Augury, tmp_path: Path) -> None:
    ran = augury("predict", "copy", "-i", f"image=@{tmp_path / 'missing.png'}")
    assert ran.code == 2
    assert "missing.png cannot be read" in ran.err
