# /// script
# requires-python = ">=3.10"
# dependencies = []
# ///
"""New text in the manner of another, word by word: a Markov chain over pairs of its words, given out as it arises."""

import random
import time
from typing import Annotated

from augury import Input, TextStream, metric


def predict(
    manner: Annotated[str, Input(description="The text to sound like", min_length=1, max_length=1_000_000)],
    words: Annotated[int, Input(description="Stop after so many words", ge=1, le=10_000)] = 60,
    pace: Annotated[float, Input(description="Words a second; 0: as fast as they come", ge=0, le=1000)] = 0.0,
    seed: Annotated[int | None, Input(description="The same seed gives the same text", ge=0)] = None,
) -> TextStream:
    """Yield the text in words, which joined are the whole."""
    known = manner.split()
    if not known:
        raise ValueError("there are no words in the text to sound like")
    followers: dict[tuple[str, ...], list[str]] = {}
    for place, word in enumerate(known):
        followers.setdefault(tuple(known[max(0, place - 2) : place]), []).append(word)
    choose = random.Random(seed)  # noqa: S311 - nothing depends on nobody guessing it
    last: tuple[str, ...] = ()
    for number in range(words):
        if last not in followers:
            # Where the text to sound like has ended, begin again as it began.
            last = ()
        word = choose.choice(followers[last])
        last = (*last, word)[-2:]
        yield f" {word}" if number else word
        if pace:
            time.sleep(1 / pace)
    metric("words", words)
