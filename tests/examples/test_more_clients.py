"""The example models behind Replicate's client and those of npm: their actual answers, with real files in and out."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx
import pytest
from replicate.client import Client

from tests.compat import npm
from tests.examples.pictures import pixels
from tests.examples.published import Examples

# The first question to a model builds its environment, from the network where nothing is cached yet.
pytestmark = pytest.mark.timeout(180)

EXAMPLES = Path(__file__).parents[2] / "examples"
FRANCE = "What is the capital of France?"
PARIS = "The capital of France is Paris."


def name(examples: Examples, example: str) -> str:
    """An example as Replicate's clients name it: without a number, its latest version."""
    return examples.reference(example).rpartition(":")[0]


@pytest.fixture(scope="module")
def replicate(examples: Examples) -> Generator[Client]:
    client = Client(examples.token, base_url=f"{examples.url}/replicate")
    yield client
    # It cannot let go of its connections by itself.
    client._client.close()  # pyright: ignore[reportPrivateUsage] - it has no other way


@pytest.fixture(scope="module")
def node(examples: Examples) -> npm.Npm:
    return npm.Npm(npm.installed())


def test_a_language_model_answers_replicates_client_whole_and_piece_by_piece(
    examples: Examples, replicate: Client
) -> None:
    asked = {"prompt": FRANCE, "max_tokens": 40}
    assert "".join(replicate.run(name(examples, "smollm"), input=asked)) == PARIS
    events = list(replicate.stream(name(examples, "smollm"), input=asked))
    texts = [str(one) for one in events if one.event.value == "output"]
    assert len(texts) > 3
    assert "".join(texts) == PARIS
    assert events[-1].event.value == "done"


def test_a_receipt_that_is_handed_over_as_a_file_is_read(examples: Examples, replicate: Client) -> None:
    with (EXAMPLES / "ocr" / "sample.jpg").open("rb") as picture:
        lines: Any = replicate.run(name(examples, "ocr"), input={"image": picture})
    assert [one["text"] for one in lines][:2] == ["CORNER BAKERY", "12Station Road,Leeds"]


def test_a_drawing_comes_as_a_link_to_a_picture(examples: Examples, replicate: Client) -> None:
    made: Any = replicate.run(name(examples, "drawing"), input={"prompt": "a red star on yellow"})
    picture = pixels(httpx.get(str(made)).raise_for_status().content)
    assert tuple(picture[0, 0]) == (255, 210, 26)


def test_a_prediction_lives_as_replicates_client_follows_it(examples: Examples, replicate: Client) -> None:
    model = replicate.models.get(name(examples, "readability.py"))
    version, *_ = model.versions.list()  # another test may have published it, too
    made = replicate.predictions.create(version=version, input={"text": "The cat sat. It ate."})
    made.wait()
    assert made.status == "succeeded"
    found: Any = replicate.predictions.get(made.id)
    assert found.output["sentences"] == 2
    assert made.id in [one.id for one in replicate.predictions.list()]


def test_npms_clients_chat_embed_and_stream_with_the_examples(examples: Examples, node: npm.Npm) -> None:
    of_openai = {"base": f"{examples.url}/v1", "token": examples.token}
    chunks = node("openai", "streamed", {**of_openai, "model": examples.reference("smollm"), "prompt": FRANCE})
    assert "".join(one["choices"][0]["delta"].get("content") or "" for one in chunks if one["choices"]) == PARIS
    texts = ["The weather is lovely today.", "It's so sunny outside!"]
    made = node("openai", "embeddings", {**of_openai, "model": examples.reference("embedding"), "input": texts})
    likeness = sum(one * other for one, other in zip(*(each["embedding"] for each in made["data"]), strict=True))
    assert likeness == pytest.approx(0.6660, abs=5e-5)
    of_replicate = {"base": f"{examples.url}/replicate/v1", "token": examples.token}
    asked = {"prompt": FRANCE, "max_tokens": 40}
    events = node("replicate", "stream", {**of_replicate, "model": name(examples, "smollm"), "input": asked})
    assert "".join(one["data"] for one in events if one["event"] == "output") == PARIS
