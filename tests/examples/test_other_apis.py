"""The example models behind the clients of OpenAI and Anthropic: their actual answers, whole and as they come."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from base64 import b64decode
from collections import Counter
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import anthropic
import httpx
import numpy as np
import openai
import pytest

from tests.examples.pictures import pieces, pixels
from tests.examples.published import Examples

# The first question to a model builds its environment, from the network where nothing is cached yet.
pytestmark = pytest.mark.timeout(180)

EXAMPLES = Path(__file__).parents[2] / "examples"
RED, BLUE, YELLOW, GREEN = (214, 39, 40), (31, 111, 214), (255, 210, 26), (44, 160, 44)
FRANCE = "What is the capital of France?"
PARIS = "The capital of France is Paris."
PAGES = ("smollm/README.md", "embedding/README.md", "drawing/README.md", "eliza.md")


@pytest.fixture(scope="module")
def client(examples: Examples) -> Generator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{examples.url}/v1", api_key=examples.token, timeout=150, max_retries=0) as client:
        yield client


def test_a_language_model_answers_openais_client(examples: Examples, client: openai.OpenAI) -> None:
    made = client.chat.completions.create(
        model=examples.reference("smollm"), messages=[{"role": "user", "content": FRANCE}], max_tokens=40
    )
    assert made.choices[0].message.content == PARIS
    assert made.choices[0].finish_reason == "stop"
    assert made.usage
    assert (made.usage.prompt_tokens, made.usage.completion_tokens) == (27, 8)
    assert made.usage.model_extra == {}


def test_its_text_comes_piece_by_piece(examples: Examples, client: openai.OpenAI) -> None:
    chunks = list(
        client.chat.completions.create(
            model=examples.reference("smollm"),
            messages=[{"role": "system", "content": "You count."}, {"role": "user", "content": "Count to five."}],
            max_tokens=12,
            stream=True,
        )
    )
    texts = [one.choices[0].delta.content for one in chunks if one.choices and one.choices[0].delta.content]
    assert len(texts) > 5
    whole = client.chat.completions.create(
        model=examples.reference("smollm"),
        messages=[{"role": "system", "content": "You count."}, {"role": "user", "content": "Count to five."}],
        max_tokens=12,
    )
    assert "".join(texts) == whole.choices[0].message.content
    assert whole.choices[0].finish_reason == chunks[-1].choices[0].finish_reason == "length"


def test_a_language_model_has_responses_whole_and_piece_by_piece(examples: Examples, client: openai.OpenAI) -> None:
    model = examples.reference("smollm")
    made = client.responses.create(model=model, input=FRANCE, max_output_tokens=40)
    assert (made.output_text, made.status) == (PARIS, "completed")
    assert client.responses.retrieve(made.id).output_text == PARIS
    with client.responses.stream(model=model, input=FRANCE, max_output_tokens=40) as stream:
        pieces = [event.delta for event in stream if event.type == "response.output_text.delta"]
        assert stream.get_final_response().output_text == PARIS
    assert len(pieces) > 3
    assert "".join(pieces) == PARIS


def test_the_examples_are_listed_to_openais_client(examples: Examples, client: openai.OpenAI) -> None:
    wanted = {examples.reference(one).rpartition(":")[0] for one in ("smollm", "drawing")}
    assert wanted <= {one.id for one in client.models.list()}


def test_a_language_model_answers_anthropics_client_whole_and_piece_by_piece(examples: Examples) -> None:
    with closing(anthropic.Anthropic(base_url=examples.url, api_key=examples.token, timeout=150)) as client:
        made = client.messages.create(
            model=examples.reference("smollm"), max_tokens=40, messages=[{"role": "user", "content": FRANCE}]
        )
        assert made.content[0].type == "text"
        assert made.content[0].text == PARIS
        assert (made.usage.input_tokens, made.usage.output_tokens) == (27, 8)
        with client.messages.stream(
            model=examples.reference("smollm"), max_tokens=40, messages=[{"role": "user", "content": FRANCE}]
        ) as stream:
            texts = list(stream.text_stream)
    assert len(texts) > 3
    assert "".join(texts) == PARIS


def test_sentences_are_as_alike_as_is_published_for_the_model(examples: Examples, client: openai.OpenAI) -> None:
    texts = ["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."]
    made = client.embeddings.create(model=examples.reference("embedding"), input=texts)
    vectors = np.array([one.embedding for one in made.data])
    assert vectors.shape == (3, 384)
    found = vectors @ vectors.T
    assert [found[0, 1], found[0, 2], found[1, 2]] == pytest.approx([0.6660, 0.1046, 0.1411], abs=5e-5)


def test_more_texts_than_the_model_takes_at_once_are_embedded_all_the_same(
    examples: Examples, client: openai.OpenAI
) -> None:
    texts = [str(number) for number in range(260)]
    made = client.embeddings.create(model=examples.reference("embedding"), input=texts)
    [alone] = client.embeddings.create(model=examples.reference("embedding"), input=texts[257]).data
    vectors = np.array([one.embedding for one in made.data])
    likeness = vectors @ np.array(alone.embedding)
    assert (len(vectors), int(likeness.argmax())) == (260, 257)
    assert likeness[257] == pytest.approx(1, abs=1e-5)


def test_a_picture_has_what_the_words_say(examples: Examples, client: openai.OpenAI) -> None:
    made = client.images.generate(
        model=examples.reference("drawing"),
        prompt="two big red stars, three small blue circles and a green ring on a yellow background",
        size="512x512",
        response_format="b64_json",
    )
    assert made.data
    picture = pixels(b64decode(made.data[0].b64_json or ""))
    assert picture.shape == (512, 512, 3)
    assert tuple(picture[0, 0]) == YELLOW
    assert Counter(map(tuple, picture.reshape(-1, 3))).keys() == {YELLOW, RED, BLUE, GREEN}
    stars, circles, rings = (pieces(picture, colour) for colour in (RED, BLUE, GREEN))
    assert (len(stars), len(circles), len(rings)) == (2, 3, 1)
    # A star fills less of the square around it than a circle does, and a ring has nothing in its middle.
    assert all(one.filled < 0.5 for one in stars)
    assert all(one.filled == pytest.approx(np.pi / 4, abs=0.02) for one in circles)
    assert tuple(picture[rings[0].middle]) == YELLOW
    assert min(one.width for one in stars) > 1.5 * max(one.width for one in circles)


def test_the_same_words_give_the_same_picture_and_another_seed_another(
    examples: Examples, client: openai.OpenAI
) -> None:
    def drawn(seed: int, prompt: str = "five hearts") -> bytes:
        made = client.images.generate(
            model=examples.reference("drawing"), prompt=prompt, size="256x256", extra_body={"seed": seed}
        )
        assert made.data
        return httpx.get(made.data[0].url or "").raise_for_status().content

    assert drawn(1) == drawn(1)
    assert len({drawn(0), drawn(1), drawn(2), drawn(0, "six hearts"), drawn(0, "five stars")}) == 5


def test_words_that_name_no_shape_are_refused_in_a_sentence(examples: Examples, client: openai.OpenAI) -> None:
    with pytest.raises(openai.UnprocessableEntityError) as failed:
        client.images.generate(model=examples.reference("drawing"), prompt="the meaning of life")
    assert "names no shape" in failed.value.message


def test_a_native_model_answers_in_its_own_chunks_and_whole(examples: Examples, client: openai.OpenAI) -> None:
    model = examples.reference("eliza.py")
    said = client.chat.completions.create(model=model, messages=[{"role": "user", "content": "I need my mother."}])
    assert said.choices[0].message.content == "Why do you need your mother?"
    assert (said.model, said.object, said.choices[0].finish_reason) == ("eliza", "chat.completion", "stop")
    chunks = client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": "Nothing."}], max_tokens=2, stream=True
    )
    found = [(one.choices[0].delta.content, one.choices[0].finish_reason) for one in chunks]
    assert found == [("", None), ("Please", None), (" go", None), (None, "length")]


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_says_of_other_clients_is_so(examples: Examples, page: str) -> None:
    text = (EXAMPLES / page).read_text()
    name = page.partition("/")[0].removesuffix(".md")
    example = examples.reference(f"{name}.py" if page == "eliza.md" else name)
    blocks = re.findall(r"^```python\n(.*?)^```\n\n```text\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert blocks
    environment = os.environ | {
        "OPENAI_BASE_URL": f"{examples.url}/v1",
        "OPENAI_API_KEY": examples.token,
        "ANTHROPIC_BASE_URL": examples.url,
        "ANTHROPIC_API_KEY": examples.token,
    }
    for code, printed in blocks:
        code = code.replace(f"OWNER/{name}", example)
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert done.stdout == printed
