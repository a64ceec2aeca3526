"""What of a Cog model cannot work, said with its place; which method is called; what is read from where."""

# ruff: noqa: B008
# Models write Input() as a default, and so do the tests.

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from augury.sdk import cog
from augury.sdk.cog_signature import inspect_cog
from augury.sdk.signature import SignatureError, schemas

FILE = Path(__file__).name


class Pixels:
    """A class that no JSON has."""


def refused(target: Any) -> str:
    with pytest.raises(SignatureError) as caught:
        inspect_cog(target)
    assert caught.value.file == __file__
    assert caught.value.line is not None
    return str(caught.value)


def line_of(thing: Any) -> int:
    return inspect.getsourcelines(thing)[1]


def test_a_runner_with_both_methods_is_asked_to_keep_one() -> None:
    class Both(cog.BaseRunner):
        def run(self) -> str:
            return ""

        def predict(self) -> str:
            return ""

    line = line_of(Both)
    assert refused(Both) == f"{FILE}, line {line}: class Both has both run() and predict(); keep one of them"


def test_a_class_without_either_method_says_so() -> None:
    class Neither(cog.BasePredictor):
        def setup(self, weights: cog.Path | str | None = None) -> None:
            pass

    class Nothing:
        pass

    assert refused(Neither) == f"{FILE}, line {line_of(Neither)}: class Neither has neither run() nor predict()"
    assert refused(Nothing) == f"{FILE}, line {line_of(Nothing)}: class Nothing has neither run() nor predict()"


def test_a_type_that_no_json_has_names_its_parameter_and_line() -> None:
    class Predictor(cog.BasePredictor):
        def predict(
            self,
            prompt: str,
            image: Pixels,
        ) -> str:
            return prompt

    line = line_of(Predictor) + 4
    assert refused(Predictor).startswith(
        f"{FILE}, line {line}: parameter image: Pixels is not a type that JSON can carry"
    )


def test_positional_inputs_are_refused_with_what_would_work() -> None:
    class Several(cog.BasePredictor):
        def predict(self, *prompts: str) -> str:
            return ""

    class Bare(cog.BasePredictor):
        def predict(self, prompt: str, /) -> str:
            return ""

    assert "*prompts has no names for its values; use a list" in refused(Several)
    assert "prompt is positional only, but inputs are given by name" in refused(Bare)


def test_a_list_of_streams_says_where_a_stream_may_stand() -> None:
    class Predictor(cog.BasePredictor):
        def predict(self) -> list[Iterator[str]]:
            return []

    assert "stands for the whole output only" in refused(Predictor)


def test_a_predictor_with_a_helper_named_run_is_called_by_predict_and_warns() -> None:
    class Predictor(cog.BasePredictor):
        def run(self, steps: int) -> int:
            return steps

        def predict(self, prompt: str) -> str:
            return prompt

    signature = inspect_cog(Predictor)
    assert signature.method == "predict"
    assert [one.name for one in signature.parameters] == ["prompt"]
    assert signature.warnings == ("Predictor has both run() and predict(): predict() is called",)


def test_a_method_behind_the_base_class_does_not_count() -> None:
    class Mixin:
        def run(self, nothing: int) -> int:
            return nothing

    class Predictor(cog.BasePredictor, Mixin):
        def predict(self, prompt: str) -> str:
            return prompt

    assert inspect_cog(Predictor).method == "predict"


def test_an_instance_a_static_method_and_a_function_are_read_alike() -> None:
    class Runner(cog.BaseRunner):
        @staticmethod
        def run(n: int = cog.Input(default=1)) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
            return n

    class Plain:
        def predict(self, n: int = cog.Input(default=1)) -> int:
            return n

    def predict(n: int = cog.Input(default=1)) -> int:
        return n

    read = [inspect_cog(target) for target in (Runner, Runner(), Plain, Plain(), predict)]
    assert [one.method for one in read] == ["run", "run", "predict", "predict", "predict"]
    assert len({str(schemas(one)) for one in read}) == 1


def test_the_docstring_of_the_base_class_describes_nothing() -> None:
    class Predictor(cog.BasePredictor):
        def predict(self) -> str:
            return ""

    class Described(Predictor):
        """Its own words."""

    assert inspect_cog(Predictor).description is None
    assert inspect_cog(Described).description == "Its own words."


def test_a_generator_with_the_annotation_of_one_item_is_taken_with_a_warning() -> None:
    class Predictor(cog.BasePredictor):
        def predict(self) -> str:  # pyright: ignore[reportInvalidTypeForm]
            yield "a"  # pyright: ignore[reportReturnType]

    signature = inspect_cog(Predictor)
    assert signature.is_generator
    assert schemas(signature)["stream_output"]["type"] == "string"
    assert signature.warnings == ("it yields, so its output is a list of str: write Iterator[str]",)


def test_decorators_hide_neither_inputs_nor_that_it_is_async() -> None:
    def rude(function: Callable[..., Any]) -> Callable[..., Any]:
        def inner(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs)

        return inner

    def polite(function: Callable[..., Any]) -> Callable[..., Any]:
        return functools.wraps(function)(rude(function))

    class Predictor(cog.BasePredictor):
        @rude
        @polite
        @cog.streaming
        @cog.concurrent(max=4)
        async def predict(self, text: str) -> AsyncIterator[str]:
            yield text

    signature = inspect_cog(Predictor)
    assert [one.name for one in signature.parameters] == ["text"]
    assert (signature.is_async, signature.is_generator) == (True, True)


def test_what_a_file_may_be_is_in_its_schema() -> None:
    class Predictor(cog.BasePredictor):
        def predict(self, image: cog.Path = cog.Input(accept="image/*,.pdf")) -> str:
            return str(image)

    image = schemas(inspect_cog(Predictor))["input"]["properties"]["image"]
    assert image["x-augury-media-types"] == ["image/*", "application/pdf"]
