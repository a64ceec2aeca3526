"""Input, File and Secret as a model's author meets them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pydantic
import pytest

from augury import File, Input, Secret


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"choices": []}, "empty"),
        ({"ge": 2, "le": 1}, "allows no value"),
        ({"min_length": 2, "max_length": 1}, "allows no value"),
        ({"regex": "("}, "no regular expression"),
        ({"multiple_of": 0}, "over 0"),
        ({"ge": float("nan")}, "must be a finite number"),
        ({"lt": float("inf")}, "must be a finite number"),
        ({"ge": "1"}, "must be a finite number"),
        ({"max_bytes": True}, "must be a finite number"),
        ({"description": 5}, "must be a text"),
    ],
)
def test_an_input_that_contradicts_itself_is_refused_where_it_is_written(arguments: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Input(**arguments)


def test_the_later_of_two_inputs_wins_where_both_speak() -> None:
    merged = Input(1, description="a", ge=0).merged(Input(description="b", le=9))
    assert (merged.default, merged.description, merged.ge, merged.le) == (1, "b", 0, 9)
    assert Input(1).merged(Input(default=None)).default is None


def test_a_file_can_be_used_wherever_a_path_can(tmp_path: Path) -> None:
    file = File(tmp_path / "a b.txt")
    file.path.write_text("hé", encoding="utf-8")
    shutil.copy(file, tmp_path / "copy.txt")
    with open(file, encoding="utf-8") as same:
        assert same.read() == file.read_text() == "hé"
    with file.open() as raw:
        assert raw.read() == file.read_bytes() == "hé".encode()
    assert os.fspath(file) == str(file) == str(tmp_path / "a b.txt")
    assert Path(file) == file.path


def test_a_file_knows_its_name_and_type_or_is_told_them() -> None:
    assert (File("/x/a.png").name, File("/x/a.png").content_type) == ("a.png", "image/png")
    assert File("/x/a.unheard-of").content_type == "application/octet-stream"
    told = File("/x/tmp123", name="cat.jpg", content_type="image/webp")
    assert (told.name, told.content_type) == ("cat.jpg", "image/webp")
    assert File("/x/tmp123", name="cat.jpg").content_type == "image/jpeg"


def test_a_secret_is_shown_nowhere() -> None:
    secret = Secret("hunter2")
    assert secret.get_secret_value() == "hunter2"
    for shown in (str(secret), repr(secret), f"{secret}", f"{secret!r}", "%s" % secret, str([secret])):  # noqa: UP031
        assert "hunter2" not in shown
    assert secret == Secret("hunter2") != Secret("other")
    assert len(secret) == 7


def test_files_and_secrets_are_fields_of_pydantic_models() -> None:
    class Answer(pydantic.BaseModel):
        image: File
        key: Secret | None = None

    answer = Answer.model_validate({"image": "out.png", "key": "k"})
    assert answer.image == File("out.png")
    assert answer.key == Secret("k")
    for mode in ("validation", "serialization"):
        properties = Answer.model_json_schema(mode=mode)["properties"]
        assert properties["image"]["x-augury-type"] == "file"
    with pytest.raises(pydantic.ValidationError):
        Answer.model_validate({"image": 5})
