"""How many tokens a call took: what the model says in its metrics, else an estimate that is marked as one.

    metrics input_tokens | prompt_tokens, output_tokens | completion_tokens;  else a token for each four characters

Knows no provider.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from augury.domain import jsontext
from augury.domain.jsontext import JsonObject
from augury.domain.prediction import Prediction

INPUT = ("input_tokens", "prompt_tokens")
OUTPUT = ("output_tokens", "completion_tokens")
_CHARACTERS = 4
"""In a token, roughly, of English and of code."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that went in and came out."""

    input_tokens: int
    output_tokens: int
    estimated: bool
    """Whether either is not the model's own count."""

    @property
    def total(self) -> int:
        """Both together."""
        return self.input_tokens + self.output_tokens

    @property
    def mark(self) -> JsonObject:
        """What is added to a provider's usage where it is an estimate."""
        return {"estimated": True} if self.estimated else {}


def usage(prediction: Prediction, asked: int, answered: int) -> Usage:
    """The tokens of one prediction; `asked` and `answered` are characters of its texts."""
    metrics = _metrics(prediction)
    given, made = counted(metrics, INPUT), counted(metrics, OUTPUT)
    return Usage(
        estimate(asked) if given is None else given,
        estimate(answered) if made is None else made,
        given is None or made is None,
    )


def total(each: Iterable[Usage]) -> Usage:
    """The tokens of several answers to one question: it went in once."""
    found = list(each)
    return Usage(
        max((one.input_tokens for one in found), default=0),
        sum(one.output_tokens for one in found),
        any(one.estimated for one in found),
    )


def input_tokens(prediction: Prediction) -> int | None:
    """The model's own count of what went in; None where it has none."""
    return counted(_metrics(prediction), INPUT)


def output_tokens(prediction: Prediction) -> int | None:
    """The model's own count of what came out; None where it has none."""
    return counted(_metrics(prediction), OUTPUT)


def counted(metrics: JsonObject, names: Iterable[str]) -> int | None:
    """The first of these metrics that is a count."""
    for name in names:
        value = metrics.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0:
            return int(value)
    return None


def estimate(characters: int) -> int:
    """The tokens of so many characters, about; something is never nothing."""
    return -(-characters // _CHARACTERS)


def _metrics(prediction: Prediction) -> JsonObject:
    found = None if prediction.metrics is None else jsontext.loads(prediction.metrics)
    return found if isinstance(found, dict) else {}
