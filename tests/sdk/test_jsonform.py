"""Outputs to JSON (D16): what is converted, what is changed with a warning, what is refused and how it is told."""

from __future__ import annotations

import collections
import datetime
import decimal
import enum
import io
import json
import math
import pathlib
import uuid
from typing import Any

import numpy as np
import pydantic
import pydantic.v1
import pytest

from augury import File, Secret
from augury.sdk.jsonform import OutputError, to_json
from tests.runner import types_of_models as m


class Verdict(enum.Enum):
    YES = (1, 2)
    NO = float("nan")


class Wrapper(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(arbitrary_types_allowed=True)
    array: Any
    name: str = pydantic.Field("n", alias="theName")


class Old(pydantic.v1.BaseModel):
    x: list[m.Color]


def refuse(file: File) -> str:
    raise AssertionError(f"{file} was emitted")


VALUES: list[Any] = [
        ({3: "a", None: "b", True: "c", 2.5: "d"}, {"3": "a", "null": "b", "true": "c", "2.5": "d"}),
        ({m.Color.RED: 1, np.int64(4): 2}, {"red": 1, "4": 2}),
        ({3, 1, 2}, [1, 2, 3]),
        (frozenset({"b", "a"}), ["a", "b"]),
        ((1, (2, [3])), [1, [2, [3]]]),
        (collections.deque([1, 2]), [1, 2]),
        (range(3), [0, 1, 2]),
        ({"a": 1}.keys(), ["a"]),
        ({"a": 1}.values(), [1]),
        (collections.OrderedDict(a=1), {"a": 1}),
        (m.Color.RED, "red"),
        (m.Size.LARGE, 2),
        (Verdict.YES, "YES"),
        (Verdict.NO, "NO"),
        (m.Box(1.5, "b"), {"width": 1.5, "label": "b", "tags": []}),
        (m.Corner(1, 2), {"x": 1, "y": 2}),
        (m.Plain(1, [m.Corner(3)]), {"a": 1, "b": [{"x": 3, "y": 0}]}),
        (m.Options(parent=m.Options()),
         {"steps": 4, "color": "red", "parent": {"steps": 4, "color": "red", "parent": None}}),
        (Old(x=[m.Color.RED]), {"x": ["red"]}),
        (Wrapper(array=np.arange(2), theName="x"), {"array": [0, 1], "theName": "x"}),
        (datetime.datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=datetime.UTC), "2026-01-02T03:04:05.000006+00:00"),
        (datetime.date(2026, 1, 2), "2026-01-02"),
        (datetime.time(3, 4), "03:04:00"),
        (datetime.timedelta(days=1, hours=2, seconds=3.5), "P1DT2H3.5S"),
        (datetime.timedelta(0), "PT0S"),
        (datetime.timedelta(seconds=-90), "-PT1M30S"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (decimal.Decimal("0.1"), 0.1),
        (decimal.Decimal("12"), 12),
        (decimal.Decimal("0.12345678901234567890123"), "0.12345678901234567890123"),
        (decimal.Decimal("1E+400"), "1E+400"),
        (Secret("hunter2"), "**********"),
        (np.float32(0.5), 0.5),
        (np.float64(0.1), 0.1),
        (np.int8(-3), -3),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
        (np.arange(6).reshape(2, 3), [[0, 1, 2], [3, 4, 5]]),
        (np.array(5), 5),
        ([np.float32(1), {"a": np.ones((1, 1))}], [1.0, {"a": [[1.0]]}]),
        (np.datetime64("2026-01-02"), "2026-01-02"),
        (10**30, 10**30),
        ("\0\u2028\x85", "\0\u2028\x85"),
]  # fmt: skip


def _name(value: Any) -> str:
    """The same in each process that runs tests: the order in a set of texts is not."""
    return "a frozenset" if isinstance(value, frozenset) else str(value)


@pytest.mark.parametrize(("value", "expected"), VALUES, ids=[_name(row[0]) for row in VALUES])
def test_a_value_becomes_this_json(value: Any, expected: Any) -> None:
    form, warnings = to_json(value, refuse)
    assert form == expected
    assert json.dumps(form) == json.dumps(expected), "the types differ"
    assert warnings == []


@pytest.mark.parametrize(
    ("value", "expected", "warning"),
    [
        (math.nan, None, "output: NaN became null"),
        ([1.0, math.inf], [1.0, None], "output[1]: infinity became null"),
        ({"a": np.array([1, np.nan])}, {"a": [1.0, None]}, "output.a[1]: NaN became null"),
        (np.float16(np.inf), None, "output: infinity became null"),
        (decimal.Decimal("NaN"), None, "output: NaN became null"),
        (["a\ud800b"], ["a\ufffdb"], "output[0]: characters that are half of a pair were replaced"),
        ("\ud83d\ude00", "😀", "output: characters that are half of a pair were replaced"),
    ],
    ids=repr,
)
def test_what_json_cannot_say_is_changed_with_a_warning(value: Any, expected: Any, warning: str) -> None:
    assert to_json(value, refuse) == (expected, [warning])


def test_a_million_changes_are_not_a_million_warnings() -> None:
    form, warnings = to_json(np.full(1_000_000, np.nan), refuse)
    assert len(form) == 1_000_000
    assert len(warnings) == 11
    assert warnings[-1] == "999990 more values were changed"


def looped() -> list[Any]:
    items: list[Any] = [1]
    items.append({"again": items})
    return items


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


class Stubborn:
    def tolist(self) -> Any:
        return Stubborn()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (b"x", "output: bytes are not JSON; return a File with them, or a text such as base64"),
        ({"a": [bytearray()]}, "output.a[0]: bytes are not JSON"),
        ({"a": memoryview(b"")}, "output.a: bytes are not JSON"),
        (np.array([b"x"]), "output[0]: bytes are not JSON"),
        ({"a-b": {"c": object()}}, "output['a-b'].c: a object is not JSON"),
        (m.Box(1, tags=[object()]), "output.tags[0]: "),  # pyright: ignore[reportArgumentType]
        (looped(), "output[1].again: the value contains itself"),
        (nested(300), "nested more than 200 levels deep"),
        (nested(100_000), "nested more than 200 levels deep"),
        ((x for x in ()), "output: an iterator (generator) is not JSON; make it a list"),
        (lambda: 1, "output: a function is not JSON"),
        (int, "output: a class is not JSON"),
        (1j, "output: a complex is not JSON"),
        ({(1, 2): 3}, "a key of type tuple is not JSON; use texts"),
        ({1: "a", "1": "b"}, "two keys are '1' in JSON"),
        ({b"k": 1}, "a key of type bytes is not JSON"),
        (1 << 20_000, "output: an integer of 20001 bits is too long"),
        ([1 << 20_000], "output[0]: an integer of 20001 bits is too long"),
        (Stubborn(), "is not JSON"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_has_no_json_form_is_told_by_its_place(value: Any, message: str) -> None:
    with pytest.raises(OutputError) as caught:
        to_json(value, refuse)
    assert message in str(caught.value)


def test_the_same_object_twice_is_no_loop() -> None:
    box = m.Box(1.0)
    form, _ = to_json([box, box, [box]], refuse)
    assert form[0] == form[1] == form[2][0]


def test_files_are_handed_out_wherever_they_are() -> None:
    emitted: list[File] = []

    def emit(file: File) -> str:
        emitted.append(file)
        return f"https://files/{file.name}"

    value = {"a": [File("x/1.png"), pathlib.Path("2.png")], "b": m.Scan(pages=[File("3.png")]), "c": (File("4.png"),)}
    form, _ = to_json(value, emit)
    assert form["a"] == ["https://files/1.png", "https://files/2.png"]
    assert form["b"] == {"pages": ["https://files/3.png"], "cover": None, "note": ""}
    assert form["c"] == ["https://files/4.png"]
    assert [file.name for file in emitted] == ["1.png", "2.png", "3.png", "4.png"]


def test_a_file_that_is_not_there_is_told_by_its_place() -> None:
    def missing(file: File) -> str:
        raise FileNotFoundError(2, "No such file", str(file))

    with pytest.raises(OutputError, match=r"^output\.image: out\.png: there is no such file$"):
        to_json({"image": File("out.png")}, missing)


def test_a_set_that_cannot_be_sorted_is_a_list_in_any_order() -> None:
    form, _ = to_json({1, "a", None}, refuse)
    assert sorted(form, key=str) == [1, None, "a"] or set(form) == {1, "a", None}


def test_an_open_file_is_taken_from_its_beginning_whether_or_not_it_has_a_name(tmp_path: pathlib.Path) -> None:
    written = io.BytesIO()
    written.write(b"hello")
    named = (tmp_path / "a.png").open("w+b")
    named.write(b"not yet on the disk")
    text = io.StringIO("grüße")
    taken: list[tuple[str, str, bytes]] = []

    def emit(file: File) -> str:
        taken.append((file.name, file.content_type, file.read_bytes()))
        return "token"

    with named:
        assert to_json({"a": [written, named], "b": text}, emit).value == {"a": ["token", "token"], "b": "token"}
    assert taken == [
        ("file", "application/octet-stream", b"hello"),
        ("a.png", "image/png", b"not yet on the disk"),
        ("file", "application/octet-stream", "grüße".encode()),
    ]


def test_an_open_file_that_cannot_be_read_says_where_it_stands(tmp_path: pathlib.Path) -> None:
    closed = io.BytesIO()
    closed.close()
    with (tmp_path / "a").open("wb") as writing:
        for file in (closed, writing):
            with pytest.raises(OutputError, match=r"^output\.file: a file that cannot be read: "):
                to_json({"file": file}, lambda _: "token")
