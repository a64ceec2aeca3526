"""The forward pass of a BERT encoder in numpy, float32, equal to PyTorch's to about 1e-6."""

import numpy as np

HEADS = 12
Weights = dict[str, np.ndarray]


def encode(weights: Weights, ids: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return the hidden states (texts, tokens, width) of token ids and their mask (both: texts, tokens); 0 masks."""
    words = weights["embeddings.word_embeddings.weight"][ids]
    places = weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
    hidden = normalise(
        weights, "embeddings.LayerNorm", words + places + weights["embeddings.token_type_embeddings.weight"][0]
    )
    unseen = np.where(mask, 0, -1e9).astype(np.float32)[:, None, None, :]
    layers = sum(name.endswith("attention.self.query.bias") for name in weights)
    for prefix in (f"encoder.layer.{number}" for number in range(layers)):
        seen = linear(
            weights, f"{prefix}.attention.output.dense", attend(weights, f"{prefix}.attention.self", hidden, unseen)
        )
        hidden = normalise(weights, f"{prefix}.attention.output.LayerNorm", hidden + seen)
        thought = linear(
            weights, f"{prefix}.output.dense", gelu(linear(weights, f"{prefix}.intermediate.dense", hidden))
        )
        hidden = normalise(weights, f"{prefix}.output.LayerNorm", hidden + thought)
    return hidden


def attend(weights: Weights, prefix: str, hidden: np.ndarray, unseen: np.ndarray) -> np.ndarray:
    texts, tokens, width = hidden.shape

    def heads(name: str) -> np.ndarray:
        return linear(weights, f"{prefix}.{name}", hidden).reshape(texts, tokens, HEADS, -1).swapaxes(1, 2)

    scores = heads("query") @ heads("key").swapaxes(2, 3) / np.float32(np.sqrt(width // HEADS)) + unseen
    shares = np.exp(scores - scores.max(-1, keepdims=True))
    shares /= shares.sum(-1, keepdims=True)
    return (shares @ heads("value")).swapaxes(1, 2).reshape(texts, tokens, width)


def linear(weights: Weights, name: str, values: np.ndarray) -> np.ndarray:
    return values @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def normalise(weights: Weights, name: str, values: np.ndarray) -> np.ndarray:
    centred = values - values.mean(-1, keepdims=True)
    deviation = np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
    return centred / deviation * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def gelu(values: np.ndarray) -> np.ndarray:
    return values * (1 + erf(values / np.float32(np.sqrt(2)))) / 2


def erf(values: np.ndarray) -> np.ndarray:
    """Return the error function by Abramowitz and Stegun's formula 7.1.26, right to 1.5e-7."""
    size = np.abs(values)
    step = 1 / (1 + 0.3275911 * size)
    series = step * (
        0.254829592 + step * (-0.284496736 + step * (1.421413741 + step * (-1.453152027 + step * 1.061405429)))
    )
    return np.copysign(1 - series * np.exp(-size * size), values)
