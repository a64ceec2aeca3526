"""JSON to what predict() asks for and back, over the matrix of types: decoding accepts what the schema does."""

# ruff: noqa: E501, UP007, UP045
# The tables have a row a line; models write Optional and Union, and so do the tests.

from __future__ import annotations

import collections
import collections.abc
import datetime
import decimal
import json
import pathlib
import uuid
from collections.abc import Callable
from typing import Annotated, Any, Literal, Optional, Union

import jsonschema_rs
import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury import File, Input, Secret
from augury.runner.convert import FileRequest, InputError, OutputError, decode_input, encode_output
from augury.sdk.signature import Signature, inspect_predict, schemas
from tests.runner import types_of_models as m
from tests.runner.types_of_models import Json


def no_file(text: str, request: FileRequest) -> File:
    raise AssertionError(f"{text} was fetched for {request.place}")


def taking(annotation: Any, *default: Any) -> Signature:
    """The signature of `def predict(x: annotation = default)`."""

    def predict(x: Any) -> None: ...

    predict.__annotations__ = {"x": annotation}
    predict.__defaults__ = default or None
    return inspect_predict(predict)


def giving(annotation: Any) -> dict[str, Any]:
    """The output schema of `def predict() -> annotation`."""

    def predict() -> None: ...

    predict.__annotations__ = {"return": annotation}
    return schemas(inspect_predict(predict))["output"]


def checker(schema: dict[str, Any]) -> Callable[[Any], bool]:
    """A validator of the schema, which must itself be valid; formats are asserted, durations as ISO 8601 has them."""
    jsonschema_rs.meta.validate(schema)
    formats: dict[str, Callable[[str], bool]] = {"duration": lambda text: len(text) > 1}
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True, formats=formats).is_valid


def decoded(signature: Signature, value: Any, fetch: Callable[[str, FileRequest], File] = no_file) -> Any:
    return decode_input(signature, {"x": value}, fetch).kwargs["x"]


UTC = datetime.UTC
BIG = 12345678901234567890123456789

# annotation, [(JSON, Python)], [JSON that does not fit]
MATRIX: list[tuple[Any, list[tuple[Any, Any]], list[Any]]] = [
    (str, [("", ""), ("ü€😀\0", "ü€😀\0")], [None, 5, True, [], {}]),
    (int, [(5, 5), (-1, -1), (5.0, 5), (BIG, BIG)], [None, "5", True, 5.5, []]),
    (float, [(5, 5.0), (2.5, 2.5)], [None, "2.5", True, []]),
    (bool, [(True, True), (False, False)], [None, 0, 1, "true"]),
    (None, [(None, None)], [0, "", False]),
    (Any, [(None, None), ({"a": [1, 2.5, None]}, {"a": [1, 2.5, None]})], []),
    (object, [([1], [1])], []),
    (list, [([], []), ([1, "a", None], [1, "a", None])], [None, {}, "abc"]),
    (list[int], [([], []), ([1, 2.0], [1, 2])], [[1, "2"], [None], 1]),
    (dict, [({}, {}), ({"a": 1}, {"a": 1})], [[], None]),
    (dict[str, float], [({"a": 1}, {"a": 1.0})], [{"a": "1"}, {"a": None}]),
    (dict[int, str], [({"5": "a", "-1": "b"}, {5: "a", -1: "b"})], [{"x": "a"}, {"5.0": "a"}, {"05": "a"}]),
    (dict[Literal["a", "b"], int], [({"a": 1}, {"a": 1})], [{"c": 1}]),
    (dict[m.Color, int], [({"red": 1}, {m.Color.RED: 1})], [{"green": 1}]),
    (collections.abc.Mapping[str, int], [({"a": 1}, {"a": 1})], [[1]]),
    (tuple[int, str], [([1, "a"], (1, "a"))], [[1], [1, "a", 2], ["a", 1], []]),
    (tuple[int, ...], [([], ()), ([1, 2], (1, 2))], [["a"], 1]),
    (tuple, [([1, "a"], (1, "a"))], [{}]),
    (tuple[()], [([], ())], [[1]]),
    (set[int], [([], set()), ([1, 2], {1, 2})], [[1, 1], [1, 1.0], ["a"], {}]),
    (frozenset[str], [(["a"], frozenset({"a"}))], [["a", "a"], [1]]),
    (collections.deque[int], [([1, 2], collections.deque([1, 2]))], [["a"]]),
    (collections.abc.Sequence[int], [([1], [1])], [["a"]]),
    (Literal["a", 1, True, None], [("a", "a"), (1, 1), (True, True), (None, None), (1.0, 1)], ["b", 2, False, 0]),
    (m.Color, [("red", m.Color.RED)], ["RED", "green", None]),
    (m.Size, [(1, m.Size.SMALL), (2.0, m.Size.LARGE)], [3, "1", True]),
    (Optional[int], [(None, None), (3, 3)], ["3", True]),
    (int | str, [(3, 3), ("3", "3")], [None, True, 2.5]),
    (float | int, [(3, 3), (3.5, 3.5), (3.0, 3.0)], ["3"]),
    (int | float, [(3, 3), (3.5, 3.5), (3.0, 3.0)], [None]),
    (bool | int, [(True, True), (1, 1)], ["x"]),
    (str | list[str], [("a", "a"), (["a"], ["a"])], [[1], 1]),
    (list[int] | list[str], [([1], [1]), (["a"], ["a"]), ([], [])], [[1, "a"]]),
    (Literal["auto"] | int, [("auto", "auto"), (7, 7)], ["other"]),
    (datetime.date | str, [("2026-01-02", datetime.date(2026, 1, 2)), ("soon", "soon")], [5]),
    (Annotated[int, Input(ge=1, le=3)], [(1, 1), (3, 3), (2.0, 2)], [0, 4, "2"]),
    (Annotated[int, Input(gt=1, lt=3)], [(2, 2)], [1, 3]),
    (Annotated[float, Input(multiple_of=0.1)], [(0.3, 0.3), (5, 5.0)], [0.35]),
    (Annotated[int, Input(multiple_of=4)], [(8, 8), (-4, -4), (0, 0)], [9]),
    (Annotated[str, Input(min_length=1, max_length=2)], [("é😀", "é😀")], ["", "abc"]),
    (Annotated[str, Input(regex="^a+$")], [("aa", "aa")], ["ab", ""]),
    (Annotated[str, Input(choices=["a", "b"])], [("a", "a")], ["c"]),
    (Annotated[list[str], Input(choices=["a", "b"])], [(["a", "a"], ["a", "a"]), ([], [])], [["c"]]),
    (Annotated[list[int], Input(min_length=1, max_length=2)], [([1], [1])], [[], [1, 2, 3]]),
    (Annotated[dict[str, int], Input(min_length=1)], [({"a": 1}, {"a": 1})], [{}]),
    (list[Annotated[int, Input(ge=1)]], [([1], [1])], [[0]]),
    (Optional[Annotated[list[int], Input([])]], [([1], [1]), (None, None)], [["a"]]),
    (Optional[Annotated[int, Input(ge=1)]], [(1, 1), (None, None)], [0]),
    (Annotated[int | None, Input(ge=1)], [(1, 1), (None, None)], [0]),
    (Annotated[str | None, Input(choices=["a"])], [("a", "a"), (None, None)], ["b"]),
    (Annotated[int, Input(le=5)] | Annotated[int, Input(ge=9)], [(5, 5), (9, 9)], [7]),
    (datetime.datetime, [("2026-11-25T13:00:00Z", datetime.datetime(2026, 11, 25, 13, tzinfo=UTC))], ["today", 5]),
    (datetime.date, [("2026-11-25", datetime.date(2026, 11, 25))], ["2026-13-01", "2026-11-25T00:00:00Z", 5]),
    (datetime.time, [("13:00:00Z", datetime.time(13, tzinfo=UTC))], ["25:00:00Z", None]),
    (datetime.timedelta, [("PT1.5S", datetime.timedelta(seconds=1.5)), ("P2DT3H", datetime.timedelta(2, 10800))], ["P"]),
    (uuid.UUID, [("12345678-1234-5678-1234-567812345678", uuid.UUID(int=0x12345678123456781234567812345678))], ["x", 1]),
    (decimal.Decimal, [(0.1, decimal.Decimal("0.1")), ("1e2", decimal.Decimal("1e2")), (3, 3)], ["x", None, True]),
    (Secret, [("s", Secret("s"))], [1, None]),
    (m.Box, [({"width": 1}, m.Box(1.0)), ({"width": 1, "label": None}, m.Box(1.0))], [{}, {"width": "1"}, [], None]),
    (m.Corner, [({"x": 1}, m.Corner(1)), ({"x": 1, "y": 2}, m.Corner(1, 2))], [[1, 2], {"y": 1}]),
    (m.Plain, [({"a": 1, "b": None}, m.Plain(1, None))], [{"a": 1}]),
    (m.Message, [({"role": "user", "content": ""}, {"role": "user", "content": ""})], [{"role": "user"}, {"role": "x", "content": ""}]),
    (m.Loose, [({}, {}), ({"a": 1}, {"a": 1})], [{"a": "1"}, []]),
    (m.Cat | m.Dog, [({"kind": "dog", "lives": 1}, {"kind": "dog", "lives": 1})], [{"kind": "cow", "lives": 1}, {"kind": "cat"}]),
    (m.Node, [({"value": 1, "next": {"value": 2}}, m.Node(1, m.Node(2)))], [{"value": 1, "next": {}}, {"value": 1, "children": [1]}]),
    (m.Pair[int], [({"first": 1, "second": 2}, m.Pair(1, 2))], [{"first": 1, "second": "2"}]),
    (m.Pair[str] | m.Pair[int], [({"first": 1, "second": 2}, m.Pair(1, 2))], [{"first": 1, "second": "2"}]),
    (m.Tree[int], [({"value": 1, "branches": [{"value": 2}]}, m.Tree(1, [m.Tree(2)]))], [{"value": 1, "branches": [{"value": "2"}]}]),
    (m.Bounded, [({"name": "a"}, m.Bounded(3, "a"))], [{"name": ""}, {"name": "a", "level": 6}, {}]),
    (Json, [({"a": [None, 1.5, "x", {}]}, {"a": [None, 1.5, "x", {}]}), (None, None)], []),
    (m.Level, [(3, 3)], [4]),
    (m.Options, [({}, m.Options()), ({"steps": 5.0, "parent": {"color": "blue"}}, m.Options(steps=5, parent=m.Options(color=m.Color.BLUE)))], [{"steps": 9}, {"steps": "5"}, {"color": "x"}, []]),
    (list[m.Options], [([{}], [m.Options()])], [[{"steps": 0}]]),
    (m.Options | None, [(None, None), ({}, m.Options())], [5]),
    (m.Options | str, [("a", "a"), ({}, m.Options())], [5]),
    (Annotated[int, pydantic.Field(ge=2)], [(2, 2)], [1, "2"]),
    (dict[str, list[m.Box | None]], [({"a": [None, {"width": 2}]}, {"a": [None, m.Box(2.0)]})], [{"a": [1]}]),
]  # fmt: skip


@pytest.mark.parametrize(("annotation", "good", "bad"), MATRIX, ids=[str(row[0]) for row in MATRIX])
def test_decoding_accepts_what_the_schema_accepts_and_nothing_else(
    annotation: Any, good: list[tuple[Any, Any]], bad: list[Any]
) -> None:
    signature = taking(annotation)
    fits = checker(schemas(signature)["input"])
    for value, expected in good:
        assert fits({"x": value}), value
        read = decoded(signature, value)
        assert read == expected
        assert type(read) is type(expected) or annotation is decimal.Decimal
    for value in bad:
        assert not fits({"x": value}), value
        with pytest.raises(InputError, match=r"^input\.x"):
            decoded(signature, value)


@pytest.mark.parametrize(("annotation", "good"), [row[:2] for row in MATRIX], ids=[str(row[0]) for row in MATRIX])
def test_what_was_decoded_goes_out_again_as_its_output_schema_says(
    annotation: Any, good: list[tuple[Any, Any]]
) -> None:
    fits = checker(giving(annotation))
    for _, value in good:
        form, warnings = encode_output(value, lambda file: str(file))
        json.dumps(form, allow_nan=False)
        assert fits(form) or annotation is Secret, form
        assert not warnings


# Case 86: what may be left out, what may be null.
ABSENT, NULL = object(), None
FORMS: list[tuple[str, Any, tuple[Any, ...], Any, bool]] = [
    # name, annotation, default, what is passed when it is left out (ABSENT: refused), whether null is allowed
    ("Optional without default", Optional[str], (), ABSENT, True),
    ("T | None without default", str | None, (), ABSENT, True),
    ("T without default", str, (), ABSENT, False),
    ("Optional with default None", Optional[str], (None,), None, True),
    ("T | None with default None", str | None, (None,), None, True),
    ("T with default None", str, (None,), None, True),
    ("Optional with a default", Optional[str], ("d",), "d", True),
    ("T | None with a default", str | None, ("d",), "d", True),
    ("T with a default", str, ("d",), "d", False),
    ("T with Input(default=None)", str, (Input(default=None),), None, True),
    ("T with Input()", str, (Input(),), ABSENT, False),
    ("T with Input(default=...)", str, (Input(default=...),), ABSENT, False),
    ("Annotated with a default inside", Annotated[str, Input("d")], (), "d", False),
    ("Annotated with default None inside", Annotated[str, Input(None)], (), None, True),
    ("Annotated with both: the parameter's wins", Annotated[str, Input("inner")], ("d",), "d", False),
    ("choices with default None", str, (Input(default=None, choices=["v", "w"]),), None, True),
    ("Union with default None", Union[str, int], (None,), None, True),
]


@pytest.mark.parametrize(
    ("annotation", "default", "left_out", "nullable"), [f[1:] for f in FORMS], ids=[f[0] for f in FORMS]
)
def test_an_input_may_be_left_out_with_a_default_and_null_where_the_type_has_it(
    annotation: Any, default: tuple[Any, ...], left_out: Any, nullable: bool
) -> None:
    signature = taking(annotation, *default)
    schema = schemas(signature)["input"]
    fits = checker(schema)
    assert fits({}) is (left_out is not ABSENT) is (schema.get("required") != ["x"])
    if left_out is ABSENT:
        with pytest.raises(InputError, match=r"input\.x is missing"):
            decode_input(signature, {}, no_file)
        assert "default" not in schema["properties"]["x"]
    else:
        assert decode_input(signature, {}, no_file).kwargs == {"x": left_out}
        assert schema["properties"]["x"]["default"] == left_out
    assert fits({"x": None}) is nullable
    if nullable:
        assert decoded(signature, None) is None
    else:
        with pytest.raises(InputError):
            decoded(signature, None)
    assert fits({"x": "v"})
    assert decoded(signature, "v") == "v"
    assert not fits({"x": 1.5})


def test_a_default_is_the_authors_own_object_not_a_copy_through_json() -> None:
    default = m.Box(1.0, tags=["a"])
    signature = taking(m.Box, default)
    assert decode_input(signature, {}, no_file).kwargs["x"] is default
    assert schemas(signature)["input"]["properties"]["x"]["default"] == {"width": 1.0, "label": None, "tags": ["a"]}


def test_a_default_without_json_form_is_left_out_of_the_schema_and_still_applied() -> None:
    sentinel = object()
    signature = taking(Any, sentinel)
    schema = schemas(signature)["input"]
    assert "default" not in schema["properties"]["x"]
    assert "required" not in schema
    assert decode_input(signature, {}, no_file).kwargs["x"] is sentinel


def test_undeclared_inputs_are_dropped_and_named_at_any_depth() -> None:
    signature = taking(list[m.Box])
    value = {"x": [{"width": 1}, {"width": 2, "hight": 3}], "typo": 1}
    assert checker(schemas(signature)["input"])(value)
    kwargs, ignored = decode_input(signature, value, no_file)
    assert kwargs == {"x": [m.Box(1.0), m.Box(2.0)]}
    assert sorted(ignored) == ["typo", "x[1].hight"]


def test_further_inputs_reach_a_predict_that_takes_them() -> None:
    def predict(a: int, **options: int) -> None: ...

    signature = inspect_predict(predict)
    fits = checker(schemas(signature)["input"])
    assert decode_input(signature, {"a": 1, "b": 2}, no_file) == ({"a": 1, "b": 2}, [])
    assert not fits({"a": 1, "b": "x"})
    with pytest.raises(InputError, match=r"input\.b must be an integer"):
        decode_input(signature, {"a": 1, "b": "x"}, no_file)


@pytest.mark.parametrize(
    ("annotation", "value", "message"),
    [
        (list[m.Node], [{"value": 1, "next": {"value": "x"}}], 'input.x[0].next.value must be an integer, not "x"'),
        (m.Box, {}, "input.x.width is missing"),
        (dict[str, list[int]], {"a b": [None]}, "input.x.a b[0] must be an integer, not null"),
        (m.Positive, {"value": -1}, "input.x is no Positive: value must be over 0"),
        (m.Options, {"steps": 9}, "input.x does not fit: steps: Input should be less than or equal to 8"),
        (int, "y" * 500, 'input.x must be an integer, not "' + "y" * 96 + "..."),
    ],
)
def test_an_input_that_does_not_fit_is_told_by_its_place(annotation: Any, value: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        decoded(taking(annotation), value)
    assert str(caught.value) == message


def test_a_secret_that_does_not_fit_is_not_shown() -> None:
    with pytest.raises(InputError) as caught:
        decoded(taking(Secret), 12345)
    assert str(caught.value) == "input.x must be a text"


def test_a_very_deep_input_is_refused_not_fatal() -> None:
    value: dict[str, Any] = {"value": 1}
    for _ in range(5000):
        value = {"value": 1, "next": value}
    with pytest.raises(InputError, match="nested too deeply"):
        decoded(taking(m.Node), value)


def test_a_long_chain_of_unions_is_read_in_reasonable_time() -> None:
    value: dict[str, Any] = {"value": 1}
    for _ in range(60):
        value = {"value": 1, "next": value}
    assert decoded(taking(m.Node | str), value).next.next.value == 1


# Files.


class Fetched:
    """Records what was fetched."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, FileRequest]] = []

    def __call__(self, text: str, request: FileRequest) -> File:
        self.requests.append((text, request))
        return File(f"/scratch/{len(self.requests)}.png", content_type="image/png")


URL = "https://example.org/a.png"


@pytest.mark.parametrize(
    ("annotation", "value", "places", "expected"),
    [
        (File, URL, ["x"], File("/scratch/1.png")),
        (pathlib.Path, URL, ["x"], pathlib.Path("/scratch/1.png")),
        (File | None, URL, ["x"], File("/scratch/1.png")),
        (list[File], [URL, URL], ["x[0]", "x[1]"], [File("/scratch/1.png"), File("/scratch/2.png")]),
        (dict[str, list[File]], {"a": [URL]}, ["x.a[0]"], {"a": [File("/scratch/1.png")]}),
        (File | str, URL, ["x"], File("/scratch/1.png")),
        (File | str, "words", [], "words"),
        (str | File, URL, [], URL),
        (int | File, "words", ["x"], File("/scratch/1.png")),
        (str, URL, [], URL),
        (list[File] | list[m.Scan], [URL], ["x[0]"], [File("/scratch/1.png")]),
    ],
    ids=str,
)
def test_files_are_fetched_wherever_the_type_says_file_and_nowhere_else(
    annotation: Any, value: Any, places: list[str], expected: Any
) -> None:
    signature = taking(annotation)
    assert checker(schemas(signature)["input"])({"x": value}) or value == "words"
    fetch = Fetched()
    read = decoded(signature, value, fetch)
    assert read == expected
    assert [request.place for _, request in fetch.requests] == places


def test_a_pydantic_model_gets_its_files_with_name_and_type() -> None:
    fetch = Fetched()
    signature = taking(m.Scan)
    schema = schemas(signature)["input"]
    assert schema["$defs"]["Scan"]["properties"]["pages"]["items"]["x-augury-type"] == "file"
    scan = decoded(signature, {"pages": [URL, URL], "cover": None, "note": URL}, fetch)
    assert [page.content_type for page in scan.pages] == ["image/png", "image/png"]
    assert scan.note == URL
    assert [request.place for _, request in fetch.requests] == ["x.pages[0]", "x.pages[1]"]


def test_paths_in_a_pydantic_model_are_files_too() -> None:
    class Picture(pydantic.BaseModel):
        path: pathlib.Path

    signature = taking(Picture)
    assert schemas(signature)["input"]["$defs"]["Picture"]["properties"]["path"]["x-augury-type"] == "file"
    assert decoded(signature, {"path": URL}, Fetched()).path == pathlib.Path("/scratch/1.png")


def test_a_file_request_carries_what_input_says_about_the_file() -> None:
    fetch = Fetched()
    signature = taking(Annotated[list[File], Input(media_types=["image/*"], max_bytes=10)])
    decoded(signature, [URL], fetch)
    assert fetch.requests[0][1] == FileRequest("x[0]", ("image/*",), 10)
    node = schemas(signature)["input"]["properties"]["x"]
    assert node["x-augury-media-types"] == ["image/*"]
    assert node["x-augury-max-bytes"] == 10


def test_what_fetching_raises_is_not_swallowed_by_a_union() -> None:
    def refuse(text: str, request: FileRequest) -> File:
        raise ConnectionError(text)

    with pytest.raises(ConnectionError):
        decoded(taking(File | int), URL, refuse)


def test_a_union_has_files_and_models_among_its_types() -> None:
    signature = taking(File | m.Box | list[m.Box] | int)
    fits = checker(schemas(signature)["input"])

    def fetched(text: str, request: FileRequest) -> File:
        return File("/tmp/" + text.rpartition("/")[2])

    def read(value: Any) -> Any:
        assert fits({"x": value})
        return decoded(signature, value, fetched)

    file = read("https://example.com/a.png")
    assert isinstance(file, File)
    assert file.name == "a.png"
    assert read({"width": 2}) == m.Box(2.0)
    assert read([{"width": 2}, {"width": 3}]) == [m.Box(2.0), m.Box(3.0)]
    assert read(4) == 4
    assert not fits({"x": {"height": "tall"}})


# Everything else that can be thought of.


def _annotations() -> st.SearchStrategy[Any]:
    flat = st.sampled_from([str, int, float, bool, None, Any, Literal["a", 1, True], m.Color, m.Size, m.Box, m.Corner, m.Node, m.Loose, m.Cat, m.Dog, m.Level, Json, m.Options])  # fmt: skip
    hashable = st.sampled_from([str, int, bool, Literal["a", 1], m.Color])

    def deeper(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        return st.one_of(
            inner.map(lambda one: list[one]),
            inner.map(lambda one: dict[str, one]),
            inner.map(lambda one: Optional[one]),
            hashable.map(lambda one: set[one]),
            st.tuples(inner, inner).map(lambda two: tuple[two[0], two[1]]),
            st.lists(inner, min_size=2, max_size=3).map(lambda some: Union[tuple(some)]),
        )

    return st.recursive(flat, deeper, max_leaves=5)


_leaves = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 6), st.floats(-3, 3).map(lambda x: round(x, 1)), st.sampled_from(["", "a", "red", "cat", "x"])
)  # fmt: skip
_names = st.sampled_from(["value", "next", "width", "x", "y", "kind", "lives", "a", "b", "steps", "color", "parent"])
_values = st.recursive(
    _leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_names, inner, max_size=4)),
    max_leaves=8,
)


@settings(max_examples=400, deadline=None)
@given(_annotations(), st.lists(_values, min_size=1, max_size=12))
def test_any_type_and_any_value_agree_between_schema_and_decoding(annotation: Any, values: list[Any]) -> None:
    signature = taking(annotation)
    fits = checker(schemas(signature)["input"])
    for value in values:
        try:
            decoded(signature, value)
            accepted = True
        except InputError:
            accepted = False
        assert accepted is fits({"x": value}), (annotation, value)


@settings(max_examples=200, deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda i: st.lists(i) | st.dictionaries(st.text(), i)))  # fmt: skip
def test_any_json_like_output_becomes_json_that_a_strict_reader_takes(value: Any) -> None:
    form, _ = encode_output(value, str)
    assert json.loads(json.dumps(form, allow_nan=False).encode()) == form


def test_an_output_that_is_no_json_is_told_by_its_place() -> None:
    with pytest.raises(OutputError, match=r"^output\.items\[3\]\.image: bytes are not JSON; return a File"):
        encode_output({"items": [1, 2, 3, {"image": b"\x89PNG"}]}, str)
