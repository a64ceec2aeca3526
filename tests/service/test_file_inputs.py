"""Which texts of an input are files, wherever the schema has them, and what is known of them before they are read."""

from __future__ import annotations

import base64
from typing import Annotated, Any

import pytest

from augury import File, Input
from augury.sdk.signature import inspect_predict, schemas
from augury.service.file_inputs import FileInput, data_problems, file_inputs_of


def found(predict: Any, **inputs: Any) -> dict[str, FileInput]:
    """By its place, such as pages.0."""
    inputs_of = file_inputs_of(schemas(inspect_predict(predict))["input"])
    assert inputs_of is not None
    return {".".join(map(str, one.loc[2:])): one for one in inputs_of.find(inputs)}


Image = Annotated[File, Input(media_types=["image/*"], max_bytes=10)]


def test_files_are_found_wherever_they_are() -> None:
    def predict(
        one: Image,
        many: list[Image],
        by_name: dict[str, File],
        pair: tuple[int, Image],
        maybe: Image | None = None,
        deep: list[dict[str, list[Image]]] = [],  # noqa: B006
        text: str = "",
    ) -> None: ...

    seen = found(
        predict,
        one="a",
        many=["b", "c"],
        by_name={"x": "d"},
        pair=[1, "e"],
        maybe="f",
        deep=[{"y": ["g"]}],
        text="http://no",
    )
    assert {place: one.text for place, one in seen.items()} == {
        "one": "a", "many.0": "b", "many.1": "c", "by_name.x": "d", "pair.1": "e", "maybe": "f", "deep.0.y.0": "g",
    }  # fmt: skip
    assert {one.media_types for place, one in seen.items() if place != "by_name.x"} == {("image/*",)}
    assert {one.max_bytes for place, one in seen.items() if place != "by_name.x"} == {10}
    assert found(predict, maybe=None, many=[]) == {}


def test_what_a_list_says_holds_for_its_files() -> None:
    def predict(pages: Annotated[list[File], Input(media_types=["text/csv"])]) -> None: ...

    assert found(predict, pages=["a"])["pages.0"].media_types == ("text/csv",)


def test_where_any_text_may_stand_nothing_is_refused() -> None:
    def predict(either: Image | str) -> None: ...

    assert data_problems(list(found(predict, either="data:text/html,x").values())) == []


def test_a_version_without_files_has_none() -> None:
    def predict(text: str, numbers: list[int]) -> None: ...

    assert file_inputs_of(schemas(inspect_predict(predict))["input"]) is None
    assert file_inputs_of(True) is None


def test_a_schema_that_refers_to_itself_ends() -> None:
    schema: Any = {
        "type": "object",
        "properties": {"file": {"type": "string", "x-augury-type": "file"}, "next": {"$ref": "#"}},
    }
    inputs_of = file_inputs_of(schema)
    assert inputs_of is not None
    value: dict[str, Any] = {"file": "a"}
    for _ in range(50):
        value = {"file": "a", "next": value}
    assert len(inputs_of.find(value)) == 51
    loop: Any = {"$ref": "#", "x-augury-type": "file"}
    endless = file_inputs_of(loop)
    assert endless is not None
    assert endless.find({"a": "b"}) == []


@pytest.mark.parametrize(
    ("uri", "problem"),
    [
        ("data:image/png;base64," + base64.b64encode(b"x" * 10).decode(), None),
        ("data:image/png;base64," + base64.b64encode(b"x" * 11).decode(), "file_size"),
        ("data:image/png;base64," + " ".join(base64.b64encode(b"x" * 10).decode()), None),
        ("DATA:IMAGE/PNG,%41%42", None),
        ("data:image/png," + "%41" * 10, None),
        ("data:image/png," + "%41" * 11, "file_size"),
        ("data:text/html,x", "file_type"),
        ("data:,x", "file_type"),
        ("data:image/png", "file_data"),
        ("https://example.com/x", None),
    ],
)
def test_a_data_uri_is_judged_by_its_head_and_length(uri: str, problem: str | None) -> None:
    one = FileInput(("body", "input", "image"), uri, ("image/*",), 10, True)
    assert [found.type for found in data_problems([one])] == ([] if problem is None else [problem])
