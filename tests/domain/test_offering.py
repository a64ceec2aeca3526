"""What a signature says about the other APIs that a model can be offered through, and what only looks like it."""

# ruff: noqa: UP045
# Signatures as authors write them.

from __future__ import annotations

import dataclasses
import datetime
import enum
import pathlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Annotated, Any, Literal, NamedTuple, Optional, Protocol, TypedDict

import pydantic
import pytest

from augury import File, Input, Secret, TextStream
from augury.domain.model import COMPATIBILITIES
from augury.domain.offering import TEXT_ENDPOINTS, Field, inferred, offered, picture_field, text_field, vector_field
from augury.sdk.signature import inspect_predict, schemas

CHAT: set[str] = set(TEXT_ENDPOINTS)
EMBEDDINGS = {"openai_embeddings"}
IMAGES = {"openai_images_generations"}


class Turn(TypedDict):
    role: str
    content: str


class Part(TypedDict):
    type: str


@dataclasses.dataclass
class Said:
    role: Literal["user", "assistant", "system"]
    content: str | list[Part]
    name: Optional[str] = None


class Message(pydantic.BaseModel):
    role: str
    content: str | None = None
    tool_calls: list[dict[str, Any]] | None = None


class Letter(TypedDict):
    sender: str
    content: str


class Numbered(TypedDict):
    role: str
    content: str
    number: int


class Counted(TypedDict):
    role: str
    content: int


class Nested(TypedDict):
    role: str
    content: Turn


class Mood(enum.Enum):
    CALM = "calm"
    LOUD = "loud"


class Pair(NamedTuple):
    one: list[float]
    other: list[float]


PNG = Input(media_types=["image/png"])
PICTURES = Input(media_types=["image/*"])
SOUND = Input(media_types=["audio/wav"])


class Fits(Protocol):
    """Each is offered."""

    def prompt_to_text(self, prompt: str) -> str: ...
    def prompt_with_options(self, prompt: str, system: str = "", max_tokens: int = 9) -> str: ...
    def prompt_streamed(self, prompt: str) -> TextStream: ...
    def prompt_in_items(self, prompt: str) -> Iterator[str]: ...
    def prompt_in_async_items(self, prompt: str) -> AsyncIterator[str]: ...
    def prompt_that_may_be_null(self, prompt: Optional[str] = None) -> str: ...
    def prompt_with_a_default(self, prompt: str = "Say something") -> str: ...
    def prompt_bounded(self, prompt: Annotated[str, Input(min_length=1, max_length=9)]) -> str: ...
    def prompt_to_one_word_of_two(self, prompt: str) -> Literal["yes", "no"]: ...
    def messages_free(self, messages: list[dict[str, Any]]) -> str: ...
    def messages_unsaid(self, messages: list[dict]) -> str: ...  # pyright: ignore[reportMissingTypeArgument, reportUnknownParameterType]
    def messages_of_text(self, messages: list[dict[str, str]]) -> TextStream: ...
    def messages_of_a_typed_dict(self, messages: Sequence[Turn]) -> str: ...
    def messages_of_a_dataclass(self, messages: list[Said], top_p: float = 1) -> str: ...
    def messages_of_pydantic(self, messages: list[Message]) -> Iterator[str]: ...
    def messages_before_a_prompt(self, messages: list[Turn], prompt: str = "") -> str: ...
    def texts_to_vectors(self, texts: list[str]) -> list[list[float]]: ...
    def texts_bounded(self, texts: Annotated[list[str], Input(max_length=96)]) -> list[list[float]]: ...
    def texts_to_whole_numbers(self, texts: tuple[str, ...], bits: int = 8) -> list[list[int]]: ...
    def texts_one_by_one(self, texts: list[str]) -> Iterator[list[float]]: ...
    def text_to_a_vector(self, text: str) -> list[float]: ...
    def text_to_a_stream_of_numbers(self, text: str) -> Iterator[float]: ...
    def prompt_to_a_file(self, prompt: str) -> File: ...
    def prompt_to_a_path(self, prompt: str, seed: int = 0) -> pathlib.Path: ...
    def prompt_to_a_png(self, prompt: str) -> Annotated[File, PNG]: ...
    def prompt_to_files(self, prompt: str, n: int = 1) -> list[File]: ...
    def prompt_to_pictures(self, prompt: str) -> list[Annotated[File, PICTURES]]: ...
    def prompt_to_pngs(self, prompt: str) -> Annotated[list[File], PNG]: ...
    def prompt_to_a_stream_of_files(self, prompt: str) -> Iterator[File]: ...


class Misses(Protocol):
    """None is offered."""

    def text_to_text(self, text: str) -> str: ...
    def prompt_and_more_that_is_required(self, prompt: str, voice: str) -> str: ...
    def prompt_of_a_few(self, prompt: Literal["joke", "poem"]) -> str: ...
    def prompt_of_an_enum(self, prompt: Mood) -> str: ...
    def prompt_secret(self, prompt: Secret) -> str: ...
    def prompt_file(self, prompt: File) -> str: ...
    def prompt_or_number(self, prompt: int | str) -> str: ...
    def prompts(self, prompt: list[str]) -> str: ...
    def prompt_untyped(self, prompt) -> str: ...  # pyright: ignore[reportUnknownParameterType, reportMissingParameterType]
    def prompt_to_anything(self, prompt: str): ...
    def prompt_to_a_stream_of_anything(self, prompt: str) -> Iterator[Any]: ...
    def prompt_to_texts(self, prompt: str) -> list[str]: ...
    def prompt_to_perhaps_nothing(self, prompt: str) -> Optional[str]: ...
    def prompt_to_a_date(self, prompt: str) -> datetime.date: ...
    def prompt_to_a_number(self, prompt: str) -> float: ...
    def prompt_to_an_object(self, prompt: str) -> dict[str, str]: ...
    def messages_of_text_alone(self, messages: list[str]) -> str: ...
    def messages_without_a_role(self, messages: list[Letter]) -> str: ...
    def messages_that_need_more(self, messages: list[Numbered]) -> str: ...
    def messages_of_numbers(self, messages: list[dict[str, int]]) -> str: ...
    def messages_whose_content_is_a_number(self, messages: list[Counted]) -> str: ...
    def messages_whose_content_is_an_object(self, messages: list[Nested]) -> str: ...
    def one_message(self, messages: Turn) -> str: ...
    def messages_to_an_object(self, messages: list[Turn]) -> dict[str, Any]: ...
    def texts_to_one_vector(self, texts: list[str]) -> list[float]: ...
    def text_to_vectors(self, text: str) -> list[list[float]]: ...
    def texts_in_no_order(self, texts: set[str]) -> list[list[float]]: ...
    def two_texts(self, texts: tuple[str, str]) -> list[list[float]]: ...
    def texts_to_a_pair(self, texts: list[str]) -> Pair: ...
    def texts_to_matrices(self, texts: list[str]) -> list[list[list[float]]]: ...
    def texts_to_words(self, texts: list[str]) -> list[list[str]]: ...
    def texts_to_flags(self, texts: list[str]) -> list[list[bool]]: ...
    def tokens_to_vectors(self, texts: list[int]) -> list[list[float]]: ...
    def texts_and_a_query(self, texts: list[str], query: str) -> list[list[float]]: ...
    def prompt_to_sound(self, prompt: str) -> Annotated[File, SOUND]: ...
    def prompt_to_sounds(self, prompt: str) -> list[Annotated[File, SOUND]]: ...
    def prompt_to_sounds_together(self, prompt: str) -> Annotated[list[File], SOUND]: ...
    def picture_to_picture(self, image: File) -> File: ...
    def prompt_and_picture_to_picture(self, prompt: str, image: File) -> File: ...


def described(predict: Any) -> dict[str, Any]:
    """The schemas of a method, its `self` filled in."""
    return schemas(inspect_predict(predict.__get__(object())))


def methods(kind: type) -> dict[str, Callable[..., Any]]:
    return {name: found for name, found in vars(kind).items() if not name.startswith("_")}


def expected(name: str) -> set[str]:
    kinds = {"texts": EMBEDDINGS, "text": EMBEDDINGS, "messages": CHAT, "prompt": CHAT}
    pictures = ("file", "files", "path", "png", "pngs", "pictures")
    return IMAGES if name.rpartition("_")[2] in pictures else kinds[name.partition("_")[0]]


@pytest.mark.parametrize("name", methods(Fits))
def test_a_signature_that_fits_is_offered_through_what_it_fits(name: str) -> None:
    assert inferred(described(methods(Fits)[name])) == dict.fromkeys(expected(name), True)


@pytest.mark.parametrize("name", methods(Misses))
def test_a_signature_that_nearly_fits_is_not_offered(name: str) -> None:
    assert inferred(described(methods(Misses)[name])) == {}


def test_only_what_a_version_can_be_offered_through_is_inferred() -> None:
    assert {*CHAT, *EMBEDDINGS, *IMAGES} == set(COMPATIBILITIES)


def test_what_the_author_says_counts_for_more() -> None:
    found = described(methods(Fits)["prompt_to_text"])
    assert offered(found) == TEXT_ENDPOINTS
    said = {"openai_responses": False, "openai_embeddings": True}
    assert offered(found, said) == ("openai_chat_completions", "openai_embeddings", "anthropic_messages")
    assert offered(found, said, {"openai_embeddings": False, "something_else": True}) == (
        "openai_chat_completions",
        "anthropic_messages",
    )


def test_where_the_call_goes_is_told_with_it() -> None:
    found = {name: described(method) for name, method in methods(Fits).items()}
    assert text_field(found["prompt_to_text"]) == Field("prompt")
    assert text_field(found["messages_before_a_prompt"]) == Field("messages", many=True)
    assert vector_field(found["texts_to_vectors"]) == Field("texts", many=True)
    assert vector_field(found["text_to_a_vector"]) == Field("text")
    assert picture_field(found["prompt_to_a_png"]) == Field("prompt")
    assert picture_field(found["prompt_to_a_stream_of_files"]) == Field("prompt", many=True)
    assert text_field(found["texts_to_vectors"]) is vector_field(found["prompt_to_a_png"]) is None


@pytest.mark.parametrize(
    "items",
    [
        {"$ref": "#/$defs/Loop"},
        {"$ref": "#/$defs/Nowhere"},
        {"$ref": "https://example.com/message"},
        {"$ref": 1},
        {"type": "object", "properties": {"role": True, "content": False}},
        {"type": "object", "additionalProperties": False},
        {"type": ["object", "null"]},
        True,
    ],
)
def test_a_schema_of_another_hand_is_read_without_harm(items: Any) -> None:
    loop = {"Loop": {"$ref": "#/$defs/Loop"}}
    given: Any = {
        "type": "object",
        "properties": {"messages": {"type": "array", "items": items}, "prompt": True, "texts": {"anyOf": [True]}},
        "required": ["messages"],
        "$defs": loop,
    }
    assert inferred({"input": given, "output": {"type": "string"}}) == {}
    assert inferred({"input": True, "output": False}) == inferred({}) == {}
