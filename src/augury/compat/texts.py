"""How a conversation is put to a model that takes `messages` or a `prompt` and answers with text.

    messages, options -> the model's own input;    its output -> text

A model whose schemas say otherwise is native: it takes the provider's own body and gives the provider's own answer.
Templates of prompts are the model's business. Knows no provider: they hand over plain roles and texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from augury.compat.failures import Unsupported
from augury.domain import jsontext, offering
from augury.domain.jsontext import JsonObject, JsonText, JsonValue
from augury.domain.offering import Field
from augury.service.models import RunnableVersion

SYSTEM = ("system", "system_prompt", "instructions")
NAMES: Mapping[str, tuple[str, ...]] = {
    "max_tokens": ("max_tokens", "max_new_tokens", "max_output_tokens"),
    "temperature": ("temperature",),
    "top_p": ("top_p",),
    "top_k": ("top_k",),
    "stop": ("stop", "stop_sequences"),
    "seed": ("seed",),
    "presence_penalty": ("presence_penalty",),
    "frequency_penalty": ("frequency_penalty",),
    "tools": ("tools",),
    "tool_choice": ("tool_choice",),
    "response_format": ("response_format",),
    "thinking": ("thinking",),
}
"""What the inputs of models are called that an option goes into, by the option's name."""
REFUSED = frozenset(("tools", "tool_choice", "response_format", "thinking"))
"""Options without which the answer would not be what was asked for; the others are ignored where a model has none."""
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation: a role of system, user, assistant or tool, and its text."""

    role: str
    text: str
    extra: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    """What else it has, for models that take messages as they are: tool_calls, tool_call_id, name."""


@dataclass(frozen=True, slots=True)
class TextPlan:
    """How one version takes conversations."""

    field: Field
    known: frozenset[str]
    """The names of all its inputs."""
    texts: frozenset[str] = frozenset()
    """The names of those that are one text."""

    def input(self, turns: Sequence[Turn], options: Mapping[str, JsonValue]) -> tuple[JsonObject, tuple[str, ...]]:
        """The model's input, and the names of options that were ignored; raises Unsupported.

        `options` by the names of NAMES, in the values that the model is given; those that are None are not there.
        """
        made: JsonObject = {}
        ignored: list[str] = []
        if self.field.many:
            made[self.field.name] = [{"role": one.role, "content": one.text, **one.extra} for one in turns]
        else:
            made.update(self._prompt(turns))
        for name, value in options.items():
            if value is None:
                continue
            taken = self.takes(name)
            if taken is not None:
                made[taken] = value
            elif name in REFUSED:
                raise Unsupported(name, f"This model has no input for {name}.")
            else:
                ignored.append(name)
        return made, tuple(ignored)

    def takes(self, option: str) -> str | None:
        """The input that an option goes into; None where there is none."""
        return next((name for name in NAMES.get(option, ()) if name in self.known), None)

    def stop(self, stops: Sequence[str]) -> JsonValue:
        """The stops as the model takes them; None where it cannot, so that they are looked for in its answer."""
        taken = self.takes("stop")
        if taken is None or not stops:
            return None
        if taken not in self.texts:
            return list(stops)
        return stops[0] if len(stops) == 1 else None

    def _prompt(self, turns: Sequence[Turn]) -> JsonObject:
        """One text of all: what is said alone is said as it is, a conversation with the roles before each turn."""
        made: JsonObject = {}
        said = list(turns)
        system = next((name for name in SYSTEM if name in self.known), None)
        if system is not None and (given := [one.text for one in said if one.role == "system"]):
            made[system] = "\n\n".join(given)
            said = [one for one in said if one.role != "system"]
        if len(said) == 1 and said[0].role == "user":
            made[self.field.name] = said[0].text
        else:
            lines = [f"{one.role.capitalize()}: {one.text}" for one in said]
            # An answer that was begun is gone on with.
            begun = bool(said) and said[-1].role == "assistant"
            made[self.field.name] = "\n\n".join(lines if begun else [*lines, "Assistant:"])
        return made


@dataclass(frozen=True, slots=True)
class Plans:
    """The plan of each version, made once."""

    _known: dict[int, TextPlan | None] = field(default_factory=dict[int, "TextPlan | None"])

    def of(self, version: RunnableVersion) -> TextPlan | None:
        """How a version that offers a text endpoint takes conversations; None: it is native."""
        if version.version_id not in self._known:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[version.version_id] = _plan(version)
        return self._known[version.version_id]


def piece(data: JsonText) -> str:
    """The text of one item of a stream."""
    value = jsontext.loads(data)
    return value if isinstance(value, str) else data


def joined(output: JsonText | None) -> str:
    """The text of an output that is text, or a list of its pieces (D95)."""
    value = jsontext.loads(output or "null")
    return "".join(map(str, value)) if isinstance(value, list) else str(value)


def is_text(output: JsonText | None) -> bool:
    """Whether an output is what `joined` makes one text of."""
    value = jsontext.loads(output or "null")
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(one, str) for one in value))


def _plan(version: RunnableVersion) -> TextPlan | None:
    schemas = version.schemas.described
    found = offering.text_field(schemas)
    if found is None:
        return None
    named = offering.properties(schemas)
    texts = frozenset(name for name, one in named.items() if isinstance(one, dict) and one.get("type") == "string")
    return TextPlan(found, frozenset(named), texts)
