"""predict() to schemas: order, words, defaults, streams, shared and recursive types, and clear refusals."""

# ruff: noqa: UP045, B008
# Models write Optional, and objects as defaults, and so do the tests.

from __future__ import annotations

import collections.abc
import dataclasses
import functools
import inspect
import pathlib
import types
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterable, Iterator
from typing import Annotated, Any, Optional

import jsonschema_rs
import pydantic
import pytest

from augury import File, Input, Secret, TextStream
from augury.sdk.signature import SignatureError, inspect_predict, schemas
from tests.runner import types_of_models as m

SOURCE = pathlib.Path(__file__).read_text(encoding="utf-8").splitlines()


def line_of(text: str) -> int:
    """The number of the line of this file that is `text`."""
    return next(number for number, line in enumerate(SOURCE, 1) if line.strip() == text)


def described(predict: Any) -> dict[str, Any]:
    """The schemas, each checked against its dialect."""
    written = schemas(inspect_predict(predict))
    for schema in written.values():
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        jsonschema_rs.meta.validate(schema)
    return written


def test_an_input_schema_keeps_order_words_defaults_and_bounds() -> None:
    def predict(
        zebra: Annotated[str, Input(description="First", title="Z", min_length=1)],
        apple: Annotated[int, Input(ge=1, lt=10, multiple_of=2)] = 4,
        mango: float | None = Input(default=None, gt=0, description="Third", deprecated=True),
        kiwi: m.Color = m.Color.BLUE,
    ) -> None:
        """Say what it does.

        Over two paragraphs.

        Args:
            apple (int): How many
                of them.
            kiwi: Which one: any.
            zebra: not used, as Input() says it

        Returns:
            Nothing.
        """

    assert described(predict)["input"] == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "description": "Say what it does.\n\nOver two paragraphs.",
        "properties": {
            "zebra": {"type": "string", "minLength": 1, "title": "Z", "description": "First", "x-order": 0},
            "apple": {
                "type": "integer",
                "minimum": 1,
                "exclusiveMaximum": 10,
                "multipleOf": 2,
                "description": "How many of them.",
                "default": 4,
                "x-order": 1,
            },
            "mango": {
                "anyOf": [{"type": "number"}, {"type": "null"}],
                "exclusiveMinimum": 0,
                "description": "Third",
                "deprecated": True,
                "default": None,
                "x-order": 2,
            },
            "kiwi": {
                "type": "string",
                "enum": ["red", "blue"],
                "description": "Which one: any.",
                "default": "blue",
                "x-order": 3,
            },
        },
        "required": ["zebra"],
    }
    assert list(described(predict)["input"]["properties"]) == ["zebra", "apple", "mango", "kiwi"]


def test_files_and_secrets_carry_our_marker_and_no_default() -> None:
    def predict(
        image: File,
        key: Secret = Secret("k"),
        path: pathlib.Path = pathlib.Path("/x"),
        none: Secret | None = None,
    ) -> None: ...

    properties = described(predict)["input"]["properties"]
    assert properties["image"] == {"type": "string", "format": "uri", "x-augury-type": "file", "x-order": 0}
    assert properties["key"] == {
        "type": "string", "format": "password", "writeOnly": True, "x-augury-type": "secret", "x-order": 1,
    }  # fmt: skip
    assert properties["path"] == {"type": "string", "format": "uri", "x-augury-type": "file", "x-order": 2}
    assert properties["none"]["default"] is None
    assert described(predict)["input"]["required"] == ["image"]


def test_classes_are_shared_definitions_and_may_be_recursive() -> None:
    def predict(a: m.Node, b: list[m.Node], c: m.Options) -> m.Options: ...

    written = described(predict)
    definitions = written["input"]["$defs"]
    assert sorted(definitions) == ["Node", "Options"] or sorted(definitions) == ["Color", "Node", "Options"]
    assert written["input"]["properties"]["b"]["items"] == {"$ref": "#/$defs/Node"}
    assert definitions["Node"]["properties"]["children"]["items"] == {"$ref": "#/$defs/Node"}
    assert [node["x-order"] for node in definitions["Options"]["properties"].values()] == [0, 1, 2]


def test_two_classes_of_one_name_do_not_become_one() -> None:
    class Node(pydantic.BaseModel):
        name: str

    def predict(a: Any, b: Any, c: Any) -> None: ...

    predict.__annotations__ = {"a": m.Node, "b": Node, "c": list[Node]}
    written = described(predict)["input"]
    b, c = written["properties"]["b"]["$ref"], written["properties"]["c"]["items"]["$ref"]
    assert written["properties"]["a"]["$ref"] == "#/$defs/Node"
    assert b == c == "#/$defs/Node_2"
    assert list(written["$defs"]["Node_2"]["properties"]) == ["name"]
    fits = jsonschema_rs.Draft202012Validator(written).is_valid
    assert fits({"a": {"value": 1}, "b": {"name": "x"}, "c": []})
    assert not fits({"a": {"name": "x"}, "b": {"name": "x"}, "c": []})


def test_the_name_of_an_output_class_does_not_matter() -> None:
    @dataclasses.dataclass
    class Whatever:
        text: str

    def predict() -> Any: ...

    predict.__annotations__ = {"return": Whatever}
    assert described(predict)["output"]["$ref"] == "#/$defs/Whatever"


@pytest.mark.parametrize(
    ("annotation", "schema"),
    [
        (None, {"type": "null"}),
        (Optional[str], {"anyOf": [{"type": "string"}, {"type": "null"}]}),
        (Any, {}),
        (list[File], {"type": "array", "items": {"type": "string", "format": "uri", "x-augury-type": "file"}}),
    ],
)
def test_an_output_may_be_null_optional_anything_or_files(annotation: Any, schema: dict[str, Any]) -> None:
    def predict() -> Any: ...

    predict.__annotations__ = {"return": annotation}
    output = described(predict)["output"]
    del output["$schema"]
    assert output == schema


def test_without_a_return_annotation_any_output_is_right() -> None:
    def predict(x: int):  # pyright: ignore[reportUnknownParameterType]
        return x

    def stream(x: int):  # pyright: ignore[reportUnknownParameterType]
        yield x

    assert described(predict).keys() == {"input", "output"}
    assert "type" not in described(predict)["output"]
    assert described(stream)["output"]["type"] == "array"
    assert "type" not in described(stream)["stream_output"]


@pytest.mark.parametrize(
    ("annotation", "is_async"),
    [
        (Iterator[int], False),
        (Iterable[int], False),
        (Generator[int, None, None], False),
        (AsyncIterator[int], True),
        (collections.abc.AsyncIterable[int], True),
        (AsyncGenerator[int, None], True),
        (Annotated[Iterator[int], "numbers"], False),
    ],
)
def test_a_stream_gives_a_list_in_the_end_and_says_what_an_item_is(annotation: Any, is_async: bool) -> None:
    def predict() -> Any: ...

    predict.__annotations__ = {"return": annotation}
    signature = inspect_predict(predict)
    assert (signature.is_generator, signature.is_text, signature.is_async) == (True, False, is_async)
    written = described(predict)
    assert written["output"]["items"] == {"type": "integer"}
    assert written["stream_output"]["type"] == "integer"


def test_a_text_stream_gives_the_joined_text() -> None:
    def predict(prompt: str) -> TextStream:
        yield prompt

    async def later(prompt: str) -> TextStream:
        yield prompt

    for function, is_async in ((predict, False), (later, True)):
        signature = inspect_predict(function)
        assert (signature.is_generator, signature.is_text, signature.is_async) == (True, True, is_async)
        written = described(function)
        assert written["output"]["type"] == written["stream_output"]["type"] == "string"


def test_what_kind_of_call_it_is_shows_in_the_function() -> None:
    async def coroutine() -> int: ...
    async def stream() -> AsyncIterator[int]:
        yield 1

    def plain() -> int: ...

    for function, expected in ((coroutine, (True, False)), (stream, (True, True)), (plain, (False, False))):
        for form in (function, functools.partial(function)):
            signature = inspect_predict(form)
            assert (signature.is_async, signature.is_generator) == expected


def decorated(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def around(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return around


def test_classes_methods_and_decorated_functions_are_read_without_being_called() -> None:
    class Predictor:
        """What it is for."""

        def __init__(self) -> None:
            raise AssertionError("instantiated")

        @decorated
        def predict(self, text: str) -> str: ...

    class Static:
        @staticmethod
        def predict(text: str) -> str: ...

    class Bound:
        @classmethod
        def predict(cls, text: str) -> str: ...

    class Called:
        def __call__(self, text: str) -> str: ...

    for target in (Predictor, Static, Bound, Called(), Static(), Bound()):
        signature = inspect_predict(target)
        assert [parameter.name for parameter in signature.parameters] == ["text"]
        assert signature.parameters[0].required
    assert inspect_predict(Predictor).description == "What it is for."


def test_an_untyped_parameter_takes_anything_with_a_warning() -> None:
    def predict(x, y=3): ...  # pyright: ignore[reportUnknownParameterType, reportMissingParameterType]

    signature = inspect_predict(predict)
    assert described(predict)["input"]["properties"] == {"x": {"x-order": 0}, "y": {"default": 3, "x-order": 1}}
    assert signature.warnings == (
        "parameter x has no type: any JSON value is accepted",
        "parameter y has no type: any JSON value is accepted",
    )


def test_a_pattern_is_written_in_the_words_of_json_schema() -> None:
    def predict(x: Annotated[str, Input(regex=r"\A(?P<year>\d{4})\Z")]) -> None: ...

    written = described(predict)["input"]
    assert written["properties"]["x"]["pattern"] == r"^(?<year>\d{4})$"
    fits = jsonschema_rs.Draft202012Validator(written).is_valid
    assert fits({"x": "2026"})
    assert not fits({"x": "x2026"})


class Opaque:
    pass


@dataclasses.dataclass
class Holder:
    inner: list[Opaque]


def refused(annotation: Any) -> SignatureError:
    def predict(
        fine: int,
        wrong: Any,  # this line
    ) -> None: ...

    predict.__annotations__ = {"fine": int, "wrong": annotation}
    with pytest.raises(SignatureError) as caught:
        inspect_predict(predict)
    return caught.value


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        (Opaque, "parameter wrong: Opaque is not a type that JSON can carry; use str, int"),
        (bytes, "bytes is not JSON; use File for binary data, or str"),
        (list[bytes], "parameter wrong at wrong[]: bytes is not JSON"),
        (Holder, "parameter wrong at wrong.inner[]: Opaque is not"),
        (dict[str, tuple[int, complex]], "at wrong[...][1]: complex is not"),
        (dict[tuple[int, int], str], "dict keys of type tuple[int, int] are not JSON; use str keys"),
        (Iterator[str], "stands for the whole output only; inside of others use list[...]"),
        (TextStream, "write `def predict(...) -> TextStream`"),
        (Callable[[], int], "is not a type that JSON can carry"),
        ("Unheard", "name 'Unheard' is not defined; import it at the top of the module"),
        (types.GenericAlias(list, ("Unheard",)), "name 'Unheard' is not defined"),
        (m.Endless[int], "its type nests without end"),
        (5, "is not a type that JSON can carry"),
    ],
    ids=str,
)
def test_an_unsupported_type_is_refused_with_file_line_name_and_what_would_work(annotation: Any, message: str) -> None:
    error = refused(annotation)
    assert message in str(error)
    assert error.file == __file__
    assert error.line == line_of("wrong: Any,  # this line")
    assert error.name == "wrong"
    assert str(error).startswith(f"test_signature.py, line {error.line}: parameter wrong")


def test_an_unsupported_output_is_refused_at_its_line() -> None:
    def predict(x: int) -> bytes: ...  # the output's line

    with pytest.raises(SignatureError, match="the output: bytes is not JSON") as caught:
        inspect_predict(predict)
    assert caught.value.line == line_of("def predict(x: int) -> bytes: ...  # the output's line")


def test_parameters_that_cannot_be_given_by_name_are_refused() -> None:
    def several(*items: int) -> None: ...
    def unnamed(item: int, /) -> None: ...

    with pytest.raises(SignatureError, match=r"\*items has no names for its values; use a list"):
        inspect_predict(several)
    with pytest.raises(SignatureError, match="positional only"):
        inspect_predict(unnamed)


def test_a_generator_that_is_annotated_as_its_item_is_refused_with_the_right_annotation() -> None:
    def predict() -> Any:
        yield "x"

    predict.__annotations__ = {"return": str}
    with pytest.raises(SignatureError, match=r"returns Iterator\[str\]"):
        inspect_predict(predict)


def test_a_class_without_predict_is_refused_at_its_line() -> None:
    with pytest.raises(SignatureError, match=r"class Opaque has no predict\(\)") as caught:
        inspect_predict(Opaque)
    assert caught.value.line == line_of("class Opaque:")
    assert caught.value.file == inspect.getsourcefile(Opaque)
