# /// script
# requires-python = ">=3.9"
# dependencies = []
# ///
"""How hard an English text is to read: its counts, the Flesch reading ease (100 easy, 0 hard) and the school grade."""

import re
from typing import Annotated, TypedDict

from augury import Input


class Readability(TypedDict):
    words: int
    sentences: int
    syllables: int
    reading_ease: float
    school_grade: float


def predict(
    text: Annotated[str, Input(description="English prose", min_length=1, max_length=1_000_000)],
) -> Readability:
    words = re.findall(r"[a-z]+(?:['’-][a-z]+)*", text.lower())
    if not words:
        raise ValueError("there are no English words in the text")
    sentences = max(1, len(re.findall(r"[.!?…]+(?=[\s\"”’)]|$)", text)))
    syllables = sum(count_syllables(word) for word in words)
    length, weight = len(words) / sentences, syllables / len(words)
    return {
        "words": len(words),
        "sentences": sentences,
        "syllables": syllables,
        "reading_ease": round(206.835 - 1.015 * length - 84.6 * weight, 1),
        "school_grade": round(0.39 * length + 11.8 * weight - 15.59, 1),
    }


def count_syllables(word: str) -> int:
    """Count the groups of vowels, but for a silent e near the end."""
    spoken = re.sub(r"((?<![^aeiouy]l)e|(?<![td])ed|(?<![scgxzh])(?<![^aeiouy]l)es)$", "", word)
    return max(1, len(re.findall(r"[aeiouy]+", spoken)))
