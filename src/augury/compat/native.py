"""Models that take a provider's own body and give its own answer: what they are given, and what they gave.

Knows no provider: they hand over how their chunks become one answer.
"""

from __future__ import annotations

from collections.abc import Sequence

from augury.compat.failures import ModelFailed
from augury.domain import jsontext, offering
from augury.domain.jsontext import JsonObject, JsonText
from augury.service.models import RunnableVersion


def input(version: RunnableVersion, body: JsonObject) -> JsonObject:
    """The body as it is, without the model's name; `stream` only for models that have an input for it."""
    made = {name: value for name, value in body.items() if name != "model"}
    named = offering.properties(version.schemas.described)
    if "stream" in made and named and "stream" not in named:
        del made["stream"]
    return made


def answers(output: JsonText | None) -> Sequence[JsonObject]:
    """The objects that a model gave: its answer, or the chunks of one; raises ModelFailed for what is neither."""
    value = jsontext.loads(output or "null")
    found = value if isinstance(value, list) else [value]
    made = [one for one in found if isinstance(one, dict)]
    if not made or len(made) != len(found):
        raise ModelFailed("The model gave no answer of the kind that this endpoint has.", code="not_an_answer")
    return made
