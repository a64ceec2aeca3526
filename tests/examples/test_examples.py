"""Each example model gives its actual answer, through a server, its own environment, and the official client."""

from __future__ import annotations

import base64
import io
import json
import math
import re
import struct
import wave
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from wriftai.predictions import PredictionWithDetails

from tests.examples.published import Examples

# The first question to a model builds its environment, from the network where nothing is cached yet.
pytestmark = pytest.mark.timeout(180)

Ask = Callable[..., PredictionWithDetails]
Answer = Callable[..., Any]
EXAMPLES = Path(__file__).parents[2] / "examples"
FOLDERS = ("embedding", "ocr", "speech", "smollm", "drawing")


def test_a_sentence_gets_the_reading_ease_that_is_published_for_it(answer: Answer) -> None:
    text = "The Australian platypus is seemingly a hybrid of a mammal and reptilian creature."
    assert answer("readability.py", text=text) == {
        "words": 13, "sentences": 1, "syllables": 24, "reading_ease": 37.5, "school_grade": 11.3,
    }  # fmt: skip


def test_a_text_without_words_is_refused_in_a_sentence(ask: Ask) -> None:
    prediction = ask("readability.py", text="1 + 1 = 2")
    assert prediction["status"] == "failed"
    assert prediction["error"]
    assert prediction["error"]["source"] == "external"
    assert "there are no English words in the text" in prediction["error"]["message"]


def test_babble_says_only_what_its_text_says_and_the_same_for_the_same_seed(answer: Answer) -> None:
    manner = "the cat sat on the mat and the cat ran to the mat and sat"
    said = answer("babble.py", manner=manner, words=50, seed=7)
    known = [*manner.split(), "the", "cat"]  # it begins again where it has ended
    words = said.split()
    assert len(words) == 50
    assert words[:2] == ["the", "cat"]
    assert {*zip(words, words[1:], words[2:], strict=False)} <= {*zip(known, known[1:], known[2:], strict=False)}
    assert answer("babble.py", manner=manner, words=50, seed=7) == said


def test_babble_without_words_is_refused_in_a_sentence(ask: Ask) -> None:
    prediction = ask("babble.py", manner="  \n ")
    assert prediction["status"] == "failed"
    assert prediction["error"]
    assert "there are no words" in prediction["error"]["message"]


def test_sentences_are_as_alike_as_is_published_for_the_model(answer: Answer) -> None:
    vectors = answer(
        "embedding", texts=["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."]
    )
    assert [len(vector) for vector in vectors] == [384] * 3
    assert [dot(vector, vector) for vector in vectors] == pytest.approx([1] * 3, abs=1e-6)
    found = [dot(vectors[0], vectors[1]), dot(vectors[0], vectors[2]), dot(vectors[1], vectors[2])]
    assert found == pytest.approx([0.6660, 0.1046, 0.1411], abs=5e-5)


def test_a_text_has_the_same_vector_in_any_company(answer: Answer) -> None:
    text = "Parcels leave with the first post of the day."
    [alone] = answer("embedding", texts=[text])
    others = ["", "日本語", "a long one " * 300, *(f"number {number}" for number in range(40))]
    vectors = answer("embedding", texts=[*others[:20], text, *others[20:]])
    assert len(vectors) == len(others) + 1
    assert dot(alone, vectors[20]) == pytest.approx(1, abs=1e-5)
    assert all(dot(alone, vector) < 0.9 for index, vector in enumerate(vectors) if index != 20)


def test_a_receipt_is_read_line_by_line_where_the_lines_are(answer: Answer) -> None:
    lines = answer("ocr", image=data_uri("image/jpeg", (EXAMPLES / "ocr" / "sample.jpg").read_bytes()))
    texts = [line["text"] for line in lines]
    assert [text for text in texts if " " not in text] == ["7.60", "2.95", "9.75", "20.30"]
    assert texts[0] == "CORNER BAKERY"
    assert "Total GBP" in texts
    assert all(line["score"] > 0.9 for line in lines)
    [total] = [line for line in lines if line["text"] == "20.30"]
    assert total["box"][0] == pytest.approx([455, 332], abs=4)
    assert total["box"][2] == pytest.approx([559, 370], abs=4)


def test_an_empty_picture_has_no_lines(answer: Answer) -> None:
    assert answer("ocr", image=data_uri("image/png", white_png(200, 100))) == []


def test_what_is_no_picture_is_refused_in_a_sentence(ask: Ask) -> None:
    prediction = ask("ocr", image=data_uri("image/png", b"not a picture"))
    assert prediction["status"] == "failed"
    assert prediction["error"]
    assert prediction["error"]["source"] == "external"
    assert "the file is not a picture of a known kind" in prediction["error"]["message"]


def test_speech_is_found_where_somebody_speaks(answer: Answer) -> None:
    out = answer("speech", audio=data_uri("audio/wav", (EXAMPLES / "speech" / "sample.wav").read_bytes()))
    assert out["total_seconds"] == pytest.approx(4.541, abs=1e-3)
    # Where the two sentences were put when the recording was made.
    spoken = [(0.4, 2.02), (2.72, 4.24)]
    assert [(one["start"], one["end"]) for one in out["segments"]] == [pytest.approx(pair, abs=0.1) for pair in spoken]
    assert out["speech_seconds"] == pytest.approx(sum(one["end"] - one["start"] for one in out["segments"]), abs=1e-3)


def test_a_tone_is_no_speech_at_any_rate_and_number_of_channels(answer: Answer) -> None:
    out = answer("speech", audio=data_uri("audio/wav", tone_wav(rate=44_100, channels=2, seconds=2)))
    assert out == {"segments": [], "speech_seconds": 0, "total_seconds": pytest.approx(2, abs=1e-3)}


def test_a_language_model_answers_in_one_text_and_counts_its_tokens(ask: Ask) -> None:
    prediction = ask("smollm", prompt="What is the capital of France?", max_tokens=40)
    assert prediction["status"] == "succeeded", prediction["error"]
    assert prediction["output"] == "The capital of France is Paris."
    metrics = prediction["metrics"] or {}
    assert (metrics["input_tokens"], metrics["output_tokens"]) == (27, 8)


def test_the_same_seed_gives_the_same_text_and_another_one_another(answer: Answer) -> None:
    def story(seed: int) -> str:
        return answer("smollm", prompt="Write a sentence about the sea.", max_tokens=24, temperature=1.0, seed=seed)

    assert story(1) == story(1) != story(2)


@pytest.mark.parametrize("readme", ["readability.md", *(f"{name}/README.md" for name in FOLDERS)])
def test_what_a_readme_says_to_type_works(examples: Examples, readme: str) -> None:
    text = (EXAMPLES / readme).read_text()
    [script] = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    push, predict, curl = script.replace("OWNER/", f"{examples.owner}/").splitlines()
    assert examples.shell(push).startswith(f"{examples.owner}/")
    assert examples.shell(predict).strip()
    prediction = json.loads(examples.shell(curl))
    assert prediction["status"] == "succeeded", prediction["error"]
    assert prediction["output"]


def dot(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def data_uri(content_type: str, data: bytes) -> str:
    return f"data:{content_type};base64,{base64.b64encode(data).decode()}"


def white_png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = (b"\0" + b"\xff" * width) * height
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def tone_wav(rate: int, channels: int, seconds: float) -> bytes:
    values = (round(16_000 * math.sin(440 * math.tau * at / rate)) for at in range(round(rate * seconds)))
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(b"".join(struct.pack("<h", value) * channels for value in values))
    return target.getvalue()
